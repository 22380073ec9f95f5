"""One entity, one call: claims, their waiters and their dispatches, as steps and calls move them. Pure.

Always true: a claim in progress has one current dispatch; whoever needs the entity meanwhile waits; an answer or a
final failure releases every waiter at once, in the same step of the fold. There is no moment between looking and
waiting in which an answer could be missed.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from services.dispatcher import spending, submissions
from services.dispatcher.state import (
    Batch,
    Claim,
    ClaimKey,
    ClaimStatus,
    Dispatch,
    DispatchStatus,
    Item,
    State,
    Waiter,
    settings_of,
)
from shared.entities import Entity
from shared.envelope import Event
from shared.events import (
    BatchPaused,
    BatchResumed,
    DispatchRefused,
    DispatchTimedOut,
    FailureCode,
    Scope,
    StepDispatched,
    StepScheduled,
)
from shared.ids import derive_id
from shared.record import replace

NOBODY_WAITS: Final = "every batch that waited for it was cancelled"


def ask(
    state: State, event: Event, item: Item, entity: Entity, scope: Scope, config: dict[str, Any], price: float
) -> None:
    """An item needs an entity: it claims it, waits for it, or finds it answered (and then changes nothing)."""
    payload: StepScheduled = event.payload
    key = (entity.entity_id, payload.workflow)
    claim = claim_of(state, item.client_id, key)
    if claim is not None and is_fresh(claim.answered_at, event.occurred_at, config):
        return
    waiter = Waiter(item.item_id, payload.step, item.tenant_id, item.client_id, item.batch_id, *key, released_by=None)
    state.wait(waiter)
    if claim is None or claim.status != "IN_PROGRESS":
        _claim(state, event, item, entity, scope, claim, price)
    else:
        _take_over(state, event, waiter, claim)


def claim_of(state: State, client_id: str | None, key: ClaimKey) -> Claim | None:
    """A client's claim of an entity. One that another client's answer made by naming the entity is none."""
    claim = state.claims.get(key)
    return claim if claim is not None and claim.client_id == client_id else None


def is_fresh(answered_at: datetime | None, now: datetime, config: dict[str, Any]) -> bool:
    """Whether what was answered then may be used again at `now`, as `freshness_days` says (None: for ever).

    Whoever may use it does so while another waits for a newer one.
    """
    if answered_at is None or config.get("force_refresh"):
        return False
    days = config.get("freshness_days")
    return days is None or now - answered_at <= timedelta(days=float(days))


def _still_out(state: State, claim: Claim | None) -> Dispatch | None:
    """The call that an earlier claim has out still: it is paid for, and its answer will be as new as another's."""
    dispatch = state.dispatches.get(claim.dispatch_id or "") if claim else None
    return dispatch if dispatch is not None and dispatch.status == "SENT" else None


def _take_over(state: State, event: Event, waiter: Waiter, claim: Claim) -> None:
    """A call that another batch may not make is this one's to make, if it may; else it waits paused too."""
    dispatch = state.dispatches[claim.dispatch_id or ""]
    if dispatch.status != "HELD" or dispatch.batch_id == waiter.batch_id:
        return
    theirs = spending.passed_to(state, dispatch, waiter)
    if spending.may_make(state, theirs):
        state.claims[claim.key] = replace(claim, claimant_item_id=waiter.item_id)
        spending.admit(state, event, theirs)
    else:
        spending.hold(state, event, waiter.batch_id)


def pause(state: State, event: Event, payload: BatchPaused) -> None:
    """Hold the calls of a batch that a person has paused and that are not out; what others need is made for them."""
    batch = state.batches.get(event.batch_id or "")
    if not payload.calls or batch is None or batch.status != "running" or batch.ended:
        return
    state.batches[batch.batch_id] = replace(batch, status="paused")
    for key in _waited_for(state, batch):
        claim = state.claims[key]
        dispatch = state.dispatches[claim.dispatch_id or ""]
        if dispatch.status == "DUE" and dispatch.batch_id == batch.batch_id:
            _pass_on(state, event, claim, dispatch)


