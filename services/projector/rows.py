"""The rows of the projector's tables. The columns of a lead are those of `lead.COLUMNS`, one line each there."""

from dataclasses import dataclass, field, make_dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from services.projector.lead import COLUMNS
from shared.ids import from_hex, to_hex
from shared.record import record
from shared.state import Tracked

Outcome = Literal["completed", "failed", "cancelled"]


@record
class Batch:
    """What the projector needs of a batch: where its items end, and what they came from.

    Items that are added to a cancelled batch end at once.
    """

    batch_id: str
    tenant_id: str
    client_id: str
    workstream: str
    last_step: int
    cancelled: bool


@record
class Item:
    """An item's entities and what SYNC workflows set; `outcome` and `ended_at` once it has ended and has a lead."""

    item_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    row: int
    output: dict[str, Any]
    person_id: str | None
    company_id: str | None
    outcome: Outcome | None
    ended_at: datetime | None


@record
class Answer:
    """The answer in force about one entity: the one with the newest `refreshed_at`. What it says is in the log."""

    entity_id: str
    tenant_id: str
    client_id: str
    workflow: str
    answer_id: str
    received_at: datetime
    refreshed_at: str


@record
class WorkHistory:
    """One job of one person; ordinal 0 is the most recent."""

    person_id: str
    ordinal: int
    tenant_id: str
    client_id: str
    company_name: str | None
    company_domain: str | None
    company_linkedin_url: str | None
    title: str | None
    start_date: date | None
    end_date: date | None
    is_current: bool


KEYS: Final = (
    "lead_id",
    "tenant_id",
    "client_id",
    "batch_id",
    "item_id",
    "row",
    "person_id",
    "company_id",
    "source_workstream",
    "outcome",
)
FinalLead: Any = make_dataclass(
    "FinalLead", [*KEYS, *COLUMNS, "provenance", "reference_date", "projected_at"], slots=True
)


@dataclass
class State:
    """The rows that the events at hand touch. `items_of` finds the ended items of an entity.

    `whole`: the entities all of whose ended items are here, those that ended long ago too.
    """

    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    items: Tracked[str, Item] = field(default_factory=Tracked)
    answers: Tracked[str, Answer] = field(default_factory=Tracked)
    jobs: Tracked[tuple[str, int], WorkHistory] = field(default_factory=Tracked)
    job_counts: dict[str, int] = field(default_factory=dict)
    leads: Tracked[str, Any] = field(default_factory=Tracked)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    raws: dict[str, Any] = field(default_factory=dict)
    items_of: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)


def lead_id_of(item_id: str) -> str:
    """The lead of an item: the same 128 bits."""
    return from_hex("lead", to_hex(item_id))
