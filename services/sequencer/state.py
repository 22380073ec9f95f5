"""The sequencer's rows: what `domain` works on. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.record import record
from shared.state import Tracked

BatchStatus = Literal["running", "paused", "completed", "cancelled"]
ItemStatus = Literal["running", "parked", "completed", "failed", "cancelled"]
StepStatus = Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "SKIPPED"]


@record
class Batch:
    """One run of a blueprint. `items` is how many were launched; the counts say how many have ended.

    `since`: the event since which it runs, its launch or its last resumption.
    `final`: it was cancelled, if only after its end, and nothing of it is retried.
    """

    batch_id: str
    tenant_id: str
    client_id: str
    upload_id: str
    workstream: str
    blueprint: list[str]
    status: BatchStatus
    items: int
    added: int
    completed: int
    failed: int
    cancelled: int
    launched_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    since: str
    final: bool

    @property
    def ended(self) -> int:
        return self.completed + self.failed + self.cancelled


@record
class Item:
    """Where one item stands. `moved_by` is the event that brought it to this step or ended it."""

    item_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    row: int
    step: int
    status: ItemStatus
    moved_by: str
    ended_at: datetime | None


@record
class Step:
    """One step of one item, with its attempts and the reason for how it ended."""

    item_id: str
    step: int
    tenant_id: str
    client_id: str
    batch_id: str
    workflow: str
    status: StepStatus
    attempts: int
    skipped: str | None
    claimant_item_id: str | None
    code: str | None
    reason: str | None
    scheduled_at: datetime
    ended_at: datetime | None


@dataclass
class State:
    """The rows that the events at hand touch."""

    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    items: Tracked[str, Item] = field(default_factory=Tracked)
    steps: Tracked[tuple[str, int], Step] = field(default_factory=Tracked)
