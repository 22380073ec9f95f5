"""`leadstream dead-letters`: events that a service could not handle, and what is to become of them."""

from typing import Annotated, Any, Final, Literal

import typer

from cli.lookups import checked_id, filled
from cli.options import AsJson
from cli.output import moment, note, plain, say, show_json, table
from shared.ids import optional

app = typer.Typer(no_args_is_help=True, help="Events that a service could not handle.")
Service = Annotated[str | None, typer.Argument(help="The service that could not handle the event.")]
Position = Annotated[int | None, typer.Argument(min=1, help="The event's position in the log.")]
OfService = Annotated[str | None, typer.Option("--service", help="Only those of one service.")]
EventType = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]
Batch = Annotated[str | None, typer.Option(help="Only those about this batch or its items.")]
Item = Annotated[str | None, typer.Option(help="Only those about this item.")]
Error = Annotated[str | None, typer.Option(help="Only those whose error has this text in it.")]
Everything = Annotated[bool, typer.Option("--all", help="All that are open.")]
NARROWER: Final = {"--type": "event_type", "--batch": "batch_id", "--item": "item_id", "--error": "error"}
MOST: Final = 10_000
COLUMNS: Final = {
    "service": "Service", "position": "#", "event_type": "Event", "item_id": "Item", "batch_id": "Batch",
    "status": "Status", "attempts": "Tries", "retry_at": "Next try (UTC)", "error": "Error",
}  # fmt: skip
Status = Literal["open", "retried", "resolved", "any"]


@app.command("list")
def listing(
    status: Annotated[Status, typer.Option(help="Only those that stand so.")] = "open",
    service: OfService = None,
    event_type: EventType = None,
    batch: Batch = None,
    item: Item = None,
    error: Error = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters in the order of their events.

    Example: leadstream dead-letters list --service projector
    """
    from cli.api import open_api

    told = None if status == "any" else status
    query = _filter(service, event_type, batch, item, error)
    with open_api() as api:
        found = api.read("ingest", "/v1/dead-letters", status=told, limit=MOST, **query)
    if as_json:
        return show_json(found)
    rows = [letter | {"retry_at": moment(letter["retry_at"])} for letter in found]
    table(COLUMNS, rows, "no dead letters" if told is None else f"no dead letters are {told}")
    return (
        note("there may be more: name a service, a type, a batch, an item or an error") if len(found) == MOST else None
    )


@app.command()
def show(
    service: Annotated[str, typer.Argument(help="The service that could not handle the event.")],
    position: Annotated[int, typer.Argument(min=1, help="The event's position in the log.")],
    as_json: AsJson = False,
) -> None:
    """Show one: the event, every try, and what came later about the same item or batch and waits behind it.

    Example: leadstream dead-letters show dispatcher 12345
    """
    import json

    from cli.api import open_api

    _check_service(service)
    with open_api() as api:
        letter = api.read("ingest", f"/v1/dead-letters/{service}/{position}")
    if as_json:
        return show_json(letter)
    say(f"{letter['service']} could not handle #{letter['position']} {letter['event_type']}: {letter['status']}")
    for each in letter["tries"]:
        say(f"  try {each['attempt']} at {moment(each['occurred_at'])}: {plain(each['error'])}")
    if letter["retry_at"]:
        say(f"  tried again by itself at {moment(letter['retry_at'])}")
    if letter["settled_at"]:
        say(f"  {letter['status']} by #{letter['settled_at']}: {plain(letter['reason'])}")
    say(json.dumps(letter["event"], indent=2, ensure_ascii=True))
    later = ", ".join(f"#{each['position']} {each['type']}" for each in letter["later"])
    more = letter["later_count"] - len(letter["later"])
    say(f"later about {letter['subject']}: {later or 'nothing'}{f', and at least {more} more' if more else ''}")
    if letter["status"] == "open":
        note(f"once its cause is mended: leadstream dead-letters retry {service} {position}")
    return None


@app.command()
def retry(
    service: Service = None,
    position: Position = None,
    event_type: EventType = None,
    batch: Batch = None,
    item: Item = None,
    error: Error = None,
    everything: Everything = False,
    reason: Annotated[str, typer.Option(help="For the audit trail.")] = "",
    as_json: AsJson = False,
) -> None:
    """Have events taken again, and after each what waited behind it, in order.

    Example: leadstream dead-letters retry dispatcher 12345
    """
    wanted = _wanted(service, position, event_type, batch, item, error, everything)
    _settle("retry", wanted | {"reason": reason}, as_json)


@app.command()
def resolve(
    reason: Annotated[str, typer.Option(help="Why it is right to go on without these events.")],
    service: Service = None,
    position: Position = None,
    event_type: EventType = None,
    batch: Batch = None,
    item: Item = None,
    error: Error = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Go on without events for good; what waited behind each is taken now.

    Example: leadstream dead-letters resolve dispatcher 12345 --reason "the item was removed"
    """
    wanted = _wanted(service, position, event_type, batch, item, error, everything)
    _settle("resolve", wanted | {"reason": reason}, as_json)


def _wanted(
    service: str | None,
    position: int | None,
    event_type: str | None,
    batch: str | None,
    item: str | None,
    error: str | None,
    everything: bool,
) -> dict[str, Any]:
    from cli.errors import Misused

    wanted = _filter(service, event_type, batch, item, error) | ({} if position is None else {"position": position})
    if not wanted and not everything:
        raise Misused("name the letters: SERVICE POSITION, or --type, --batch, --item, --error; --all means all")
    return wanted | {"everything": everything}


def _filter(
    service: str | None, event_type: str | None, batch: str | None, item: str | None, error: str | None
) -> dict[str, Any]:
    """What was said of which letters, by the APIs' names. Raises Misused."""
    from cli.errors import Misused
    from shared.events import CATALOGUE

    _check_service(service)
    if event_type is not None and event_type not in CATALOGUE:
        raise Misused(f"there is no event {event_type!r}; there are {', '.join(sorted(CATALOGUE))}")
    given = {
        "service": service, "event_type": event_type,
        "batch_id": optional(checked_id, "batch", batch),
        "item_id": optional(checked_id, "item", item),
        "error": optional(filled, "--error", error),
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _check_service(service: str | None) -> None:
    from cli.errors import Misused
    from shared.runtime.settings import SERVICES

    if service is not None and service not in SERVICES:
        raise Misused(f"there is no service {service!r}; there are {', '.join(SERVICES)}")


def _settle(action: str, body: dict[str, Any], as_json: bool) -> None:
    from cli.api import open_api
    from cli.errors import Refused

    with open_api() as api:
        answer = api.command(f"/v1/dead-letters/{action}", body)
    if not answer["settled"] and "service" in body and "position" in body:
        where = f"{body['service']} has no open dead letter at position {body['position']}"
        more = [option for option, name in NARROWER.items() if name in body]
        fits = f" that fits {' and '.join(more)}" if more else ""
        raise Refused(f"{where}{fits}; `leadstream dead-letters list --status any` has them all")
    if as_json:
        return show_json(answer)
    say(f"{answer['settled']} {'taken again' if action == 'retry' else 'resolved'}")
    return note("what came of it: leadstream dead-letters list") if answer["settled"] else None
