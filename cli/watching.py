"""A batch after a command about it: seen by the sequencer, and watched until it is over or waits for a person."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cli.errors import CommandFailed, Unreachable
from cli.output import console, note, plain
from cli.progress import watch

if TYPE_CHECKING:
    from cli.api import Api

Batch = dict[str, Any]


def noticed(api: "Api", batch_id: str) -> Batch | None:
    """The batch once the sequencer sees the command, so that `status` right after finds it; None if it is away."""
    try:
        found: Batch = api.read("sequencer", f"/v1/batches/{batch_id}")
    except CommandFailed:
        return None
    return found


def watched(api: "Api", batch_id: str, as_json: bool) -> Batch:
    """The batch as it ended, or as it stands paused with nothing under way, which is told with what to do."""
    found = watch(lambda: _looked_at(api, batch_id), console(stderr=as_json))
    found.pop("under_way", None)
    if found["status"] == "paused":
        note(f"the batch is paused{_why(api, batch_id)}; `leadstream batch resume {batch_id}` has it go on")
    return found


def _looked_at(api: "Api", batch_id: str) -> Batch:
    """The batch; of a paused one also how many calls are `under_way`: those that fit into a cap are made yet, and what
    is to be tried again may be held. Not where the dispatcher cannot be asked: in compose it has no port on the host.
    """
    found: Batch = api.read("sequencer", f"/v1/batches/{batch_id}")
    if found["status"] == "paused":
        with suppress(Unreachable):
            counts = api.read("dispatcher", "/v1/dispatches/counts", batch_id=batch_id)
            found["under_way"] = sum(row["dispatches"] for row in counts if row["status"] in {"DUE", "SENT"})
    return found


def _why(api: "Api", batch_id: str) -> str:
    """The reason of the last pause, as far as one was given and the log can be asked."""
    try:
        events = api.read("ingest", f"/v1/history/{batch_id}", limit=1000)
    except CommandFailed:
        return ""
    reasons = [event["payload"]["reason"] for event in events if event["type"] == "BatchPaused"]
    return f": {plain(reasons[-1])}" if reasons and reasons[-1] else ""
