"""The rows of the projector's tables. The columns of a lead are those of `lead.COLUMNS`, one line each there."""

from dataclasses import dataclass, field, make_dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from services.projector.customers import Customers
from services.projector.extractors.reading import Reading
from services.projector.lead import COLUMNS
from services.projector.pushes import Push
from shared.envelope import Event
from shared.record import record
from shared.state import Tracked

Outcome = Literal["completed", "failed", "cancelled"]
AnswerKey = tuple[str, str, str]
CustomerKey = tuple[str, str, str, str]


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
    """An item's entities and what SYNC workflows set; `outcome` and `ended_at` once it has ended and has a lead.

    `running`: it has not ended, or it failed, at `failed_workflow` with `failed_code`, and is retried.

    `outputs`: for each step that set fields, `workflow`, `event_id`, `at` and the `fields`, later ones over earlier.
    `earlier`: the people and companies that it was known by before it was known by a surer key.
    """

    item_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    row: int
    outputs: list[dict[str, Any]]
    person_id: str | None
    company_id: str | None
    earlier: list[str]
    running: bool
    outcome: Outcome | None
    ended_at: datetime | None
    failed_workflow: str | None
    failed_code: str | None

    @property
    def entities(self) -> list[str]:
        """Whom answers may be about that are this item's: its person, its company, itself, and who they were before."""
        return [name for name in (self.person_id, self.company_id, self.item_id, *self.earlier) if name]


@record
class Answer:
    """The answer in force of one workflow about one entity: the one with the newest `refreshed_at`,
    of two as new that which came later.

    One that was lent was `answered_at` then, and received when it was lent. What an answer says is in the log;
    `columns` is how many columns of a lead the mapping found in it, `fields` how many fields of an item a step has set
    from it.
    """

    entity_id: str
    workflow: str
    client_id: str
    tenant_id: str
    answer_id: str
    provider: str
    received_at: datetime
    refreshed_at: str
    columns: int
    fields: int
    answered_at: datetime | None = None


@record
class AnswerMapping:
    """Where a client's provider puts columns, for one workflow, beside where the mapping looks anyway."""

    client_id: str
    workflow: str
    workstream: str
    name: str
    tenant_id: str
    paths: dict[str, Any]


@record
class Customer:
    """Something a client's customer is known by: see `company_keys`. `name` is how the list `upload_id` writes it.

    `customer`: the surest that it is known by, which tells it from another customer with the same key.
    """

    client_id: str
    key: str
    customer: str
    upload_id: str
    tenant_id: str
    name: str


@record
class WorkHistory:
    """One job of one person, as a client was told; ordinal 0 is the most recent.

    `company_key`: the surest that its company is known by.
    """

    person_id: str
    client_id: str
    ordinal: int
    tenant_id: str
    company_name: str | None
    company_domain: str | None
    company_linkedin_url: str | None
    company_key: str | None
    company_name_key: str | None
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
    "FinalLead", [*KEYS, *COLUMNS, "provenance", "contradictions", "reference_date", "projected_at"], slots=True
)


@dataclass
class State:
    """The rows that the events at hand touch, and what the log says of them (`added`, `said`).

    `unplaced`: answers by their events, that steps of these events ended with and that may have named nobody.

    `answers_of` finds an entity's answers, `items_of` its ended items, `rows_of` a batch's ended items by row.
    `whole`: the entities all of whose ended items are here, those that ended long ago too; `looked_up`: those all of
    whose answers are here. `readings` are what `said` says of an entity, read once. `customers_of` each client
    that was needed.
    """

    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    items: Tracked[str, Item] = field(default_factory=Tracked)
    answers: Tracked[AnswerKey, Answer] = field(default_factory=Tracked)
    mappings: Tracked[tuple[str, str, str, str], AnswerMapping] = field(default_factory=Tracked)
    customers: Tracked[CustomerKey, Customer] = field(default_factory=Tracked)
    jobs: Tracked[tuple[str, str, int], WorkHistory] = field(default_factory=Tracked)
    job_counts: dict[tuple[str, str], int] = field(default_factory=dict)
    leads: Tracked[str, Any] = field(default_factory=Tracked)
    added: dict[str, Event] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    unplaced: dict[str, Event] = field(default_factory=dict)
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    answers_of: dict[str, set[AnswerKey]] = field(default_factory=dict)
    looked_up: set[str] = field(default_factory=set)
    items_of: dict[str, set[str]] = field(default_factory=dict)
    rows_of: dict[str, dict[int, str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    customers_gone: set[CustomerKey] = field(default_factory=set)
    customers_of: dict[str, Customers] = field(default_factory=dict)
    pushes: Tracked[str, Push] = field(default_factory=Tracked)
    last_rows: dict[str, int] = field(default_factory=dict)
    remapped: set[str] = field(default_factory=set)
    carried_out: bool = False

    def answer(self, answer: Answer) -> None:
        """Enter an answer in force."""
        key = (answer.entity_id, answer.workflow, answer.client_id)
        self.answers[key] = answer
        self.answers_of.setdefault(answer.entity_id, set()).add(key)

    def forget(self) -> None:
        """Let go of what is wide and saved: leads made again are many, and seldom needed soon."""
        for kept in (self.items, self.answers, self.items.absent, self.answers.absent, self.added, self.said):
            kept.clear()
        for index in (self.readings, self.answers_of, self.looked_up, self.items_of, self.rows_of, self.whole):
            index.clear()
        self.carried_out = False

    def ended(self, item: Item) -> None:
        """Make an ended item findable by its entities and its row."""
        for entity_id in item.entities:
            self.items_of.setdefault(entity_id, set()).add(item.item_id)
        self.rows_of.setdefault(item.batch_id, {})[item.row] = item.item_id


def lead_id_of(item_id: str) -> str:
    """The lead of an item: the same 128 bits."""
    return f"lead_{item_id[-26:]}"
