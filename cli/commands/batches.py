"""`leadstream status`, `items` and `batch`: how runs stand, what failed, and control over them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from cli.errors import Misused, Refused
from cli.failures import some_fit
from cli.lead_conditions import OfClient
from cli.lookups import checked_id, known_client_of
from cli.options import AsJson, AtPosition, slugs
from cli.output import console, moment, note, say, show_json, show_line, show_rows, table
from cli.progress import NUMBERS, headline, is_over, picture, standing, step_rows, succeeded
from cli.watching import noticed, watched
from shared.ids import optional

if TYPE_CHECKING:
    from cli.api import Api

app = typer.Typer(no_args_is_help=True, help="Pause, resume or cancel a batch; retry or skip what failed in it.")
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]
Why = Annotated[str, typer.Option(help="For the audit trail.")]
PAGE: Final = 1000
BATCHES: Final = 500  # at most, of one page
DAY: Final = "%Y-%m-%d"
BatchStatus = Literal["running", "paused", "completed", "cancelled"]
ItemStatus = Literal["running", "parked", "completed", "failed", "cancelled"]
CODES: Final = ("RATE_LIMIT", "API_ERROR", "VALIDATION", "AUTH", "TIMEOUT", "INTERNAL", "CONFIGURATION")


def status(
    batch: Annotated[str | None, typer.Argument(metavar="[BATCH]", help="A batch's id; none: all of them.")] = None,
    follow: Annotated[
        bool, typer.Option("--watch", help="Show progress until it is over or waits paused; the newest if none.")
    ] = False,
    client: OfClient = None,
    workstream: Annotated[str | None, typer.Option("--workstream", "-w", help="Only those of this one.")] = None,
    standing_so: Annotated[BatchStatus | None, typer.Option("--status", help="Only those that stand so.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=[DAY], help="Launched on this day or later (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=[DAY], help="Launched on this day or before (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many batches to list.")] = 20,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Show how batches stand, or one batch step by step. With --watch it exits 1 when items failed or it is paused.

    Example: leadstream status batch_01... --watch
    """
    from cli.api import open_api

    days = {name: day and day.date().isoformat() for name, day in (("since", since), ("until", until))}
    wanted = {"workstream": workstream, "status": standing_so, **days}
    if (batch or follow) and (client or any(wanted.values())):
        raise Misused("--client, --workstream, --status, --since and --until are for lists, and not for one batch")
    with open_api(at_position) as api:
        if batch is None and not follow:
            return _list_batches(api, wanted | {"client_id": optional(known_client_of, api, client)}, limit, as_json)
        return _show_batch(api, _newest(api) if batch is None else checked_id("batch", batch), follow, as_json)


