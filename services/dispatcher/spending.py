"""What calls cost, and what a batch and a client may spend: a call that would be too much is held, not made. Pure.

Credits are reserved when a call is to be made and given back when it was not: a call that the provider took is paid
for, whatever comes of it.
"""

from services.dispatcher.state import Batch, Budget, Dispatch, State
from shared.envelope import Event
from shared.events import BatchResumed
from shared.record import replace


def admit(state: State, event: Event, dispatch: Dispatch) -> None:
    """Enter a dispatch as due, its credits reserved; as held, and its batch with it, where that would be too much."""
    batch = state.batches[dispatch.batch_id]
    budget = budget_of(state, batch)
    if _fits(batch.max_credits, batch.reserved, dispatch) and _fits(budget.max_credits, budget.reserved, dispatch):
        _reserve(state, dispatch, dispatch.credits)
        state.dispatches[dispatch.dispatch_id] = (
            dispatch if dispatch.status == "DUE" else replace(dispatch, status="DUE")
        )
        return
    state.dispatches[dispatch.dispatch_id] = replace(dispatch, status="HELD")
    if batch.held_by is None:
        state.batches[batch.batch_id] = replace(batch, held_by=event.id)


def was_made(state: State, dispatch: Dispatch) -> None:
    """Word comes that the call was made. If its credits were given back, it had been on its way already."""
    if dispatch.status in {"REFUSED", "SUPERSEDED", "CANCELLED"} and dispatch.sent_at is None:
        _reserve(state, dispatch, dispatch.credits)


def give_back(state: State, dispatch: Dispatch) -> None:
    """A call that was reserved was not made."""
    _reserve(state, dispatch, -dispatch.credits)


def resume(state: State, event: Event, payload: BatchResumed) -> None:
    """Make the calls of the batch that were held, as far as it may now."""
    batch = state.batches.get(event.batch_id or "")
    if batch is None:
        return
    cap = batch.max_credits if payload.max_credits is None else payload.max_credits
    state.batches[batch.batch_id] = replace(batch, held_by=None, max_credits=cap)
    held = [d for d in state.dispatches.values() if d.batch_id == batch.batch_id and d.status == "HELD"]
    for dispatch in sorted(held, key=lambda dispatch: (dispatch.due_at, dispatch.dispatch_id)):
        admit(state, event, dispatch)


def why_held(state: State, batch: Batch) -> str:
    """Why a batch is paused, and how it goes on."""
    budget = budget_of(state, batch)
    client_first = budget.max_credits is not None and (
        batch.max_credits is None or budget.max_credits - budget.reserved <= batch.max_credits - batch.reserved
    )
    if client_first:
        whose, cap, spent = "the client", budget.max_credits, budget.reserved
        how = "`leadstream client budget` raises it; then resume the batch"
    else:
        whose, cap, spent = "the batch", batch.max_credits, batch.reserved
        how = "`leadstream batch resume BATCH --max-credits N` raises it"
    return f"the next call would cost more than {whose} may spend: {spent:g} of {cap or 0:g} credits are gone; {how}"


def budget_of(state: State, batch: Batch) -> Budget:
    """What the batch's client may spend, and has."""
    return state.budgets.get(batch.client_id) or Budget(batch.client_id, batch.tenant_id, None, 0.0)


def _fits(cap: float | None, reserved: float, dispatch: Dispatch) -> bool:
    return cap is None or not dispatch.credits or reserved + dispatch.credits <= cap


def _reserve(state: State, dispatch: Dispatch, credits_: float) -> None:
    if credits_:
        batch = state.batches[dispatch.batch_id]
        budget = budget_of(state, batch)
        state.batches[batch.batch_id] = replace(batch, reserved=batch.reserved + credits_)
        state.budgets[batch.client_id] = replace(budget, reserved=budget.reserved + credits_)
