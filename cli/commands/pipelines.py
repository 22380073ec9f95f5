"""`leadstream pipeline`: a client's saved lists of steps."""

from typing import Annotated

import typer

from cli.lookups import client_id_of, pipeline_of
from cli.options import DEFAULT_WORKSTREAM, AlwaysJson, AsJson, AtPosition, ClientName, InWorkstream, slugs
from cli.output import show_json, show_line, show_rows
from cli.steps import Unless, Use, steps_with

app = typer.Typer(no_args_is_help=True, help="A client's saved lists of steps.")


@app.command()
def save(
    client: ClientName,
    name: Annotated[str, typer.Argument(help="The pipeline's name; the same name again replaces it.")],
    steps: Annotated[list[str], typer.Argument(metavar="STEP...", help="Workflow slugs, in order.", callback=slugs)],
    use: Use = None,
    unless: Unless = None,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AsJson = False,
) -> None:
    """Save a named, ordered list of steps.

    Example: leadstream pipeline save Acme full normalize_all_core_values enrich_email --unless enrich_email=email
    """
    from cli.api import open_api

    with open_api() as api:
        body = {"name": name, "workstream": workstream, "steps": steps_with(steps, use, unless)}
        answer = api.command(f"/v1/clients/{client_id_of(api, client)}/pipelines", body)
    show_line(answer, answer["pipeline_id"], as_json)


@app.command("list")
def listing(client: ClientName, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List a client's pipelines.

    Example: leadstream pipeline list Acme
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        saved = api.read("ingest", f"/v1/clients/{client_id_of(api, client)}/pipelines")
    columns = {"pipeline_id": "Pipeline", "name": "Name", "workstream": "Workstream", "steps": "Steps"}
    rows = (pipeline | {"steps": " → ".join(pipeline["steps"])} for pipeline in saved)
    show_rows(saved, columns, "no pipelines; `leadstream pipeline save` makes one", as_json, rows)


@app.command()
def show(
    client: ClientName,
    pipeline: Annotated[str, typer.Argument(help="The pipeline's name or id.")],
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AlwaysJson = True,
    at_position: AtPosition = None,
) -> None:
    """Show a pipeline as JSON.

    Example: leadstream pipeline show Acme full
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        show_json(pipeline_of(api, client_id_of(api, client), workstream, pipeline))


@app.command()
def remove(
    client: ClientName,
    pipeline: Annotated[str, typer.Argument(help="The pipeline's name or id.")],
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AsJson = False,
) -> None:
    """Take a pipeline away; batches that were launched with it go on.

    Example: leadstream pipeline remove Acme full
    """
    from cli.api import open_api

    with open_api() as api:
        found = pipeline_of(api, client_id_of(api, client), workstream, pipeline)
        answer = api.command(f"/v1/pipelines/{found['pipeline_id']}", method="DELETE")
    show_line(answer, f"pipeline {answer['name']!r} is removed", as_json)
