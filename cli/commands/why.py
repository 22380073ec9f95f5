"""`leadstream why`: what one item is waiting for."""

from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.lookups import checked_id
from cli.options import AsJson, AtPosition
from cli.output import say, show_json
from cli.why import Known, identified, reasons

if TYPE_CHECKING:
    from cli.api import Api


def why(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id; `leadstream items` lists them.")],
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Say what an item waits for: an answer, another item's call, a retry, a paused batch, a dead letter, a service.

    And what told that it is about its company and its person.

    Example: leadstream why item_01...
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        known = _known(api, checked_id("item", item))
        entities = _entities(api, known.item["item_id"])
    found = reasons(known)
    if as_json:
        about = {name: known.item[name] for name in ("item_id", "batch_id", "row", "status")}
        return show_json(about | {"reasons": [asdict(reason) for reason in found], "entities": entities})
    say(f"{known.item['item_id']} (row {known.item['row']} of {known.item['batch_id']}) is {known.item['status']}")
    for reason in found:
        say(f"  {reason.text}")
        if reason.do:
            say(f"    → {reason.do}")
    for line in identified(entities):
        say(f"  is about {line}")
    return None


def _entities(api: "Api", item_id: str) -> list[dict[str, Any]]:
    """What told of the item's company and person; nothing while the projector does not answer."""
    from cli.errors import CommandFailed

    found: list[dict[str, Any]] = []
    with suppress(CommandFailed):
        found = api.read("projector", f"/v1/items/{item_id}/entities")
    return found


def _known(api: "Api", item_id: str) -> "Known":
    import os

    from cli.addresses import endpoints
    from cli.errors import CommandFailed
    from cli.health import health

    item = api.read("sequencer", f"/v1/items/{item_id}")
    batch = api.read("sequencer", f"/v1/batches/{item['batch_id']}")
    waits: list[dict[str, Any]] | None = None
    with suppress(CommandFailed):
        waits = api.read("dispatcher", f"/v1/items/{item_id}/waiting")
    about = {item_id, *(wait["claim"]["claimant_item_id"] for wait in waits or ())}
    letters = [
        letter
        for letter in api.read("ingest", "/v1/dead-letters", status="open", limit=10_000)
        if letter["item_id"] in about or (letter["batch_id"] == item["batch_id"] and letter["item_id"] is None)
    ]
    return Known(item, batch, waits, letters, health(endpoints(os.environ)), datetime.now(UTC))
