"""What a scheduled step comes to, given the state after it: done here, waited for, shared, skipped or failed. Pure, but
for the SYNC workflows it is given: functions that are pure themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from services.dispatcher.answers import fields_set
from services.dispatcher.configuration import config_of, is_skipped, problem
from services.dispatcher.state import Claim, ClaimKey, State, Waiter
from services.dispatcher.warehouse import LOOKUPS, look_up
from shared.entities import Entity, names_none, resolve, unresolved
from shared.envelope import Emit, Event, no_fields, told
from shared.events import EnrichmentReceived, ItemCompleted, Scope, SkipReason, StepFailed, StepScheduled
from shared.record import replace

Workflow = Callable[[Mapping[str, Any]], dict[str, Any]]
NOTHING_TOLD: Final[dict[str, Any]] = {"answers": {}, "answers_about": {}}
IN_PROGRESS: Final[dict[Scope, SkipReason]] = {
    "company": "company_enrichment_in_progress",
    "person": "person_enrichment_in_progress",
}
ALREADY: Final[dict[Scope, SkipReason]] = {
    "company": "company_already_enriched",
    "person": "person_already_enriched",
}
NOT_FOUND: Final[dict[Scope, SkipReason]] = {"company": "company_not_found", "person": "person_not_found"}


def entity_of(state: State, event: Event) -> Entity | None:
    """The entity that a scheduled call or look-up asks for; worked out once, foreseen or when the event is folded.

    None for a step that asks for none, that the item skips, or where nothing identifies an entity.
    """
    if event.id not in state.asked_for:
        state.asked_for[event.id] = _entity_of(state, event)
    return state.asked_for[event.id]


def _entity_of(state: State, event: Event) -> Entity | None:
    payload: StepScheduled = event.payload
    item = state.items[event.item_id or ""]
    step = state.batches[item.batch_id].blueprint[payload.step]
    if step["kind"] == "SYNC" and step["workflow"] not in LOOKUPS:
        return None
    fields = state.fields_of(item)
    return None if is_skipped(step, fields) else resolve(step["scope"], item.client_id, item.item_id, fields)


def take(state: State, event: Event, payload: StepScheduled, workflows: Mapping[str, Workflow]) -> Iterator[Emit]:
    """What a scheduled step comes to at once; nothing where the item waits for an answer."""
    item = state.items[event.item_id or ""]
    batch = state.batches[item.batch_id]
    step = batch.blueprint[payload.step]
    if batch.status == "cancelled" or _waits(state, item.item_id, payload.step):
        return
    fields = state.fields_of(item)
    if is_skipped(step, fields):
        yield Emit(ItemCompleted(payload.step, payload.workflow, skipped="fields_already_there"))
    elif payload.workflow in LOOKUPS:
        config = config_of(state, batch, step) or {}
        yield from look_up(state, event, item, entity_of(state, event), config)
    elif step["kind"] == "SYNC":
        told_of = state.told.get(item.item_id, NOTHING_TOLD) if step["reads_answers"] else {}
        yield _run(fields | told_of, payload, workflows)
    elif unusable := problem(batch, payload.workflow, config_of(state, batch, step)):
        yield Emit(StepFailed(payload.step, payload.workflow, "CONFIGURATION", unusable, retryable=True))
    elif (entity := entity_of(state, event)) is None:
        if names_none(step["scope"], fields):
            yield Emit(ItemCompleted(payload.step, payload.workflow, skipped="no_company_named"))
        else:
            reason = unresolved(step["scope"], fields)
            yield Emit(StepFailed(payload.step, payload.workflow, "VALIDATION", reason, retryable=False))
    else:
        claim = state.claims[entity.entity_id, payload.workflow]
        output = fields_set(step["sets"], state.answers.get(claim.answer_id or ""))
        skipped = (ALREADY if claim.found or output else NOT_FOUND).get(claim.scope)
        yield _completion(claim, item.item_id, item.batch_id, payload.step, skipped, output)


def _waits(state: State, item_id: str, step: int) -> bool:
    """Whether the item waits at this step: a step that is taken again may have waited before."""
    waiter = state.waiters.get((item_id, step))
    return waiter is not None and waiter.released_by is None


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


def completed(state: State, event: Event, payload: EnrichmentReceived, key: ClaimKey | None) -> Iterator[Emit]:
    """The completions of everyone whose wait this answer has ended: with this one, whichever the claim keeps. Items of
    cancelled batches have ended: to them it says whom they are about, so that their leads have what was paid for.
    """
    if key is None or not (released := state.released(key, event.id)):
        return
    claim = state.claims[key]
    said = replace(claim, answer_id=event.id, found=payload.found, answered_for=claim.claimant_item_id)
    for waiter in released:
        skipped = None if waiter.item_id == claim.claimant_item_id else IN_PROGRESS.get(claim.scope)
        sets = state.batches[waiter.batch_id].blueprint[waiter.step]["sets"]
        output = fields_set(sets, payload.answer)
        yield _completion(said, waiter.item_id, waiter.batch_id, waiter.step, skipped, output)


def _completion(
    claim: Claim, item_id: str, batch_id: str, step: int, skipped: SkipReason | None, output: dict[str, Any] | None
) -> Emit:
    found = claim.found or bool(output)  # names that are sent back are what one that puts them right has found
    payload = ItemCompleted(
        step, claim.workflow, output, claim.answer_id, found, skipped, claim.answered_for if skipped else None
    )
    return Emit(payload, item_id=item_id, batch_id=batch_id, entity_id=claim.entity_id, role=f"{item_id}/{step}")


def failed(state: State, event: Event, key: ClaimKey | None) -> Iterator[Emit]:
    """The failures of everyone whose wait this event has ended."""
    for waiter in state.released(key, event.id) if key else ():
        if state.batches[waiter.batch_id].status != "cancelled":
            yield _failure(state.claims[waiter.key], waiter)


def _failure(claim: Claim, waiter: Waiter) -> Emit:
    payload = StepFailed(
        waiter.step, claim.workflow, claim.code or "INTERNAL", claim.reason or "", retryable=claim.code != "VALIDATION",
        attempts=claim.attempt,
    )  # fmt: skip
    return Emit(
        payload, item_id=waiter.item_id, batch_id=waiter.batch_id, entity_id=claim.entity_id,
        role=f"{waiter.item_id}/{waiter.step}",
    )  # fmt: skip
