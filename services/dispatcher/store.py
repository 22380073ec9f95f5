"""The dispatcher's tables, and which rows of them a list of events needs."""

from collections.abc import Iterable, Sequence

from services.dispatcher import arrivals, domain, recall
from services.dispatcher.state import (
    Batch,
    Budget,
    Claim,
    ClaimKey,
    Config,
    Dispatch,
    Item,
    State,
    Tenant,
    Waiter,
    Webhook,
)
from services.dispatcher.tables import (
    BATCH,
    BUDGET,
    CLAIM,
    CONFIG,
    DISPATCH,
    ITEM,
    METADATA,
    TENANT,
    WAITER,
    WEBHOOK,
    WEBHOOKS_USED,
)
from services.dispatcher.webhooks import Limits
from shared.envelope import Event
from shared.events import (
    AnswerReused,
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BatchResumed,
    DispatchRefused,
    DispatchTimedOut,
    EnrichmentReceived,
    FailedItemsRetried,
    ItemAdded,
    ItemCompleted,
    StepDispatched,
    StepScheduled,
)
from shared.runtime import log
from shared.runtime.database import Connection, Rows
from shared.runtime.telemetry import Measure

__all__ = ["DISPATCHES", "MEASURES", "METADATA", "load", "save"]
MEASURES = (
    Measure(
        "leadstream_dispatches",
        "Attempts that are to be sent (DUE) or await their answer (SENT).",
        "SELECT 'DUE', count(*) FROM dispatch WHERE status = 'DUE' UNION ALL"
        " SELECT 'SENT', count(*) FROM dispatch WHERE status = 'SENT'",
        "status",
    ),
    Measure(
        "leadstream_oldest_waiting_seconds",
        "Seconds that the longest-waiting item has waited for its present attempt's answer; 0: none waits.",
        "SELECT greatest(0, extract(epoch FROM now() - min(due_at))) FROM dispatch WHERE status IN ('DUE', 'SENT')",
    ),
    Measure(
        "leadstream_answer_overdue_seconds",
        "How long the answer that is most overdue should have been here.",
        "SELECT greatest(0, extract(epoch FROM now() - min(deadline_at))) FROM dispatch WHERE status = 'SENT'",
    ),
    Measure(
        "leadstream_calls_refused",
        "Calls that are to be tried again because a webhook refused them, or did not answer.",
        "SELECT count(*) FROM dispatch WHERE status = 'DUE' AND attempt > 1 AND missing < attempt - 1",
    ),
    Measure(
        "leadstream_webhook_submissions_share",
        "The largest share that any webhook has used of the submissions it takes in its life.",
        "SELECT max(taken / greatest(1, CASE WHEN jsonb_typeof(settings -> 'max_submissions') = 'number'"
        f" THEN (settings ->> 'max_submissions')::float ELSE {Limits().submissions} END)) FROM ({WEBHOOKS_USED}) used",
    ),
)
FOR_HELD = (
    "released_by IS NULL AND EXISTS (SELECT FROM dispatch d WHERE d.status = 'HELD'"
    " AND d.entity_id = waiter.entity_id AND d.workflow = waiter.workflow)"
)
_batches, _items, _configs = Rows(BATCH, Batch), Rows(ITEM, Item), Rows(CONFIG, Config)
_webhooks, _tenants, _budgets = Rows(WEBHOOK, Webhook), Rows(TENANT, Tenant), Rows(BUDGET, Budget)
_claims, _waiters, DISPATCHES = Rows(CLAIM, Claim), Rows(WAITER, Waiter), Rows(DISPATCH, Dispatch)


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Bring in what these events touch: first items and settings, which tell the entities; then their claims."""
    whole = BatchPaused | BatchResumed | BatchCancelled | BatchCompleted | FailedItemsRetried
    needs_batch = StepScheduled | ItemAdded | whole
    await _batches.load(
        connection, state.batches, {e.batch_id for e in events if e.batch_id and isinstance(e.payload, needs_batch)}
    )
    await _load_items(connection, state, events)
    await _load_configs(connection, state, events)
    await _load_dispatches(connection, state, _dispatch_ids(events))
    await _load_held(connection, state, events)
    await _budgets.load(connection, state.budgets, {e.client_id for e in events if e.client_id})
    await _load_webhooks(connection, state, events)
    await _load_steps_named(connection, state, events)
    asked = list(domain.asked(state, events))
    keys = _claim_keys(state, events) | {(entity.entity_id, event.payload.workflow) for event, entity in asked}
    await _load_claims(connection, state, keys | await _waited_for(connection, events))
    await _tenants.load(connection, state.tenants, {e.tenant_id for e in events})
    await recall.load(connection, state, events, asked)


async def save(connection: Connection, state: State) -> None:
    """Write what changed."""
    await _batches.save(connection, state.batches)
    await _items.save(connection, state.items)
    await _configs.save(connection, state.configs)
    await _claims.save(connection, state.claims)
    await _waiters.save(connection, state.waiters)
    await DISPATCHES.save(connection, state.dispatches)
    await _webhooks.save(connection, state.webhooks)
    await _tenants.save(connection, state.tenants)
    await _budgets.save(connection, state.budgets)


async def _load_items(connection: Connection, state: State, events: Sequence[Event]) -> None:
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    needed = {
        e.item_id
        for e in events
        if isinstance(e.payload, StepScheduled) or (isinstance(e.payload, ItemCompleted) and e.payload.output)
    }
    if found := await _items.load(connection, state.items, {item for item in needed - new if item}):
        added = await log.items_added(connection, [item.item_id for item in found])
        state.fields |= {item_id: event.payload.fields for item_id, event in added.items()}


async def _load_configs(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """The settings of who has steps done, or calls that may pass to another batch of theirs, at its price."""
    asking = StepScheduled | BatchPaused | BatchResumed | BatchCancelled | DispatchRefused | DispatchTimedOut
    clients = {e.client_id for e in events if e.client_id and isinstance(e.payload, asking)} - state.clients
    if clients:
        _configs.enter(state.configs, await _configs.read(connection, "client_id", clients))
        state.clients |= clients


def _dispatch_ids(events: Sequence[Event]) -> set[str]:
    about_one = StepDispatched | DispatchRefused | DispatchTimedOut | EnrichmentReceived
    return {e.payload.dispatch_id for e in events if isinstance(e.payload, about_one) and e.payload.dispatch_id}


async def _load_dispatches(connection: Connection, state: State, ids: Iterable[str]) -> None:
    """Each with its batch: whatever becomes of one may change what the batch spends."""
    found = await DISPATCHES.load(connection, state.dispatches, ids)
    await _batches.load(connection, state.batches, {d.batch_id for d in found})


async def _load_held(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """The calls that batches which go on have held."""
    batches = {e.batch_id for e in events if isinstance(e.payload, BatchResumed) and e.batch_id}
    held = DISPATCHES.enter(state.dispatches, await DISPATCHES.read(connection, "batch_id", batches, "status = 'HELD'"))
    await _batches.load(connection, state.batches, {d.batch_id for d in held})


async def _load_webhooks(connection: Connection, state: State, events: Sequence[Event]) -> None:
    counting = [e for e in events if isinstance(e.payload, StepDispatched | DispatchRefused) and e.payload.webhook_id]
    if wanted := state.webhooks.unknown((e.payload.webhook_id, e.tenant_id) for e in counting):
        found = await _webhooks.read(connection, "webhook_id", {webhook_id for webhook_id, _ in wanted})
        _webhooks.enter(state.webhooks, found, wanted)


async def _waited_for(connection: Connection, events: Sequence[Event]) -> set[ClaimKey]:
    """The claims of batches that a person has paused or cancelled; of those that go on, those whose call is held."""
    stopped = [e for e in events if isinstance(e.payload, BatchCancelled)]
    stopped += [e for e in events if isinstance(e.payload, BatchPaused) and e.payload.calls]
    batches = {e.batch_id for e in stopped if e.batch_id}
    waiting = await _waiters.read(connection, "batch_id", batches, "released_by IS NULL")
    resumed = {e.batch_id for e in events if isinstance(e.payload, BatchResumed) and e.batch_id}
    waiting += await _waiters.read(connection, "batch_id", resumed, FOR_HELD)
    return {waiter.key for waiter in waiting}


async def _load_steps_named(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """What the items wait for, or have waited for, that answers name and nothing more of ours."""
    named = {e.entity_id for e in events if isinstance(e.payload, EnrichmentReceived) and e.entity_id}
    items = {name for name in named if name.startswith("item_")}
    for waiter in await _waiters.read(connection, "item_id", items):
        if (waiter.item_id, waiter.step) not in state.waiters:
            state.steps_of[waiter.item_id, waiter.workflow] = waiter.item_id, waiter.step
            _waiters.enter(state.waiters, [waiter])


def _claim_keys(state: State, events: Sequence[Event]) -> set[ClaimKey]:
    """The claims these events touch, but for those that steps ask for: of dispatches, of entities that answers name."""
    dispatches = [state.dispatches[name] for name in _dispatch_ids(events) if name in state.dispatches]
    keys = {d.key for d in dispatches}
    for event in events:
        if isinstance(event.payload, EnrichmentReceived | AnswerReused) and event.entity_id:
            keys.add((event.entity_id, event.payload.workflow))
        if isinstance(event.payload, EnrichmentReceived) and (key := arrivals.claim_key(state, event, event.payload)):
            keys.add(key)
    return keys


async def _load_claims(connection: Connection, state: State, keys: set[ClaimKey]) -> None:
    wanted = state.claims.unknown(keys)
    if not wanted:
        return
    entities = {entity for entity, _ in wanted}
    found = _claims.enter(state.claims, await _claims.read(connection, "entity_id", entities), wanted)
    if not found:
        return
    waiting = await _waiters.read(connection, "entity_id", entities, "released_by IS NULL")
    await _batches.load(connection, state.batches, {waiter.batch_id for waiter in waiting})
    for waiter in _waiters.enter(state.waiters, waiting):
        state.index(state.waiters[waiter.item_id, waiter.step])
    await _load_dispatches(connection, state, {c.dispatch_id for c in found if c.dispatch_id})
