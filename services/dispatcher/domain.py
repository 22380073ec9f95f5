"""What each event does to the dispatcher's state, and what follows from it. Pure, but for the SYNC workflows it is
given: functions that are pure themselves, and whose output the log keeps, so that replay never runs them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from services.dispatcher import arrivals, claims, spending, steps, warehouse
from services.dispatcher.configuration import config_of, price_of, problem, terms_of_reuse, webhook_of
from services.dispatcher.state import Batch, Budget, ClaimKey, Config, Item, State, Tenant, kept
from services.dispatcher.steps import Workflow
from shared.entities import Entity
from shared.envelope import Emit, Event
from shared.events import (
    AnswerReused,
    BatchCancelled,
    BatchCompleted,
    BatchLaunched,
    BatchPaused,
    BatchResumed,
    BudgetSet,
    ConfigurationRemoved,
    DispatchRefused,
    DispatchTimedOut,
    EnrichmentReceived,
    FailedItemsRetried,
    ItemAdded,
    ItemCompleted,
    StepDispatched,
    StepScheduled,
    TenantConfigured,
    WorkflowConfigured,
    wire_names,
)
from shared.ids import to_hex
from shared.record import replace

OF_WHOLE_BATCHES: Final = ("BatchPaused", "BatchResumed", "BatchCancelled")
MISSING_ANSWER: Final = "no answer came before the deadline"
Consumed = (
    WorkflowConfigured
    | ConfigurationRemoved
    | BatchLaunched
    | BatchPaused
    | BatchResumed
    | BatchCancelled
    | BatchCompleted
    | FailedItemsRetried
    | BudgetSet
    | ItemAdded
    | StepScheduled
    | StepDispatched
    | DispatchRefused
    | DispatchTimedOut
    | EnrichmentReceived
    | ItemCompleted
    | AnswerReused
    | TenantConfigured
)
CONSUMES: Final = wire_names(Consumed)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    state.begin()
    payload: Consumed = event.payload
    match payload:
        case WorkflowConfigured() | ConfigurationRemoved():
            _configure(state, event, payload)
        case BatchLaunched():
            _launch(state, event, payload)
        case BatchCancelled():
            _cancel(state, event)
        case BatchPaused():
            claims.pause(state, event, payload)
        case BatchResumed():
            claims.resume(state, event, payload)
        case BatchCompleted():
            spending.completed(state, event)
        case FailedItemsRetried():
            _go_on(state, event.batch_id)
        case BudgetSet():
            _set_budget(state, event, payload)
        case ItemAdded():
            _add(state, event, payload)
        case StepScheduled():
            _schedule(state, event, payload)
        case StepDispatched():
            claims.dispatched(state, event, payload)
        case DispatchRefused():
            claims.unsuccessful(state, event, payload, payload.code, payload.reason)
        case DispatchTimedOut():
            claims.unsuccessful(state, event, payload, "TIMEOUT", MISSING_ANSWER)
        case EnrichmentReceived():
            arrivals.receive(state, event, payload)
        case ItemCompleted():
            _set_output(state, event, payload)
        case AnswerReused():
            warehouse.reused(state, event, payload)
        case TenantConfigured():
            state.tenants[event.tenant_id] = Tenant(event.tenant_id, payload.share_answers)
        case _:
            assert_never(payload)


def decide(state: State, event: Event, workflows: Mapping[str, Workflow]) -> Iterator[Emit]:
    """What follows from the event, given the state after it."""
    payload: Consumed = event.payload
    yield from _paused(state, event)
    match payload:
        case StepScheduled():
            yield from steps.take(state, event, payload, workflows)
        case EnrichmentReceived():
            yield from steps.completed(state, event, payload, _claim_key(state, event))
        case DispatchRefused() | DispatchTimedOut():
            yield from steps.failed(state, event, _claim_key(state, event))
        case (
            WorkflowConfigured()
            | ConfigurationRemoved()
            | BatchLaunched()
            | BatchPaused()
            | BatchCancelled()
            | BatchCompleted()
            | BatchResumed()
            | FailedItemsRetried()
            | BudgetSet()
            | ItemAdded()
            | StepDispatched()
            | ItemCompleted()
            | AnswerReused()
            | TenantConfigured()
        ):
            return
        case _:
            assert_never(payload)


def waiters(state: State, event: Event) -> int:
    """How many wait for what the event tells of: all of them end, or are looked at, with it."""
    key = _claim_key(state, event)
    return len(state.waiting.get(key, ())) if key else 0


def _claim_key(state: State, event: Event) -> ClaimKey | None:
    """The claim whose wait the event may end; None for an event that ends none."""
    payload: Consumed = event.payload
    if isinstance(payload, EnrichmentReceived):
        return arrivals.claim_key(state, event, payload)
    if isinstance(payload, DispatchRefused | DispatchTimedOut):
        dispatch = state.dispatches.get(payload.dispatch_id)
        return dispatch.key if dispatch else None
    return None


def _paused(state: State, event: Event) -> Iterator[Emit]:
    """A batch is paused at the first call that would cost too much; one may leave a call to others."""
    own = state.batches.get(event.batch_id or "")
    passing_on = isinstance(event.payload, BatchPaused | BatchCancelled | DispatchRefused | DispatchTimedOut)
    batches = state.batches.values() if passing_on else [own] if own else []
    for batch in batches:
        if batch.held_by == event.id:
            paused = BatchPaused(spending.why_held(state, batch), batch.since)
            yield Emit(paused, batch_id=batch.batch_id, role=batch.batch_id)


def asked(state: State, events: Sequence[Event]) -> Iterator[tuple[Event, Entity]]:
    """The steps among these events that will ask for an entity, and which: told by fields that earlier ones may set."""
    ahead = State()
    ahead.items.update({e.item_id: state.items[e.item_id] for e in events if e.item_id and e.item_id in state.items})
    ahead.fields.update({item: state.fields[item] for item in ahead.items})
    ahead.batches.update(
        {e.batch_id: state.batches[e.batch_id] for e in events if e.batch_id and e.batch_id in state.batches}
    )
    state.asked_for.clear()
    for event in events:
        match event.payload:
            case BatchLaunched():
                _launch(ahead, event, event.payload)
            case ItemAdded():
                _add(ahead, event, event.payload)
            case ItemCompleted():
                _set_output(ahead, event, event.payload)
            case StepScheduled():
                entity = state.asked_for[event.id] = steps.entity_of(ahead, event)
                if entity is not None:
                    yield event, entity


def _set_budget(state: State, event: Event, payload: BudgetSet) -> None:
    assert event.client_id
    known = state.budgets.get(event.client_id)
    reserved = known.reserved if known else 0.0
    state.budgets[event.client_id] = Budget(event.client_id, event.tenant_id, payload.max_credits, reserved)


def _set_output(state: State, event: Event, payload: ItemCompleted) -> None:
    """Keep what a SYNC workflow set: later steps see it."""
    item = state.items.get(event.item_id or "") if payload.output else None
    if item is not None and payload.output:
        state.items[item.item_id] = replace(item, output=item.output | payload.output)


def _configure(state: State, event: Event, payload: WorkflowConfigured | ConfigurationRemoved) -> None:
    assert event.client_id
    key = (event.client_id, payload.workflow, payload.workstream, payload.name)
    config = payload.config if isinstance(payload, WorkflowConfigured) else None
    named = webhook_of(config or {})
    state.configs[key] = Config(*key, event.tenant_id, config or {}, named, removed=config is None)


def _launch(state: State, event: Event, payload: BatchLaunched) -> None:
    assert event.batch_id
    assert event.client_id
    named = {workflow: webhook_of(own) for workflow, own in payload.config.items()}
    state.batches[event.batch_id] = Batch(
        event.batch_id, event.tenant_id, event.client_id, payload.workstream,
        [kept(step) for step in payload.blueprint], payload.config, "running", False, payload.max_credits, 0.0,
        None, event.occurred_at, since=event.id,
        webhooks={workflow: to_hex(webhook) for workflow, webhook in named.items() if webhook},
    )  # fmt: skip


def _cancel(state: State, event: Event) -> None:
    batch = state.batches.get(event.batch_id or "")
    if batch is not None and batch.status != "cancelled":
        state.batches[batch.batch_id] = replace(batch, status="cancelled")
        claims.cancel(state, event, batch)


def _go_on(state: State, batch_id: str | None) -> None:
    """A batch that had ended is retried. Its end may be told later than that, but before the steps it comes to."""
    batch = state.batches.get(batch_id or "")
    if batch is not None and batch.ended:
        state.batches[batch.batch_id] = replace(batch, ended=False)


def _add(state: State, event: Event, payload: ItemAdded) -> None:
    assert event.batch_id
    assert event.client_id
    assert event.item_id
    state.items[event.item_id] = Item(event.item_id, event.tenant_id, event.client_id, event.batch_id, {})
    state.fields[event.item_id] = payload.fields


def _schedule(state: State, event: Event, payload: StepScheduled) -> None:
    item = state.items[event.item_id or ""]
    _go_on(state, item.batch_id)
    batch = state.batches[item.batch_id]
    step = batch.blueprint[payload.step]
    entity, config = steps.entity_of(state, event), config_of(state, batch, step)
    if (
        entity is None
        or step["kind"] == "SYNC"
        or batch.status == "cancelled"
        or problem(batch, payload.workflow, config)
    ):
        return
    terms = terms_of_reuse(state, batch, entity, payload.workflow, config or {})
    claims.ask(state, event, item, entity, step["scope"], terms, price_of(step, config))
