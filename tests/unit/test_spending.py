"""What calls cost: nothing is called that a batch or its client may not pay for, and what was not called is free."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher.state import Dispatch
from shared.envelope import Event
from shared.events import BatchCancelled, BatchLaunched, BatchPaused, BatchResumed, BudgetSet
from shared.ids import named_id
from tests.unit.dispatching import (
    FLOW,
    LATER,
    answered,
    company_id,
    configured,
    current,
    dispatcher,
    refused,
    scheduled,
    sent,
    timed_out,
    unasked,
)
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, NEXT_BATCH, START, TENANT, UPLOAD, added, fact
from tests.unit.specification import Specification

HOOK = named_id("wh", "hook")
PRICED = replace(COMPANY_STEP, credits=2.0)
FIRMS = ("acme.com", "beta.com", "gamma.com", "delta.com")


def launch(cap: float | None, batch_id: str = BATCH, first: int = 0, **config) -> list[Event]:
    """A batch of one item at each firm."""
    own = {FLOW: config} if config else {}
    payload = BatchLaunched(UPLOAD, "apollo_scrape", [PRICED], len(FIRMS), config=own, max_credits=cap)
    rows = [added(first + n, batch_id=batch_id, company_domain=firm) for n, firm in enumerate(FIRMS)]
    return [fact(payload, batch_id=batch_id), *rows]


def spending(cap: float | None, *more: Event, **config) -> Specification:
    return dispatcher(configured(), *more, *launch(cap, **config))


def budget(cap: float | None, nth: int = 0) -> Event:
    return fact(BudgetSet(cap), batch_id=None, nth=nth)


def statuses(batch: Specification) -> list[str]:
    return sorted(dispatch.status for dispatch in batch.state.dispatches.values())


def test_calls_that_cost_just_what_may_be_spent_are_made() -> None:
    tenth = replace(COMPANY_STEP, credits=0.1)
    payload = BatchLaunched(UPLOAD, "apollo_scrape", [tenth], 3, max_credits=0.3)
    rows = [added(n, company_domain=firm) for n, firm in enumerate(FIRMS[:3])]
    batch = dispatcher(configured(), fact(payload), *rows).when(*(scheduled(n) for n in range(3)))
    assert statuses(batch) == ["DUE", "DUE", "DUE"]


def test_the_call_that_would_be_too_much_is_held_and_the_batch_paused_once() -> None:
    batch = spending(5).when(*(scheduled(n) for n in range(4)))
    assert statuses(batch) == ["DUE", "DUE", "HELD", "HELD"]
    (paused,) = batch.following
    assert (paused.batch_id, paused.item_id) == (BATCH, None)
    assert isinstance(paused.payload, BatchPaused)
    assert "4 of 5 credits are gone" in paused.payload.reason
    assert batch.state.batches[BATCH].reserved == 4


def test_with_a_higher_cap_it_goes_on_as_far_as_that() -> None:
    batch = spending(3).given(*(scheduled(n) for n in range(4)))
    batch.when(fact(BatchResumed()))
    assert [type(event.payload) for event in batch.following] == [BatchPaused], "resumed as it was: held as it was"
    batch.when(fact(BatchResumed("more", max_credits=6), nth=1))
    assert statuses(batch) == ["DUE", "DUE", "DUE", "HELD"]
    assert [type(event.payload) for event in batch.following] == [BatchPaused]
    batch.when(fact(BatchResumed("all", max_credits=8), nth=2)).then()
    assert statuses(batch) == ["DUE"] * 4


def test_a_client_s_budget_holds_for_all_its_batches_together() -> None:
    batch = spending(None, budget(4)).given(scheduled(0))
    batch.given(*launch(None, NEXT_BATCH, 10, force_refresh=True))
    batch.given(answered(current(batch, FIRMS[0])))
    batch.when(scheduled(11, batch_id=NEXT_BATCH), scheduled(12, batch_id=NEXT_BATCH))
    (paused,) = batch.following
    assert paused.batch_id == NEXT_BATCH
    assert "than the client may spend: 4 of 4" in paused.payload.reason
    batch.when(budget(10, nth=1)).then()
    batch.when(fact(BatchResumed(), batch_id=NEXT_BATCH)).then()
    assert "HELD" not in statuses(batch)
    assert batch.state.budgets[CLIENT].reserved == 6


@pytest.mark.parametrize(("config", "made"), [({"credits": 0}, 4), ({"credits": 1.5}, 3), ({"credits": 5}, 1)])
def test_the_price_of_the_settings_goes_over_that_of_the_registry(config: dict, made: int) -> None:
    batch = spending(5, **config).given(*(scheduled(n) for n in range(4)))
    assert statuses(batch).count("DUE") == made


def test_a_pause_says_since_when_the_batch_ran() -> None:
    batch = spending(0).when(scheduled(0))
    assert [event.payload.since for event in batch.following] == [launch(0)[0].id]
    more = fact(BatchResumed(max_credits=2))
    batch.given(more).when(scheduled(1))
    assert [event.payload.since for event in batch.following] == [more.id]


def test_a_call_waits_from_its_first_attempt_on_or_from_when_it_was_taken_or_set_free_last() -> None:
    batch = spending(2).given(scheduled(0), scheduled(1))

    def waits(firm: str) -> float:
        return (current(batch, firm).since - START) / timedelta(hours=1)

    batch.given(refused(current(batch, FIRMS[0]), retry_at=LATER, hours=1))
    assert waits(FIRMS[0]) == 0
    batch.given(fact(BatchResumed(max_credits=9), hours=2))
    assert waits(FIRMS[1]) == 2
    out = current(batch, FIRMS[0])
    batch.given(sent(out, hours=3), timed_out(out, retry_at=LATER, hours=4))
    assert waits(FIRMS[0]) == 4


def test_a_refused_call_costs_nothing_and_a_missing_answer_does() -> None:
    batch = spending(2).given(scheduled(0))
    batch.given(refused(current(batch, FIRMS[0]), retry_at=LATER))
    assert batch.state.batches[BATCH].reserved == 2, "its next attempt's"
    second = current(batch, FIRMS[0])
    batch.given(sent(second))
    batch.when(timed_out(second, retry_at=LATER))
    assert [type(event.payload) for event in batch.following] == [BatchPaused]
    assert current(batch, FIRMS[0]).status == "HELD"
    batch.when(answered(second))
    assert statuses(batch) == ["ANSWERED", "REFUSED", "SUPERSEDED"]
    assert batch.state.batches[BATCH].reserved == 2


def test_a_post_without_an_answer_may_have_been_taken_and_is_paid_for_once() -> None:
    batch = spending(10).given(scheduled(0))
    first = current(batch, FIRMS[0])
    batch.given(refused(first, retry_at=LATER, webhook_id=HOOK))
    second = current(batch, FIRMS[0])
    assert (second.status, second.in_doubt, batch.state.batches[BATCH].reserved) == ("DUE", False, 4)
    assert (batch.state.dispatches[first.dispatch_id].in_doubt, batch.state.webhooks[HOOK, TENANT].taken) == (True, 1)
    batch.given(refused(first, retry_at=LATER, webhook_id=HOOK, nth=1), answered(first))
    assert (statuses(batch), batch.state.batches[BATCH].reserved) == (["ANSWERED", "SUPERSEDED"], 2)
    assert batch.state.webhooks[HOOK, TENANT].taken == 1


def test_a_post_without_an_answer_is_paid_for_although_its_batch_was_cancelled_meanwhile() -> None:
    batch = spending(10).given(scheduled(0))
    first = current(batch, FIRMS[0])
    batch.given(fact(BatchCancelled()))
    assert batch.state.batches[BATCH].reserved == 0
    batch.given(refused(first, retry_at=LATER, webhook_id=HOOK), answered(first, nth=1))
    assert (batch.state.batches[BATCH].reserved, batch.state.webhooks[HOOK, TENANT].taken) == (2, 1)


GIVEN_BACK = {"REFUSED", "SUPERSEDED", "CANCELLED"}
WORDS = (sent, answered, timed_out, refused)


@settings(deadline=None)
@given(st.sampled_from((None, 0, 3, 6)), st.sampled_from((None, 5, 9)), st.data())
def test_what_is_reserved_is_what_was_called_and_never_more_than_a_cap(cap, whole, data: st.DataObject) -> None:
    batch = dispatcher(configured(), budget(whole), *launch(cap), *launch(None, NEXT_BATCH, 10, force_refresh=True))
    left = [(n, BATCH) for n in range(4)] + [(10 + n, NEXT_BATCH) for n in range(4)]
    given_back: set[str] = set()
    for nth in range(data.draw(st.integers(1, 25))):
        batch.when(*draw(batch, left, nth, data))
        given_back |= {d.dispatch_id for d in batch.state.dispatches.values() if d.status in GIVEN_BACK}
        check(batch, cap, whole, given_back)


def draw(batch: Specification, left: list[tuple[int, str]], nth: int, data: st.DataObject) -> list[Event]:
    dispatches = sorted(batch.state.dispatches.values(), key=lambda dispatch: dispatch.dispatch_id)
    kind = data.draw(st.sampled_from(["schedule", "word", "word", "pause", "resume", "unasked", "cancel"]))
    if kind == "schedule" and left:
        number, batch_id = left.pop()
        return [scheduled(number, batch_id=batch_id)]
    if kind == "word" and (called := [d for d in dispatches if d.status != "HELD"]):
        word, dispatch = data.draw(st.sampled_from(WORDS)), data.draw(st.sampled_from(called))
        more: dict = {"retry_at": LATER} if word in (timed_out, refused) and data.draw(st.booleans()) else {}
        more |= {"webhook_id": HOOK} if word is refused and data.draw(st.booleans()) else {}
        return [word(dispatch, nth=nth, **more)]
    if kind in {"pause", "resume"}:
        said = BatchPaused(calls=True) if kind == "pause" else BatchResumed()
        return [fact(said, batch_id=data.draw(st.sampled_from((BATCH, NEXT_BATCH))), nth=nth)]
    if kind == "cancel" and data.draw(st.integers(0, 3)) == 0:
        return [fact(BatchCancelled(), batch_id=data.draw(st.sampled_from((BATCH, NEXT_BATCH))), nth=nth)]
    return [unasked(data.draw(st.sampled_from(FIRMS)), nth=nth)] if kind == "unasked" else []


def check(batch: Specification, cap: float | None, whole: float | None, given_back: set[str]) -> None:
    state = batch.state
    paid = [dispatch for dispatch in state.dispatches.values() if is_paid(dispatch)]
    for name, found in state.batches.items():
        assert found.reserved == sum(d.credits for d in paid if d.batch_id == name)
        due = any(d.status == "DUE" for d in state.dispatches.values() if d.batch_id == name)
        assert not (due and found.status == "paused")
    assert state.budgets[CLIENT].reserved == sum(d.credits for d in paid)
    late = sum(d.credits for d in paid if d.dispatch_id in given_back)  # were on their way all the same
    assert cap is None or state.batches[BATCH].reserved <= cap + late
    assert whole is None or state.budgets[CLIENT].reserved <= whole + late
    for found in state.claims.values():
        if found.entity_id in map(company_id, FIRMS) and found.status == "IN_PROGRESS":
            assert state.dispatches[found.dispatch_id or ""].status in {"HELD", "DUE", "SENT"}


def is_paid(dispatch: Dispatch) -> bool:
    in_doubt = dispatch.sent_at is not None or dispatch.in_doubt
    return dispatch.status not in {"HELD", *GIVEN_BACK} or in_doubt
