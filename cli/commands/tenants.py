"""`leadstream tenant`: what the agency allows."""

from typing import Annotated

import typer

from cli.options import AlwaysJson, AsJson, AtPosition
from cli.output import show_json, show_line

app = typer.Typer(no_args_is_help=True, help="What the agency allows.")


@app.command("set")
def change(
    share_answers: Annotated[
        bool,
        typer.Option(
            "--share-answers/--no-share-answers", help="Look-up steps may use what another client was answered."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say whether look-ups may use for one client what another was answered; nothing else ever crosses clients.

    Example: leadstream tenant set --share-answers
    """
    from cli.api import open_api

    with open_api() as api:
        answer = api.command("/v1/tenant", {"share_answers": share_answers}, method="PUT")
    show_line(answer, f"answers are {'' if share_answers else 'not '}shared between clients", as_json)


@app.command()
def show(as_json: AlwaysJson = True, at_position: AtPosition = None) -> None:
    """Show what is allowed, as JSON.

    Example: leadstream tenant show
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        show_json(api.read("ingest", "/v1/tenant"))
