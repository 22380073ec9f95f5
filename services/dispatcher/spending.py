"""What calls cost, and what a batch and a client may spend: a call that would be too much is held, not made. Pure.

Credits are reserved when a call is to be made and given back when it was not: a call that the provider took, or may
have taken, is paid for, whatever comes of it.
"""

from typing import Final

from services.dispatcher.configuration import config_of, price_of
from services.dispatcher.state import Batch, Budget, Claim, Dispatch, DispatchStatus, State, Waiter, settings_of
from shared.envelope import Event
from shared.events import BatchResumed
from shared.record import replace

ROUNDING: Final = 1e-9  # three calls at 0.1 fit into 0.3


def admit(state: State, event: Event, dispatch: Dispatch) -> None:
    """Enter a dispatch as due, its credits reserved; as held, and its batch with it, where that would be too much."""
    if may_make(state, dispatch):
        _reserve(state, dispatch, dispatch.credits)
        since = event.occurred_at if dispatch.status == "HELD" else dispatch.since
        state.dispatches[dispatch.dispatch_id] = replace(dispatch, status="DUE", since=since)
        return
    state.dispatches[dispatch.dispatch_id] = replace(dispatch, status="HELD")
    hold(state, event, dispatch.batch_id)


def admit_for_one_of_them(state: State, event: Event, dispatch: Dispatch) -> Dispatch:
    """Enter a dispatch for one of the batches that wait for it: its own if that may make it, else the first that may.
    Where none may it is held, and all of them with it.
    """
    places = sorted(state.waiting[dispatch.key])
    waiters = [w for w in map(state.waiters.__getitem__, places) if state.batches[w.batch_id].status != "cancelled"]
    waiters.sort(key=lambda waiter: waiter.batch_id != dispatch.batch_id)
    firsts: dict[str, Waiter] = {}
    for waiter in waiters:
        firsts.setdefault(waiter.batch_id, waiter)
    offers = [passed_to(state, dispatch, waiter) for waiter in firsts.values()]
    payer = next((offer for offer in offers if may_make(state, offer)), None)
    mine = payer or offers[0]
    admit(state, event, mine)
    if payer is None:
        for offer in offers:
            hold(state, event, offer.batch_id)
    return mine


def passed_to(state: State, dispatch: Dispatch, waiter: Waiter) -> Dispatch:
    """The dispatch as that of the batch of one who waits for it, at its price there."""
    batch = state.batches[waiter.batch_id]
    if batch.batch_id == dispatch.batch_id:
        return dispatch
    step = batch.blueprint[waiter.step]
    return replace(
        dispatch, batch_id=batch.batch_id, item_id=waiter.item_id, step=waiter.step, workstream=batch.workstream,
        settings=settings_of(batch, waiter.step), credits=price_of(step, config_of(state, batch, step)),
    )  # fmt: skip


def may_make(state: State, dispatch: Dispatch) -> bool:
    """Whether nobody has paused the batch of a call, and it costs no more than batch and client have left."""
    batch = state.batches[dispatch.batch_id]
    if batch.status == "paused":
        return False
    budget = budget_of(state, batch)
    return _fits(batch.max_credits, batch.reserved, dispatch) and _fits(budget.max_credits, budget.reserved, dispatch)


def hold(state: State, event: Event, batch_id: str) -> None:
    """A batch waits for a call that it may not pay for: it is paused, once, unless a person has."""
    batch = state.batches[batch_id]
    if batch.held_by is None and batch.status != "paused":
        state.batches[batch_id] = replace(batch, held_by=event.id)


def was_made(state: State, dispatch: Dispatch) -> None:
    """Word comes that the call was made. If its credits were given back, it had been on its way already: those of one
    that is in doubt are not given back.
    """
    given_back = dispatch.status in {"HELD", "REFUSED", "SUPERSEDED", "CANCELLED"} and not dispatch.in_doubt
    if given_back and dispatch.sent_at is None:
        _reserve(state, dispatch, dispatch.credits)


def give_back(state: State, dispatch: Dispatch) -> None:
    """A call that was reserved was not made."""
    _reserve(state, dispatch, -dispatch.credits)


def take_back(state: State, dispatch: Dispatch, status: DispatchStatus) -> None:
    """A call that was not made yet is not made."""
    if dispatch.status == "DUE":
        give_back(state, dispatch)
    state.dispatches[dispatch.dispatch_id] = replace(dispatch, status=status)


def supersede(state: State, claim: Claim) -> bool:
    """A call that was not made yet is not needed any more; whether there was one."""
    current = state.dispatches.get(claim.dispatch_id or "")
    if current is None or current.status not in {"DUE", "HELD"}:
        return False
    take_back(state, current, "SUPERSEDED")
    return True


def resume(state: State, event: Event, payload: BatchResumed) -> None:
    """Make the calls of the batch that were held, as far as it may now."""
    batch = state.batches.get(event.batch_id or "")
    if batch is None:
        return
    cap = batch.max_credits if payload.max_credits is None else payload.max_credits
    batch = replace(batch, held_by=None, max_credits=cap, since=event.id)
    state.batches[batch.batch_id] = _unpaused(batch)
    held = [d for d in state.dispatches.values() if d.batch_id == batch.batch_id and d.status == "HELD"]
    for dispatch in sorted(held, key=lambda dispatch: (dispatch.due_at, dispatch.dispatch_id)):
        admit(state, event, dispatch)


def completed(state: State, event: Event) -> None:
    """A batch whose items have all ended waits for no call: retried, it goes on without a word that it may."""
    batch = state.batches.get(event.batch_id or "")
    if batch is not None:
        state.batches[batch.batch_id] = _unpaused(replace(batch, held_by=None, ended=True))


def _unpaused(batch: Batch) -> Batch:
    return replace(batch, status="running") if batch.status == "paused" else batch


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
    return cap is None or not dispatch.credits or reserved + dispatch.credits <= cap + ROUNDING


def _reserve(state: State, dispatch: Dispatch, credits_: float) -> None:
    if credits_:
        batch = state.batches[dispatch.batch_id]
        budget = budget_of(state, batch)
        state.batches[batch.batch_id] = replace(batch, reserved=batch.reserved + credits_)
        state.budgets[batch.client_id] = replace(budget, reserved=budget.reserved + credits_)
