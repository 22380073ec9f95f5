"""Which rows of the projector's tables a list of events needs, and what is written back."""

from collections.abc import Iterable, Sequence
from typing import Final

from services.projector import tables
from services.projector.customers import Customers
from services.projector.domain import is_in_force, to_place
from services.projector.pushes import Push, Told
from services.projector.state import (
    Answer,
    AnswerMapping,
    Batch,
    Customer,
    FinalLead,
    Item,
    State,
    WorkHistory,
)
from services.projector.tables import METADATA as METADATA
from shared.envelope import Event
from shared.events import (
    AnswerReused,
    BatchCancelled,
    ConfigurationRemoved,
    CustomersListed,
    CustomersRemoved,
    EnrichmentReceived,
    FailedItemsRetried,
    ItemAdded,
    ItemCompleted,
    ReprojectionDue,
    StepFailed,
    WorkflowConfigured,
)
from shared.ids import from_hex, to_hex
from shared.runtime import log
from shared.runtime.database import Connection, Rows, uuid_array

_batches, _items = Rows(tables.BATCH, Batch), Rows(tables.ITEM, Item)
_answers, _mappings = Rows(tables.ANSWER, Answer), Rows(tables.ANSWER_MAPPING, AnswerMapping)
_customers, _leads = Rows(tables.CUSTOMER, Customer), Rows(tables.FINAL_LEADS, FinalLead)
_jobs = Rows(tables.PERSON_WORK_HISTORY, WorkHistory)
PUSHES: Final = Rows(tables.PUSH, Push)

# Jobs that a shorter answer no longer has.
FORGET_JOBS: Final = """
DELETE FROM person_work_history h USING unnest(%s::uuid[], %s::uuid[], %s::int[]) AS kept (person_id, client_id, jobs)
WHERE h.person_id = kept.person_id AND h.client_id = kept.client_id AND h.ordinal >= kept.jobs
"""
# A client's batches, and the last row of each that is a lead.
LAST_ROWS: Final = """
SELECT batch_id, (SELECT max("row") FROM final_leads l WHERE l.batch_id = b.batch_id) FROM batch b
WHERE client_id = ANY(%s::uuid[])
"""
# The ended items that one of these people or companies was before they were known by a surer key.
ENDED_AS: Final = (
    f"SELECT {_items.names} FROM item WHERE earlier <> '[]'::jsonb AND earlier ?| %s::text[] AND outcome IS NOT NULL"
)
# The leads of one piece of a batch.
PIECE: Final = f'SELECT {_leads.names} FROM final_leads WHERE batch_id = %s::uuid AND "row" > %s AND "row" <= %s'


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Bring in the items of these events, their answers, and the ended items of the entities answered about."""
    await _batches.load(connection, state.batches, {e.batch_id for e in events if e.batch_id})
    await _load_clients(connection, state, events)
    await _load_pushes(connection, state, events)
    await _load_items(connection, state, events)
    said = EnrichmentReceived | AnswerReused
    answered = {e.entity_id for e in events if isinstance(e.payload, said) and e.entity_id}
    ending = ItemCompleted | StepFailed | BatchCancelled
    needed = answered | {e.entity_id for e in events if isinstance(e.payload, ending) and e.entity_id}
    await _load_ended(connection, state, answered)
    touched = [*_ending_items(state, events), *_items_about(state, answered)]
    touched += await _load_pieces(connection, state, events)
    state.looked_up |= {e.item_id for e in events if isinstance(e.payload, ItemAdded) and e.item_id}  # none yet
    await _load_about(connection, state, events, touched, needed)
    if placed := await _load_unplaced(connection, state, events):
        await _load_ended(connection, state, placed)
        await _load_about(connection, state, events, _items_about(state, placed), set())


async def save(connection: Connection, state: State) -> None:
    """Write what changed. Leads, jobs and customers' names are not kept in memory."""
    await _batches.save(connection, state.batches)
    await _items.save(connection, state.items)
    await _answers.save(connection, state.answers)
    await _mappings.save(connection, state.mappings)
    await _customers.save(connection, state.customers)
    gone = [(to_hex(client), key, customer, to_hex(upload)) for client, key, customer, upload in state.customers_gone]
    await _customers.delete(connection, gone)
    await _leads.save(connection, state.leads)
    await _jobs.save(connection, state.jobs)
    await PUSHES.save(connection, state.pushes)
    if state.job_counts:
        people, clients = map(uuid_array, zip(*state.job_counts, strict=True))
        await connection.execute(FORGET_JOBS, (people, clients, list(state.job_counts.values())))
    for kept in (state.customers, state.customers_gone, state.leads, state.jobs, state.job_counts, state.remapped):
        kept.clear()
    if state.carried_out:
        state.forget()


def _ending_items(state: State, events: Sequence[Event]) -> list[Item]:
    cancelled = {e.batch_id for e in events if isinstance(e.payload, BatchCancelled)}
    ids = {e.item_id for e in events if isinstance(e.payload, ItemCompleted | StepFailed)}
    found = [state.items[item_id] for item_id in ids if item_id and item_id in state.items]
    return found + ([item for item in state.items.values() if item.batch_id in cancelled] if cancelled else [])


def _items_about(state: State, entities: set[str]) -> list[Item]:
    return [state.items[name] for entity in entities for name in state.items_of.get(entity, ())]