def resume(state: State, event: Event, payload: BatchResumed) -> None:
    """Make the calls that the batch waits for and that were held, its own first, as far as it may now."""
    spending.resume(state, event, payload)
    batch = state.batches.get(event.batch_id or "")
    if batch is None or batch.status != "running":
        return
    waiting = (state.waiters[place] for places in state.waiting.values() for place in places)
    theirs = [waiter for waiter in waiting if waiter.batch_id == batch.batch_id]
    for waiter in sorted(theirs, key=lambda waiter: (waiter.item_id, waiter.step)):
        claim = state.claims.get(waiter.key)
        if claim is not None and claim.status == "IN_PROGRESS":
            _take_over(state, event, waiter, claim)


def _claim(
    state: State, event: Event, item: Item, entity: Entity, scope: Scope, known: Claim | None, price: float
) -> None:
    """Make the claim anew for a call, with the answer that there is: the call may come to nothing."""
    payload: StepScheduled = event.payload
    still_out = _still_out(state, known)
    answer = (known.answer_id, known.found, known.answered_at) if known else (None, None, None)
    origin = (known.answered_for, known.refreshed_at) if known else (None, None)
    dispatch_id = still_out.dispatch_id if still_out else derive_id("disp", event.id, entity.entity_id)
    attempt = still_out.attempt if still_out else 1
    state.claims[entity.entity_id, payload.workflow] = Claim(
        entity.entity_id, payload.workflow, item.tenant_id, item.client_id, scope, entity.key, entity.basis,
        "IN_PROGRESS", item.item_id, dispatch_id, attempt, *answer, None, None, *origin,
    )  # fmt: skip
    if still_out:
        return
    batch = state.batches[item.batch_id]
    dispatch = Dispatch(
        dispatch_id, item.tenant_id, item.client_id, item.batch_id, item.item_id, payload.step, entity.entity_id,
        payload.workflow, batch.workstream, settings_of(batch, payload.step), 1, "DUE", event.occurred_at,
        None, None, False, None, None, 0, price, event.occurred_at,
    )  # fmt: skip
    spending.admit(state, event, dispatch)


def dispatched(state: State, event: Event, payload: StepDispatched) -> None:
    """The POST was accepted. An answer may have been quicker: then the dispatch stays answered. One that was taken back
    or passed on meanwhile is out all the same: who asks next, or has asked since, waits for its answer.
    """
    dispatch = state.dispatches.get(payload.dispatch_id)
    if dispatch is None:
        return
    if dispatch.sent_at is None:
        submissions.taken(state, event, payload)
        spending.was_made(state, dispatch)
    status = "SENT" if dispatch.status in {"HELD", "DUE", "CANCELLED", "SUPERSEDED"} else dispatch.status
    state.dispatches[dispatch.dispatch_id] = replace(
        dispatch,
        status=status,
        sent_at=event.occurred_at,
        deadline_at=payload.deadline_at,
        in_doubt=dispatch.in_doubt or payload.in_doubt,
    )
    if dispatch.status == "CANCELLED":
        _adopt(state, dispatch)


def _adopt(state: State, dispatch: Dispatch) -> None:
    """Who has asked since a call was taken back, and made none yet, needs none."""
    claim = claim_of(state, dispatch.client_id, dispatch.key)
    if claim is not None and claim.status == "IN_PROGRESS" and spending.supersede(state, claim):
        state.claims[claim.key] = replace(claim, dispatch_id=dispatch.dispatch_id, attempt=dispatch.attempt)


