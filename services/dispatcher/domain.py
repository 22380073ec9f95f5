"""What each event does to the dispatcher's state, and what follows from it. Pure, but for the SYNC workflows it is
given: functions that are pure themselves, and whose output the log keeps, so that replay never runs them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final, assert_never

from services.dispatcher import claims
from services.dispatcher.configuration import config_of, problem, terms_of_reuse
from services.dispatcher.entities import WANTED, Entity, resolve
from services.dispatcher.state import Batch, Claim, ClaimKey, Config, Item, State, Waiter
from shared.envelope import Emit, Event, no_fields, told
from shared.events import (
    BatchCancelled,
    BatchLaunched,
    DispatchRefused,
    DispatchTimedOut,
    EnrichmentReceived,
    ItemAdded,
    ItemCompleted,
    Scope,
    SkipReason,
    StepDispatched,
    StepFailed,
    StepScheduled,
    WorkflowConfigured,
)

CONSUMES: Final = (
    "WorkflowConfigured",
    "BatchLaunched",
    "BatchCancelled",
    "ItemAdded",
    "StepScheduled",
    "StepDispatched",
    "DispatchRefused",
    "DispatchTimedOut",
    "EnrichmentReceived",
    "ItemCompleted",
)
Workflow = Callable[[Mapping[str, Any]], dict[str, Any]]
MISSING_ANSWER: Final = "no answer came before the deadline"
IN_PROGRESS: Final[dict[Scope, SkipReason]] = {
    "company": "company_enrichment_in_progress",
    "person": "person_enrichment_in_progress",
}
ALREADY: Final[dict[Scope, SkipReason]] = {
    "company": "company_already_enriched",
    "person": "person_already_enriched",
}
Consumed = (
    WorkflowConfigured
    | BatchLaunched
    | BatchCancelled
    | ItemAdded
    | StepScheduled
    | StepDispatched
    | DispatchRefused
    | DispatchTimedOut
    | EnrichmentReceived
    | ItemCompleted
)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    state.begin()
    payload: Consumed = event.payload
    match payload:
        case WorkflowConfigured():
            _configure(state, event, payload)
        case BatchLaunched():
            _launch(state, event, payload)
        case BatchCancelled():
            _cancel(state, event)
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
            _answer(state, event, payload)
        case ItemCompleted():
            _set_output(state, event, payload)
        case _:
            assert_never(payload)


def decide(state: State, event: Event, workflows: Mapping[str, Workflow]) -> Iterator[Emit]:
    """What follows from the event, given the state after it."""
    payload: Consumed = event.payload
    match payload:
        case StepScheduled():
            yield from _take_step(state, event, payload, workflows)
        case EnrichmentReceived():
            yield from _completed(state, event, claims.claim_key(state, event, payload))
        case DispatchRefused() | DispatchTimedOut():
            dispatch = state.dispatches.get(payload.dispatch_id)
            yield from _failed(state, event, (dispatch.entity_id, dispatch.workflow) if dispatch else None)
        case (
            WorkflowConfigured() | BatchLaunched() | BatchCancelled() | ItemAdded() | StepDispatched() | ItemCompleted()
        ):
            return
        case _:
            assert_never(payload)


def asked(state: State, events: Sequence[Event]) -> Iterator[ClaimKey]:
    """The claims that these events will ask for. Entities are told by fields, which earlier ones of them may set."""
    ahead = State()
    ahead.items.update({e.item_id: state.items[e.item_id] for e in events if e.item_id and e.item_id in state.items})
    ahead.fields.update({item: state.fields[item] for item in ahead.items})
    ahead.batches.update(
        {e.batch_id: state.batches[e.batch_id] for e in events if e.batch_id and e.batch_id in state.batches}
    )
    for event in events:
        match event.payload:
            case BatchLaunched():
                _launch(ahead, event, event.payload)
            case ItemAdded():
                _add(ahead, event, event.payload)
            case ItemCompleted():
                _set_output(ahead, event, event.payload)
            case StepScheduled():
                entity = entity_of(ahead, event)
                if entity is not None:
                    yield entity.entity_id, event.payload.workflow


def entity_of(state: State, event: Event) -> Entity | None:
    """The entity that a scheduled ASYNC step asks for; None for a SYNC step or where nothing identifies one."""
    payload: StepScheduled = event.payload
    item = state.items[event.item_id or ""]
    step = state.batches[item.batch_id].blueprint[payload.step]
    if step["kind"] == "SYNC":
        return None
    return resolve(step["scope"], item.client_id, item.item_id, state.fields_of(item))


def _set_output(state: State, event: Event, payload: ItemCompleted) -> None:
    """Keep what a SYNC workflow set: later steps see it."""
    item = state.items.get(event.item_id or "") if payload.output else None
    if item is not None and payload.output:
        state.items[item.item_id] = replace(item, output=item.output | payload.output)


def _configure(state: State, event: Event, payload: WorkflowConfigured) -> None:
    assert event.client_id
    if payload.name != "default":
        return
    key = (event.client_id, payload.workflow, payload.workstream)
    state.configs[key] = Config(*key, event.tenant_id, payload.config)


def _launch(state: State, event: Event, payload: BatchLaunched) -> None:
    assert event.batch_id
    assert event.client_id
    state.batches[event.batch_id] = Batch(
        event.batch_id, event.tenant_id, event.client_id, payload.workstream,
        [asdict(step) for step in payload.blueprint], payload.config, "running",
    )  # fmt: skip


def _cancel(state: State, event: Event) -> None:
    batch = state.batches.get(event.batch_id or "")
    if batch is not None and batch.status == "running":
        state.batches[batch.batch_id] = replace(batch, status="cancelled")
        claims.cancel(state, event, batch)


def _add(state: State, event: Event, payload: ItemAdded) -> None:
    assert event.batch_id
    assert event.client_id
    assert event.item_id
    state.items[event.item_id] = Item(event.item_id, event.tenant_id, event.client_id, event.batch_id, {})
    state.fields[event.item_id] = payload.fields


def _answer(state: State, event: Event, payload: EnrichmentReceived) -> None:
    """A dispatch is answered once: again, it must not end a later call. Another client answers for itself only."""
    dispatch = state.dispatches.get(payload.dispatch_id or "")
    key = claims.claim_key(state, event, payload)
    claim = state.claims.get(key) if key else None
    if dispatch is not None and dispatch.status == "ANSWERED":
        return
    if claim is None or claim.client_id == event.client_id:
        claims.answered(state, event, payload)


def _schedule(state: State, event: Event, payload: StepScheduled) -> None:
    item = state.items[event.item_id or ""]
    batch = state.batches[item.batch_id]
    entity, config = entity_of(state, event), config_of(state, batch, payload.workflow)
    if entity is None or batch.status == "cancelled" or problem(batch, payload.workflow, config):
        return
    terms = terms_of_reuse(state, batch, entity, payload.workflow, config or {})
    claims.ask(state, event, item, entity, batch.blueprint[payload.step]["scope"], terms)


def _take_step(state: State, event: Event, payload: StepScheduled, workflows: Mapping[str, Workflow]) -> Iterator[Emit]:
    item = state.items[event.item_id or ""]
    batch = state.batches[item.batch_id]
    step = batch.blueprint[payload.step]
    if batch.status == "cancelled":
        return
    if step["kind"] == "SYNC":
        yield _run(state.fields_of(item), payload, workflows)
        return
    entity = entity_of(state, event)
    unusable = problem(batch, payload.workflow, config_of(state, batch, payload.workflow))
    if unusable:
        yield Emit(StepFailed(payload.step, payload.workflow, "CONFIGURATION", unusable, retryable=True))
    elif entity is None:
        reason = f"the row has nothing to tell the {step['scope']} by: it needs {WANTED[step['scope']]}"
        yield Emit(StepFailed(payload.step, payload.workflow, "VALIDATION", reason, retryable=False))
    elif (item.item_id, payload.step) not in state.waiters:
        claim = state.claims[entity.entity_id, payload.workflow]
        yield _completion(claim, item.item_id, item.batch_id, payload.step, ALREADY.get(claim.scope))


def _run(fields: Mapping[str, Any], payload: StepScheduled, workflows: Mapping[str, Workflow]) -> Emit:
    workflow = workflows.get(payload.workflow)
    if workflow is None:
        reason = f"SYNC workflow {payload.workflow} is not installed here (entry point group leadstream.workflows)"
        return Emit(StepFailed(payload.step, payload.workflow, "CONFIGURATION", reason, retryable=True))
    try:
        output = workflow(dict(fields))
        if wrong := no_fields(output):
            raise TypeError(f"the workflow returned {wrong}")
        return Emit(ItemCompleted(payload.step, payload.workflow, output=output))
    except Exception as error:  # noqa: BLE001 - a third party's function fails its step, not the service
        return Emit(
            StepFailed(payload.step, payload.workflow, "INTERNAL", told(error, 500), retryable=False, attempts=1)
        )


def _completed(state: State, event: Event, key: ClaimKey | None) -> Iterator[Emit]:
    for waiter in state.released(key, event.id) if key else ():
        claim = state.claims[waiter.entity_id, waiter.workflow]
        skipped = None if waiter.item_id == claim.claimant_item_id else IN_PROGRESS.get(claim.scope)
        yield _completion(claim, waiter.item_id, waiter.batch_id, waiter.step, skipped)


def _completion(claim: Claim, item_id: str, batch_id: str, step: int, skipped: SkipReason | None) -> Emit:
    payload = ItemCompleted(
        step, claim.workflow, answer_id=claim.answer_id, found=claim.found, skipped=skipped,
        claimant_item_id=claim.claimant_item_id if skipped else None,
    )  # fmt: skip
    return Emit(payload, item_id=item_id, batch_id=batch_id, entity_id=claim.entity_id, role=f"{item_id}/{step}")


def _failed(state: State, event: Event, key: ClaimKey | None) -> Iterator[Emit]:
    for waiter in state.released(key, event.id) if key else ():
        if state.batches[waiter.batch_id].status == "running":
            yield _failure(state.claims[waiter.entity_id, waiter.workflow], waiter)


def _failure(claim: Claim, waiter: Waiter) -> Emit:
    payload = StepFailed(
        waiter.step, claim.workflow, claim.code or "INTERNAL", claim.reason or "", retryable=claim.code != "VALIDATION",
        attempts=claim.attempt,
    )  # fmt: skip
    return Emit(
        payload, item_id=waiter.item_id, batch_id=waiter.batch_id, entity_id=claim.entity_id,
        role=f"{waiter.item_id}/{waiter.step}",
    )  # fmt: skip
