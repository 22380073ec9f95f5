"""The projector's tables, and which rows of them a list of events needs."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.projector.lead import COLUMNS
from services.projector.rows import Answer, Batch, FinalLead, Item, State, WorkHistory
from shared.envelope import Event
from shared.events import BatchCancelled, EnrichmentReceived, ItemAdded, ItemCompleted, StepFailed
from shared.ids import to_hex
from shared.runtime import log
from shared.runtime.database import Connection, Id, Rows, checkpoint_table, tenant_columns

METADATA = MetaData()
checkpoint_table(METADATA)
TIME = TIMESTAMP(timezone=True)
TYPES: Final[dict[str, Any]] = {
    "person_current_job_start_date": Date,
    "company_employee_count": BigInteger,
    "company_founded_year": Integer,
    "company_industries": JSONB,
    "company_subindustries": JSONB,
    "company_technologies": JSONB,
    "is_new_in_role": Boolean,
    "is_recently_funded": Boolean,
    "is_worked_at_customer": Boolean,
}

BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", Id("batch"), primary_key=True),
    *tenant_columns(),
    Column("workstream", Text, nullable=False),
    Column("last_step", SmallInteger, nullable=False),
    Column("cancelled", Boolean, nullable=False),
)
ITEM = Table(
    "item",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("output", JSONB, nullable=False),
    Column("person_id", Id("person")),
    Column("company_id", Id("company")),
    Column("outcome", Text),
    Column("ended_at", TIME),
    Index("item_open", "batch_id", postgresql_where=text("outcome IS NULL")),
    Index("item_person", "person_id", postgresql_where=text("outcome IS NOT NULL")),
    Index("item_company", "company_id", postgresql_where=text("outcome IS NOT NULL")),
)
ANSWER = Table(
    "answer",
    METADATA,
    Column("entity_id", Text, primary_key=True),
    *tenant_columns(),
    Column("workflow", Text, nullable=False),
    Column("answer_id", Id("evt"), nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("refreshed_at", Text, nullable=False),
)
FINAL_LEADS = Table(
    "final_leads",
    METADATA,
    Column("lead_id", Id("lead"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("item_id", Id("item"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("person_id", Id("person")),
    Column("company_id", Id("company")),
    Column("source_workstream", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    *(Column(name, TYPES.get(name, Text)) for name in COLUMNS),
    Column("provenance", JSONB, nullable=False),
    Column("reference_date", Date, nullable=False),
    Column("projected_at", TIME, nullable=False),
    Index("final_leads_batch", "batch_id", "row"),
)
PERSON_WORK_HISTORY = Table(
    "person_work_history",
    METADATA,
    Column("person_id", Id("person"), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True),
    *tenant_columns(),
    *(Column(name, Text) for name in ("company_name", "company_domain", "company_linkedin_url", "title")),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("is_current", Boolean, nullable=False),
    Index("person_work_history_domain", "company_domain"),
)
_batches, _items, _answers = Rows(BATCH, Batch), Rows(ITEM, Item), Rows(ANSWER, Answer)
_leads, _jobs = Rows(FINAL_LEADS, FinalLead), Rows(PERSON_WORK_HISTORY, WorkHistory)

# Jobs that a shorter answer no longer has.
FORGET_JOBS: Final = "DELETE FROM person_work_history WHERE person_id = %s::uuid AND ordinal >= %s"


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Bring in the items of these events, their answers, and the ended items of the entities answered about."""
    await _load_batches(connection, state, events)
    await _load_items(connection, state, events)
    answered = {e.entity_id for e in events if isinstance(e.payload, EnrichmentReceived) and e.entity_id}
    ending = ItemCompleted | StepFailed | BatchCancelled
    needed = answered | {e.entity_id for e in events if isinstance(e.payload, ending) and e.entity_id}
    for item in _ending_items(state, events):
        needed |= {entity for entity in (item.person_id, item.company_id) if entity}
    await _load_ended(connection, state, answered)
    await _load_fields(connection, state, events, answered)
    for item in _items_about(state, answered):
        needed |= {entity for entity in (item.person_id, item.company_id) if entity}
    await _load_answers(connection, state, needed)


