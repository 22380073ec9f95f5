"""`leadstream dispatches` and `leadstream webhooks`: what goes out to providers."""

from typing import Annotated, Any, Final, Literal

import typer

from cli.errors import Misused
from cli.lead_conditions import OfClient
from cli.lookups import checked_id, known_client_of
from cli.options import AsJson, AtPosition
from cli.output import show_rows
from shared.ids import optional

PAGE: Final = 1000
DispatchStatus = Literal["HELD", "DUE", "SENT", "ANSWERED", "REFUSED", "TIMED_OUT", "SUPERSEDED", "CANCELLED"]


def dispatches(
    batch: Annotated[str | None, typer.Option("--batch", help="Only of this batch.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only those whose answer did not come in time.")] = False,
    status: Annotated[DispatchStatus | None, typer.Option(help="Only those that stand so.")] = None,
    client: OfClient = None,
    workflow: Annotated[str | None, typer.Option(help="Only of this workflow.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 100,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List the attempts to have a step done at a provider: when each was sent, answered, refused or given up.

    Example: leadstream dispatches --missing
    """
    from cli.api import listed, open_api

    if missing and status:
        raise Misused("dispatches takes either --missing, which means TIMED_OUT, or --status: give one of the two")
    wanted = {"status": "TIMED_OUT" if missing else status, "workflow": workflow}
    wanted["batch_id"] = optional(checked_id, "batch", batch)
    with open_api(at_position) as api:
        wanted["client_id"] = optional(known_client_of, api, client)
        found, _ = api.pages("dispatcher", "/v1/dispatches", listed("dispatch_id"), PAGE, limit, **wanted)
    columns = {
        "dispatch_id": "Dispatch",
        "workflow": "Workflow",
        "item_id": "Item",
        "attempt": "Attempt",
        "status": "Status",
        "due_at": "Due",
        "sent_at": "Sent",
        "deadline_at": "Answer due",
        "reason": "Reason",
    }
    show_rows(found, columns, "no such dispatches", as_json)


def webhooks(as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List the webhooks: how many submissions each has taken of those it takes in its life, and who uses it.

    Example: leadstream webhooks
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        found = api.read("dispatcher", "/v1/webhooks")
    columns = {"webhook_url": "Webhook", "taken": "Taken", "limit": "Of", "state": "State", "workflows": "Used by"}
    show_rows(found, columns, "no webhooks yet; set one with `leadstream config set`", as_json, map(_shown, found))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    state = []
    if row["nearly_full"]:
        state.append("nearly full")
    if row["left_alone_seconds"]:
        asked = ", as it asked" if row["left_alone_as_asked"] else ""
        state.append(f"left alone for {row['left_alone_seconds']} s{asked}")
    if row["left_alone_seconds"] is None:
        state.append("unknown here whether it is left alone: ask the replica that leads")
    workflows = sorted({user["workflow"] for user in row["used_by"]})
    shown = {"webhook_url": row["webhook_url"] or row["webhook_id"], "state": ", ".join(state) or "in use"}
    return row | shown | {"workflows": ", ".join(workflows) or "nobody any more"}
