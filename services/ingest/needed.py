"""Which events a service can go on without, and which it needs: those are retried, and never left out for good.

Every event that a service consumes stands in one of the three lists; a test finds one that does not.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from sqlalchemy import text

from shared.ids import from_hex
from shared.runtime.database import uuid_array
from shared.runtime.http import Problem
from shared.runtime.queries import Queries

_POST: Final = "it would send again what was sent, or wait for its answer for ever"
_PARCEL: Final = "it would send the parcel again and again"
_BATCH: Final = "whatever comes of the batch's items would fail, each in a letter of its own"
_ITEM: Final = "whatever comes of the item would fail, each in a letter of its own"
# What others have gone on with, what later events are about, or what the world has taken: what the service would do
# without, and nobody could put right.
ALWAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "ingest": {
        "UploadReceived": "none of its rows could be staged, and the same file again is the same upload",
        "RowsStaged": "the upload would never be ready, and the same file again is the same rows",
        "BatchLaunched": "no row would become an item, and nobody could cancel the batch",
    },
    "sequencer": {
        "BatchLaunched": _BATCH,
        "BatchResumed": "it would not pause the batch when a call costs too much again",
        "BatchCancelled": "it would go on with a batch of which nobody does a step any more",
    },
    "dispatcher": {
        "BatchLaunched": _BATCH,
        "ItemAdded": _ITEM,
        "StepDispatched": _POST,
        "DispatchRefused": _POST,
        "DispatchTimedOut": _POST,
        "BatchPaused": "it would go on paying for the batch's calls",
        "BatchResumed": "it would hold the batch's calls for ever, and nothing would say so",
        "BatchCancelled": "it would go on paying for the batch's calls",
        "BatchCompleted": "it would hold calls of a retry for ever, and nothing would say so",
    },
    "projector": {
        "BatchLaunched": _BATCH,
        "ItemAdded": _ITEM,
        "ParcelPushed": _PARCEL,
        "ParcelRefused": _PARCEL,
        "PushCompleted": "the push would never end",
    },
}
# Without these items of a batch stand where they are for ever, unless it is cancelled or has ended.
UNTIL_OVER: Final[Mapping[str, Sequence[str]]] = {
    "ingest": ("LaunchContinued",),
    "sequencer": ("ItemAdded", "ItemCompleted", "StepFailed", "BatchPaused", "FailedItemsRetried"),
    "dispatcher": ("StepScheduled",),
}
# What a person can say again; what is only looked at, in lists or in leads; what ends all the same: an answer that is
# left out is asked for again after its deadline.
SPARED: Final[Mapping[str, Sequence[str]]] = {
    "ingest": (
        "TenantConfigured", "ClientRegistered", "WorkflowRegistered", "WorkflowRetired", "WorkflowConfigured",
        "ConfigurationRemoved", "PipelineSaved", "PipelineRemoved", "MappingChosen",
    ),
    "sequencer": ("StepDispatched",),
    "dispatcher": (
        "WorkflowConfigured", "ConfigurationRemoved", "BudgetSet", "TenantConfigured", "EnrichmentReceived",
        "ItemCompleted", "AnswerReused", "FailedItemsRetried",
    ),
    "callbacks": ("WorkflowConfigured", "ConfigurationRemoved", "CallbackRejected"),
    "projector": (
        "WorkflowConfigured", "ConfigurationRemoved", "CustomersListed", "CustomersRemoved", "BatchCancelled",
        "FailedItemsRetried", "ItemCompleted", "StepFailed", "EnrichmentReceived", "AnswerReused", "ReprojectionDue",
        "PushRequested", "PushResumed", "PushCancelled",
    ),
}  # fmt: skip
# Of a batch that was retried the sequencer may have said the end before it read so: then steps were scheduled since.
OVER: Final = text("""
SELECT batch_id FROM (
    SELECT batch_id, max(position) FILTER (WHERE type = 'BatchCompleted') AS completed,
           max(position) FILTER (WHERE type = 'FailedItemsRetried') AS retried,
           bool_or(type = 'BatchCancelled') AS cancelled
    FROM log.events WHERE batch_id = ANY(CAST(:batches AS uuid[])) AND item_id IS NULL
     AND type IN ('BatchCompleted', 'FailedItemsRetried', 'BatchCancelled')
    GROUP BY batch_id) said
WHERE cancelled OR (retried IS NULL AND completed IS NOT NULL) OR (completed > retried AND NOT EXISTS (
    SELECT FROM log.events e WHERE e.batch_id = said.batch_id AND e.item_id IS NOT NULL AND e.position > completed
     AND e.type = 'StepScheduled'))
""")


def consumed(service: str) -> list[str]:
    """The types of event that a service takes."""
    return [name for names in (ALWAYS, UNTIL_OVER, SPARED) for name in names.get(service, ())]


async def over(queries: Queries, tenant_id: str, batch_ids: Set[str]) -> set[str]:
    """Those of these batches that were cancelled or have ended, as the log tells."""
    found = await queries.rows(tenant_id, OVER, {"batches": uuid_array(batch_ids)})
    return {from_hex("batch", str(row["batch_id"])) for row in found}


async def insist_on_none(queries: Queries, tenant_id: str, letters: Sequence[Mapping[str, Any]]) -> None:
    """Raises Problem, 409, where a service needs the event of one of these letters."""
    for row in letters:
        if wrong := ALWAYS.get(row["service"], {}).get(row["event_type"]):
            raise _needed(f"the {row['service']} cannot go on without {_event(row)}: {wrong}; retry it")
    steps = [row for row in letters if row["event_type"] in UNTIL_OVER.get(row["service"], ()) and row["batch_id"]]
    if not steps:
        return
    ended = await over(queries, tenant_id, {row["batch_id"] for row in steps})
    for row in steps:
        if row["batch_id"] not in ended:
            what = f"without {_event(row)} the {row['service']} might never end the batch {row['batch_id']}"
            raise _needed(f"{what}: retry it, or cancel the batch first")


def _event(row: Mapping[str, Any]) -> str:
    return f"{row['event_type']} (position {row['position']})"


def _needed(message: str) -> Problem:
    return Problem(409, "needed", message)