async def save(connection: Connection, state: State) -> None:
    """Write what changed. Leads and jobs are not kept in memory."""
    await _batches.upsert(connection, state.batches.take_changed())
    await _items.upsert(connection, state.items.take_changed())
    await _answers.upsert(connection, state.answers.take_changed())
    await _leads.upsert(connection, state.leads.take_changed())
    await _jobs.upsert(connection, state.jobs.take_changed())
    for person_id, count in state.job_counts.items():
        await connection.execute(FORGET_JOBS, (to_hex(person_id), count))
    state.leads.clear()
    state.jobs.clear()
    state.job_counts.clear()


def _ending_items(state: State, events: Sequence[Event]) -> list[Item]:
    cancelled = {e.batch_id for e in events if isinstance(e.payload, BatchCancelled)}
    ids = {e.item_id for e in events if isinstance(e.payload, ItemCompleted | StepFailed)}
    found = [state.items[item_id] for item_id in ids if item_id and item_id in state.items]
    return found + ([item for item in state.items.values() if item.batch_id in cancelled] if cancelled else [])


def _items_about(state: State, entities: set[str]) -> list[Item]:
    return [state.items[name] for entity in entities for name in state.items_of.get(entity, ())]


async def _load_batches(connection: Connection, state: State, events: Sequence[Event]) -> None:
    wanted = state.batches.unknown({e.batch_id for e in events if e.batch_id})
    if wanted:
        state.batches.loaded(wanted, [(b.batch_id, b) for b in await _batches.read(connection, "batch_id", wanted)])


async def _load_items(connection: Connection, state: State, events: Sequence[Event]) -> None:
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    needed = {e.item_id for e in events if e.item_id and isinstance(e.payload, ItemCompleted | StepFailed)}
    wanted = state.items.unknown({item_id for item_id in needed - new if item_id})
    if wanted:
        state.items.loaded(wanted, [(i.item_id, i) for i in await _items.read(connection, "item_id", wanted)])
    cancelled = {e.batch_id for e in events if isinstance(e.payload, BatchCancelled) and e.batch_id}
    for item in await _items.read(connection, "batch_id", cancelled, "outcome IS NULL"):
        state.items.loaded((), [(item.item_id, item)])


async def _load_answers(connection: Connection, state: State, entities: set[str]) -> None:
    """The answers in force about these entities, and from the log what they say."""
    wanted = state.answers.unknown(entities)
    if not wanted:
        return
    found = await _answers.read(connection, "entity_id", wanted)
    state.answers.loaded(wanted, [(answer.entity_id, answer) for answer in found])
    said = await log.payloads(connection, [answer.answer_id for answer in found]) if found else {}
    state.raws |= {answer.entity_id: said[answer.answer_id].answer for answer in found}


async def _load_fields(connection: Connection, state: State, events: Sequence[Event], answered: set[str]) -> None:
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    needed = {item.item_id for item in (*_ending_items(state, events), *_items_about(state, answered))}
    if wanted := needed - new - state.fields.keys():
        state.fields |= await log.item_fields(connection, wanted)


async def _load_ended(connection: Connection, state: State, entities: set[str]) -> None:
    """The items that have ended with one of these people or companies: an answer changes their leads."""
    unseen = entities - state.whole
    for column, prefix in (("person_id", "person_"), ("company_id", "company_")):
        wanted = {entity for entity in unseen if entity.startswith(prefix)}
        for item in await _items.read(connection, column, wanted, "outcome IS NOT NULL"):
            state.items.loaded((), [(item.item_id, item)])
            state.items_of.setdefault(str(getattr(item, column)), set()).add(item.item_id)
    batches = state.batches.unknown({item.batch_id for item in _items_about(state, entities)})
    if batches:
        state.batches.loaded(batches, [(b.batch_id, b) for b in await _batches.read(connection, "batch_id", batches)])
    state.whole |= unseen
