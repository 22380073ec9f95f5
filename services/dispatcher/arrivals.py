"""Answers as they come, asked for or not, in time or late, once or again: which claim each belongs to, and what becomes
of that and of the call. Pure.
"""

from services.dispatcher import spending
from services.dispatcher.state import Claim, ClaimKey, State, Waiter
from shared.dates import refreshed_at
from shared.entities import scope_of
from shared.envelope import Event
from shared.events import EnrichmentReceived
from shared.record import replace


def receive(state: State, event: Event, payload: EnrichmentReceived) -> None:
    """A dispatch is answered once: again, it must not end a later call, and counts only where nothing was found before.
    Another client answers for itself only.
    """
    dispatch = state.dispatches.get(payload.dispatch_id or "")
    key = claim_key(state, event, payload)
    claim = state.claims.get(key) if key else None
    if claim is not None and claim.client_id != event.client_id:
        return
    if dispatch is not None and dispatch.status == "ANSWERED":
        if claim is not None and not claim.found:
            _renew(state, event, payload, claim)
        return
    if dispatch is not None:
        spending.was_made(state, dispatch)
        state.dispatches[dispatch.dispatch_id] = replace(dispatch, status="ANSWERED")
    if claim is None:
        _unasked(state, event, payload)
    elif claim.status == "ANSWERED" or (claim.answer_id and _no_longer_waits(state, event, payload)):
        _renew(state, event, payload, claim)
    else:
        _end(state, event, payload, claim)


def _end(state: State, event: Event, payload: EnrichmentReceived, claim: Claim) -> None:
    """The claim has its answer, and everyone who waited for it. An earlier one that has found something newer stays."""
    spending.supersede(state, claim)
    if payload.dispatch_id not in state.dispatches:
        _settle(state, claim)
    looked_at = refreshed_at(payload.answer, event.occurred_at)
    if not claim.found or _is_better(claim, event, payload, looked_at):
        claim = replace(
            claim, answer_id=event.id, found=payload.found, answered_for=claim.claimant_item_id, refreshed_at=looked_at
        )
    state.claims[claim.key] = replace(claim, status="ANSWERED", answered_at=event.occurred_at, code=None, reason=None)
    state.release(claim.key, event.id)


def _renew(state: State, event: Event, payload: EnrichmentReceived, claim: Claim) -> None:
    """The claim had an answer before: one that has found something takes its place, unless that is newer."""
    looked_at = refreshed_at(payload.answer, event.occurred_at)
    if _is_better(claim, event, payload, looked_at):
        asker = claim.claimant_item_id if claim.status == "ANSWERED" else claim.answered_for
        state.claims[claim.key] = replace(
            claim, answer_id=event.id, found=True, answered_at=event.occurred_at, code=None, reason=None,
            answered_for=asker, refreshed_at=looked_at,
        )  # fmt: skip


def _is_better(claim: Claim, event: Event, payload: EnrichmentReceived, looked_at: str) -> bool:
    """Whether something was found, and its provider has looked since, or no later and told it since."""
    if not payload.found or not claim.found:
        return payload.found
    before = claim.refreshed_at or ""
    return looked_at > before or (looked_at == before and event.occurred_at > (claim.answered_at or event.occurred_at))


def _unasked(state: State, event: Event, payload: EnrichmentReceived) -> None:
    """Keep an answer that nobody has asked for yet: who asks finds it."""
    scope = scope_of(event.entity_id or "")
    if payload.found and event.entity_id and event.client_id and scope != "item":
        state.claims[event.entity_id, payload.workflow] = Claim(
            event.entity_id, payload.workflow, event.tenant_id, event.client_id, scope, "", "answer", "ANSWERED", None,
            None, 0, event.id, True, event.occurred_at, None, None, None,
            refreshed_at(payload.answer, event.occurred_at),
        )  # fmt: skip


def claim_key(state: State, event: Event, payload: EnrichmentReceived) -> ClaimKey | None:
    """The claim an answer belongs to: that of its dispatch, else that which the item it names waits for or has waited
    for, else that of the entity it names.
    """
    dispatch = state.dispatches.get(payload.dispatch_id or "")
    if dispatch is not None:
        return dispatch.key
    waiter = _waiter_named(state, event, payload)
    if waiter is not None:
        return waiter.key
    return (event.entity_id, payload.workflow) if event.entity_id else None


def _waiter_named(state: State, event: Event, payload: EnrichmentReceived) -> Waiter | None:
    waiter = state.waiters.get(state.steps_of.get((event.entity_id or "", payload.workflow), ("", 0)))
    return waiter if waiter is not None and waiter.client_id == event.client_id else None


def _no_longer_waits(state: State, event: Event, payload: EnrichmentReceived) -> bool:
    """Whether an answer names nothing but an item whose wait has ended. It may be what ended that, told again, and so
    it ends no call for a newer one.
    """
    waiter = None if payload.dispatch_id in state.dispatches else _waiter_named(state, event, payload)
    return waiter is not None and waiter.released_by is not None


def _settle(state: State, claim: Claim) -> None:
    """The call that is out has its answer, though that does not name it."""
    current = state.dispatches.get(claim.dispatch_id or "")
    if current is not None and current.status == "SENT":
        state.dispatches[current.dispatch_id] = replace(current, status="ANSWERED")
