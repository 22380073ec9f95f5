"""`leadstream answers`: what providers answered and nothing was read from, and how to read it after all."""

from typing import Annotated, Final

import typer

from cli.lead_conditions import OfClient
from cli.lookups import checked_id, known_client_of
from cli.options import AlwaysJson, AsJson, AtPosition
from cli.output import moment, show_json, show_line, show_rows
from shared.ids import optional

app = typer.Typer(no_args_is_help=True, help="Answers that nothing was read from, and refused callbacks.")
Limit = Annotated[int, typer.Option(min=1, help="How many to list.")]
PAGE: Final = 1_000
Event = Annotated[str, typer.Argument(metavar="EVENT", help="An evt_... of one of the lists.")]
UNREAD: Final = {"answer_id": "Answer", "workflow": "Workflow", "entity_id": "About", "received_at": "At (UTC)"}
REJECTED: Final = {
    "event_id": "Callback", "workflow": "Workflow", "code": "Why", "reason": "Reason", "bytes": "Bytes",
    "rejected_at": "At (UTC)", "read_again": "Read again",
}  # fmt: skip


@app.command()
def unread(client: OfClient = None, limit: Limit = 50, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List answers that were accepted, from which no column was read and the step that asked has set no field.

    A setting `answer_mapping` of the workflow says where they have what; they are read again with it.
    Example: leadstream answers unread --client Acme
    """
    _listed("projector", "/v1/answers/unread", UNREAD, client, limit, as_json, at_position)


@app.command()
def rejected(
    client: OfClient = None, limit: Limit = 50, as_json: AsJson = False, at_position: AtPosition = None
) -> None:
    """List callbacks that were refused and are kept whole.

    Example: leadstream answers rejected --client Acme
    """
    _listed("callbacks", "/v1/rejected-callbacks", REJECTED, client, limit, as_json, at_position)


@app.command()
def show(event: Event, as_json: AlwaysJson = True, at_position: AtPosition = None) -> None:
    """Show an answer, or a refused callback, whole, as JSON.

    Example: leadstream answers show evt_01...
    """
    from cli.api import open_api
    from cli.errors import Refused

    event = checked_id("evt", event)
    with open_api(at_position) as api:
        try:
            return show_json(api.read("projector", f"/v1/answers/{event}"))
        except Refused as error:
            if error.code != "not_found":
                raise
        return show_json(api.read("callbacks", f"/v1/rejected-callbacks/{event}"))


@app.command()
def read(event: Event, as_json: AsJson = False) -> None:
    """Read a refused callback again, with the `answer_mapping` of its workflow; told twice, it changes nothing.

    Example: leadstream answers read evt_01...
    """
    from cli.api import open_api

    with open_api() as api:
        told = api.tell("callbacks", f"/v1/rejected-callbacks/{checked_id('evt', event)}/read")
    show_line(told, f"read: {', '.join(told['events'])}", as_json)


def _listed(
    service: str,
    path: str,
    columns: dict[str, str],
    client: str | None,
    limit: int,
    as_json: bool,
    at_position: int | None,
) -> None:
    from cli.api import listed, open_api

    with open_api(at_position) as api:
        client_id = optional(known_client_of, api, client)
        found, _ = api.pages(service, path, listed(next(iter(columns))), PAGE, limit, client_id=client_id)
    rows = (row | {name: moment(row[name]) for name in ("received_at", "rejected_at") if name in row} for row in found)
    show_rows(found, columns, "there are none", as_json, rows)