def items(
    batch: BatchId,
    status: Annotated[ItemStatus | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 100,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List the items of a batch in row order, with the reason where one failed.

    Example: leadstream items batch_01... --status failed
    """
    from cli.api import listed, open_api

    with open_api(at_position) as api:
        path = f"/v1/batches/{checked_id('batch', batch)}/items"
        found, _ = api.pages("sequencer", path, listed("row", "after_row"), PAGE, limit, status=status)
    names = ("row", "item_id", "status", "workflow", "attempts", "code", "reason")
    headings = ("Row", "Item", "Status", "Step", "Attempts", "Code", "Reason")
    show_rows(found, dict(zip(names, headings, strict=True)), "no such items", as_json)


@app.command()
def pause(batch: BatchId, reason: Why = "", as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """Schedule no further steps and make no further calls; what is under way ends.

    Example: leadstream batch pause batch_01... --reason "credits are short"
    """
    _control(batch, "pause", reason, as_json, at_position)


@app.command()
def resume(
    batch: BatchId,
    max_credits: Annotated[float | None, typer.Option(min=0, help="What it may spend from now on.")] = None,
    reason: Why = "",
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Go on where a paused batch stands.

    Example: leadstream batch resume batch_01... --max-credits 500
    """
    _control(batch, "resume", reason, as_json, at_position, max_credits=max_credits)


@app.command()
def cost(batch: BatchId, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """Show what a batch has cost so far, step by step, and what it and its client may spend.

    Example: leadstream batch cost batch_01...
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        found = api.read("dispatcher", f"/v1/costs/{checked_id('batch', batch)}")
    if as_json:
        return show_json(found)
    headings = {"workflow": "Step", "calls": "Calls", "credits": "Credits", "held": "Held"}
    table(headings, found["steps"], "no calls yet")
    cap = "" if found["max_credits"] is None else f" of {found['max_credits']:g}"
    client = found["client"]
    if client.get("max_credits") is not None:
        cap += f" credits; the client has spent or reserved {client['reserved']:g} of {client['max_credits']:g}"
    return say(f"{found['credits']:g}{cap} credits")


@app.command()
def cancel(batch: BatchId, reason: Why = "", as_json: AsJson = False) -> None:
    """End a batch for good; answers already paid for are still kept.

    Example: leadstream batch cancel batch_01... --reason "wrong list"
    """
    _control(batch, "cancel", reason, as_json)


Items = Annotated[list[str] | None, typer.Option("--item", metavar="ID", help="A failed item; repeat.")]
AtStep = Annotated[
    list[str] | None,
    typer.Option("--step", "-s", help="Only those that failed at this one workflow.", callback=slugs),
]
Codes = Annotated[list[str] | None, typer.Option("--code", help="Only failures with this code; repeat.")]
All = Annotated[bool, typer.Option("--all", help="Everything that failed.")]


@app.command()
def retry(
    batch: BatchId,
    item: Items = None,
    step: AtStep = None,
    code: Codes = None,
    everything: All = False,
    reason: Why = "",
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Take the step again that items failed at; what did not fail is left alone.

    Example: leadstream batch retry batch_01... --code TIMEOUT --reason "the table is mended"
    """
    _release("retry", batch, item, step, code, everything, reason, as_json, at_position)


@app.command()
def skip(
    batch: BatchId,
    item: Items = None,
    step: AtStep = None,
    code: Codes = None,
    everything: All = False,
    reason: Why = "",
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Let failed items go on without the step they failed at.

    Example: leadstream batch skip batch_01... --step enrich_email
    """
    _release("skip", batch, item, step, code, everything, reason, as_json, at_position)


def _release(
    action: str,
    batch: str,
    items: list[str] | None,
    steps: list[str] | None,
    codes: list[str] | None,
    everything: bool,
    reason: str,
    as_json: bool,
    at_position: int | None,
) -> None:
    from cli.api import open_api
    from shared.events import FailedItemsRetried

    if not (items or steps or codes or everything):
        raise Misused(
            f"batch {action} takes --item or --code, once or more, --step, or --all: nothing given is nothing"
        )
    if len(steps or ()) > 1:
        raise Misused(f"batch {action} takes --step once: give the command for each of {', '.join(steps or ())}")
    if unknown := [code for code in codes or () if code not in CODES]:
        raise Misused(f"there is no failure code {unknown[0]!r}; there are {', '.join(CODES)}")
    chosen: dict[str, Any] = {
        "items": [checked_id("item", item) for item in items or ()], "workflow": steps[0] if steps else None,
        "codes": codes or [],
    }  # fmt: skip
    batch_id, wanted = checked_id("batch", batch), FailedItemsRetried(**chosen, everything=everything)
    with open_api(at_position) as api:
        if not some_fit(api, batch_id, wanted):
            raise Refused(f"nothing in {batch_id} has failed that fits: there is nothing to {action}")
        _command(api, batch_id, action, as_json, reason=reason, **chosen, everything=everything)


def _command(api: "Api", batch_id: str, action: str, as_json: bool, **body: Any) -> dict[str, Any] | None:
    """Give the command and say so; the batch as the sequencer has it after that, None if it is away."""
    answer = api.command(f"/v1/batches/{batch_id}/{action}", body)
    show_line(answer, f"{batch_id}: asked to {action}", as_json)
    return noticed(api, batch_id)


def _control(batch: str, action: str, reason: str, as_json: bool, at_position: int | None = None, **more: Any) -> None:
    from cli.api import open_api

    batch_id = checked_id("batch", batch)
    with open_api(at_position) as api:
        if action != "cancel" and (before := noticed(api, batch_id)) and is_over(before):
            raise Refused(f"{batch_id} is {before['status']} already: there is nothing to {action}")
        after = _command(api, batch_id, action, as_json, reason=reason, **more)
    if action == "cancel" and after and after["status"] == "completed":
        note("it had ended already; nothing of it can be retried any more")


def _list_batches(api: "Api", wanted: dict[str, Any], limit: int, as_json: bool) -> None:
    from cli.api import listed

    batches, _ = api.pages("sequencer", "/v1/batches", listed("batch_id"), BATCHES, limit, **wanted)
    rows = (batch | {"launched_at": moment(batch["launched_at"]), "status": standing(batch)} for batch in batches)
    columns = {name: name.capitalize() for name in ("status", "items", "completed", "failed", "cancelled")}
    columns = {"batch_id": "Batch", "launched_at": "Launched", **columns}
    none = "no such batches" if any(wanted.values()) else "no batches yet; `leadstream launch UPLOAD` starts one"
    show_rows(batches, columns, none, as_json, rows)


def _show_batch(api: "Api", batch_id: str, follow: bool, as_json: bool) -> None:
    found = watched(api, batch_id, as_json) if follow else api.read("sequencer", f"/v1/batches/{batch_id}")
    if as_json:
        show_json(found)
    elif not follow:
        _print_batch(found)
    if found["failed"]:
        note(f"why {found['failed']} items failed: leadstream items {batch_id} --status failed")
    if follow and not succeeded(found):
        raise typer.Exit(1)


def _print_batch(batch: dict[str, Any]) -> None:
    screen = console()
    if screen.is_terminal:
        return screen.print(picture(batch, datetime.now(UTC), screen.width))
    say(headline(batch, datetime.now(UTC)))
    columns = ("workflow", *NUMBERS)
    return table({name: name for name in columns}, step_rows(batch), "the batch has no steps")


def _newest(api: "Api") -> str:
    batches = api.read("sequencer", "/v1/batches", limit=1)
    if not batches:
        raise Refused("there is no batch to watch; `leadstream launch UPLOAD` starts one")
    return str(batches[0]["batch_id"])
