"""`leadstream history`: what happened to one item, lead, batch, company, person, upload, push or client."""

from typing import Annotated, Final

import typer

from cli.lookups import checked_id_of
from cli.options import AsJson
from cli.output import note, show_json, table
from cli.story import told

COLUMNS: Final = {
    "position": "#",
    "time": "Time (UTC)",
    "event": "Event",
    "summary": "What",
    "cause": "Because of",
}
OF_ITEMS: Final = {"position": "#", "time": "Time (UTC)", "item": "Item", **COLUMNS}
PAGE: Final = 1000
KINDS: Final = ("item", "lead", "batch", "company", "person", "import", "push", "client")


def history(
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="An item, lead, batch, company, person, upload, push or client.")
    ],
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Only events after log position N.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="How many events to show.")] = 1000,
    items: Annotated[bool, typer.Option("--items", help="Of a batch, what is about its items too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to one thing, event by event, and because of what; --json has the whole events.

    Of a batch or client: what is about it as a whole. With --items, what happened to all items of a batch; to one of
    them (`leadstream items`), its own history.

    Example: leadstream history item_01...
    """
    from cli.api import listed, open_api

    subject = checked_id_of(KINDS, subject)
    with open_api() as api:
        asked = {"items": True} if items else {}
        events, more = api.pages(
            "ingest", f"/v1/history/{subject}", listed("position"), PAGE, limit, after=after, **asked
        )
    if as_json:
        return show_json(events)
    table(OF_ITEMS if items else COLUMNS, told(events), f"the log has nothing about {subject}")
    return note(f"there may be more: --after {events[-1]['position']}") if more else None