async def _load_clients(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """The customers and mappings of clients not seen yet, and all batches of a client whose leads may all change."""
    new = {e.client_id for e in events if e.client_id} - state.customers_of.keys()
    if new:
        state.customers_of |= {client_id: Customers() for client_id in new}
        for customer in await _customers.read(connection, "client_id", new):
            state.customers_of[customer.client_id].add(customer.customer, customer.key)
        _mappings.enter(state.mappings, await _mappings.read(connection, "client_id", new))
    fewer = {e.client_id for e in events if isinstance(e.payload, CustomersRemoved) and e.client_id}
    _customers.enter(state.customers, await _customers.read(connection, "client_id", fewer))
    at_large = WorkflowConfigured | ConfigurationRemoved | CustomersListed | CustomersRemoved
    changing = {e.client_id for e in events if isinstance(e.payload, at_large) and e.client_id}
    if changing:
        clients = uuid_array(changing)
        found = await (await connection.execute(LAST_ROWS, (clients,))).fetchall()
        state.last_rows |= {from_hex("batch", batch_id): last or 0 for batch_id, last in found}
        await _batches.load(connection, state.batches, {from_hex("batch", batch_id) for batch_id, _ in found})


async def _load_pushes(connection: Connection, state: State, events: Sequence[Event]) -> None:
    named = {event.payload.push_id for event in events if isinstance(event.payload, Told)}
    await PUSHES.load(connection, state.pushes, named)


async def _load_items(connection: Connection, state: State, events: Sequence[Event]) -> None:
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    needed = {e.item_id for e in events if e.item_id and isinstance(e.payload, ItemCompleted | StepFailed)}
    await _items.load(connection, state.items, needed - new)
    cancelled = {e.batch_id for e in events if isinstance(e.payload, BatchCancelled) and e.batch_id}
    _items.enter(state.items, await _items.read(connection, "batch_id", cancelled, "running"))
    retried = {e.batch_id for e in events if isinstance(e.payload, FailedItemsRetried) and e.batch_id}
    _items.enter(state.items, await _items.read(connection, "batch_id", retried, "outcome = 'failed'"))


async def _load_about(
    connection: Connection, state: State, events: Sequence[Event], items: Sequence[Item], entities: set[str]
) -> None:
    """The rows of items whose leads are made, and all answers about them and these entities."""
    await _load_added(connection, state, events, items)
    await _load_answers(connection, state, entities | {entity for item in items for entity in item.entities})


async def _load_unplaced(connection: Connection, state: State, events: Sequence[Event]) -> set[str]:
    """The answers that steps ended with and that are not filed under whom the steps were about; whom that is."""
    state.unplaced = {e.id: e for e in events if isinstance(e.payload, EnrichmentReceived)}
    ended = [e for e in events if isinstance(e.payload, ItemCompleted) and e.payload.answer_id and e.payload.found]
    other = [e for e in ended if not is_in_force(state, e)]
    wanted = {e.payload.answer_id for e in other} - state.unplaced.keys()
    if wanted:
        state.unplaced |= await log.events_of(connection, wanted)
    return {e.entity_id for e in other if e.entity_id and to_place(state, e)}


async def _load_answers(connection: Connection, state: State, entities: set[str]) -> None:
    """The answers in force about these entities, and from the log what they say."""
    wanted = entities - state.looked_up
    if not wanted:
        return
    state.looked_up |= wanted
    found = _answers.enter(state.answers, await _answers.read(connection, "entity_id", wanted))
    for answer in found:
        state.answers_of.setdefault(answer.entity_id, set()).add(_answers.key_of(answer))
    said = await log.payloads(connection, [answer.answer_id for answer in found]) if found else {}
    state.said |= {event_id: payload.answer for event_id, payload in said.items()}


async def _load_added(connection: Connection, state: State, events: Sequence[Event], items: Iterable[Item]) -> None:
    """The ItemAdded events of items whose leads are made: they have the fields of their rows."""
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    if wanted := {item.item_id for item in items} - new - state.added.keys():
        state.added |= await log.items_added(connection, wanted)


async def _load_ended(connection: Connection, state: State, entities: set[str]) -> None:
    """The items that have ended with one of these people or companies: an answer changes their leads."""
    unseen = entities - state.whole
    for column, prefix in (("person_id", "person_"), ("company_id", "company_"), ("item_id", "item_")):
        wanted = {entity for entity in unseen if entity.startswith(prefix)}
        await _enter_ended(connection, state, await _items.read(connection, column, wanted, "outcome IS NOT NULL"))
    if unseen:
        await _enter_ended(connection, state, await _items.select(connection, ENDED_AS, (list(unseen),)))
    state.whole |= unseen


async def _load_pieces(connection: Connection, state: State, events: Sequence[Event]) -> list[Item]:
    """The leads that are to be made again, and their items."""
    found: list[Item] = []
    for event in events:
        if isinstance(event.payload, ReprojectionDue) and event.batch_id:
            bounds = (to_hex(event.batch_id), event.payload.after_row, event.payload.upto_row)
            leads = _leads.enter(state.leads, await _leads.select(connection, PIECE, bounds))
            items = await _items.read(connection, "item_id", {lead.item_id for lead in leads})
            await _enter_ended(connection, state, items)
            found += [state.items[item.item_id] for item in items]
    return found


async def _enter_ended(connection: Connection, state: State, items: list[Item]) -> None:
    for item in _items.enter(state.items, items):
        state.ended(state.items[item.item_id])
    await _batches.load(connection, state.batches, {item.batch_id for item in items})