def unsuccessful(
    state: State, event: Event, payload: DispatchRefused | DispatchTimedOut, code: FailureCode, reason: str
) -> None:
    """A dispatch was refused or its answer is missing: try again as a new dispatch, or fail the claim.

    One that was on its way for a batch and has passed to another was refused by settings that are not the other's: the
    other has a try of its own.
    """
    dispatch = state.dispatches.get(payload.dispatch_id)
    if dispatch is not None and isinstance(payload, DispatchRefused):
        dispatch = submissions.perhaps_taken(state, event, payload, dispatch)
    if dispatch is None or dispatch.status not in {"HELD", "DUE", "SENT"}:
        return
    held = dispatch.status == "HELD"
    status: DispatchStatus = "REFUSED" if isinstance(payload, DispatchRefused) else "TIMED_OUT"
    dispatch = replace(dispatch, status=status, code=code, reason=reason)
    state.dispatches[dispatch.dispatch_id] = dispatch
    if status == "REFUSED" and not held and dispatch.sent_at is None and not dispatch.in_doubt:
        spending.give_back(state, dispatch)
    claim = state.claims.get(dispatch.key)
    if claim is None or claim.status != "IN_PROGRESS" or claim.dispatch_id != dispatch.dispatch_id:
        return
    passed_on = dispatch.batch_id != event.batch_id
    retry_at = payload.retry_at or (dispatch.due_at if passed_on else None)
    if retry_at is not None and _wanted(state, claim.key):
        _try_again(state, event, claim, dispatch, retry_at)
    else:
        _give_up(state, event, claim, code, reason)


def cancel(state: State, event: Event, batch: Batch) -> None:
    """Take back what the batch waited for and was not sent yet; a batch that still waits for it makes it and pays."""
    for key in _waited_for(state, batch):
        claim = state.claims[key]
        dispatch = state.dispatches[claim.dispatch_id or ""]
        if dispatch.status in {"DUE", "HELD"} and not _wanted(state, key):
            spending.take_back(state, dispatch, "CANCELLED")
            _give_up(state, event, claim, "INTERNAL", NOBODY_WAITS)
        elif dispatch.status in {"DUE", "HELD"} and dispatch.batch_id == batch.batch_id:
            _pass_on(state, event, claim, dispatch)


def _waited_for(state: State, batch: Batch) -> list[ClaimKey]:
    """The claims that the batch waits for, in one order always."""
    waiting = state.waiting.items()
    return sorted(key for key, places in waiting if any(state.waiters[p].batch_id == batch.batch_id for p in places))


def _pass_on(state: State, event: Event, claim: Claim, dispatch: Dispatch) -> None:
    """A call that its batch has not made, and does not make now, is made for another that waits for it and may."""
    if dispatch.status == "DUE":
        spending.give_back(state, dispatch)
    made = spending.admit_for_one_of_them(state, event, dispatch)
    if made.batch_id != dispatch.batch_id:
        state.claims[claim.key] = replace(claim, claimant_item_id=made.item_id)


def _wanted(state: State, key: ClaimKey) -> bool:
    """Whether anybody waits whose batch was not cancelled."""
    return any(state.batches[batch_id].status != "cancelled" for batch_id in _batches(state, key))


def _batches(state: State, key: ClaimKey) -> set[str]:
    return {state.waiters[place].batch_id for place in state.waiting.get(key, ())}


def _try_again(state: State, event: Event, claim: Claim, dispatch: Dispatch, due_at: datetime) -> None:
    following = derive_id("disp", dispatch.dispatch_id, "retry")
    missed = dispatch.status == "TIMED_OUT"
    again = replace(
        dispatch, dispatch_id=following, attempt=dispatch.attempt + 1, status="DUE", due_at=due_at, sent_at=None,
        deadline_at=None, in_doubt=False, code=None, reason=None, missing=dispatch.missing + missed,
        since=event.occurred_at if missed else dispatch.since,
    )  # fmt: skip
    made = spending.admit_for_one_of_them(state, event, again)
    claimant = claim.claimant_item_id if made.batch_id == dispatch.batch_id else made.item_id
    state.claims[claim.key] = replace(
        claim, dispatch_id=following, attempt=dispatch.attempt + 1, claimant_item_id=claimant
    )


def _give_up(state: State, event: Event, claim: Claim, code: FailureCode, reason: str) -> None:
    """No answer comes: who waited for it fails. An earlier one is as good as it was for those who may use it."""
    status: ClaimStatus = "FAILED" if claim.answered_at is None else "ANSWERED"
    state.claims[claim.key] = replace(claim, status=status, code=code, reason=reason)
    state.release(claim.key, event.id)
