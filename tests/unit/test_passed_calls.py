"""Calls that pass from a batch that does not make them to one that waits too: whose they are, and their price."""

from datetime import timedelta

import pytest

from services.dispatcher.state import Dispatch
from shared.events import BatchCancelled, BatchCompleted, BatchPaused, BatchResumed, StepFailed
from shared.ids import named_id
from tests.unit.dispatching import (
    LATER,
    answered,
    claim,
    current,
    refused,
    scheduled,
    sent,
    timed_out,
)
from tests.unit.facts import BATCH, CLIENT, NEXT_BATCH, TENANT, added, fact, item_id
from tests.unit.specification import Specification
from tests.unit.test_spending import FIRMS, HOOK, launch, spending, statuses

LAST_BATCH = named_id("batch", "last")


def test_a_batch_that_may_pay_takes_over_the_call_that_another_may_not() -> None:
    batch = spending(0).given(scheduled(0), *launch(None, NEXT_BATCH, 10))
    assert current(batch, FIRMS[0]).status == "HELD"
    batch.when(scheduled(10, batch_id=NEXT_BATCH)).then()
    dispatch = current(batch, FIRMS[0])
    assert (dispatch.status, dispatch.batch_id, dispatch.item_id) == ("DUE", NEXT_BATCH, item_id(10))
    assert len(batch.when(answered(dispatch)).following) == 2


def test_what_a_cancelled_batch_could_not_pay_for_is_made_for_who_still_waits() -> None:
    both = spending(0).given(*launch(0, NEXT_BATCH, 10), scheduled(10, batch_id=NEXT_BATCH), scheduled(0))
    both.when(fact(BatchCancelled(), batch_id=NEXT_BATCH))
    assert current(both, FIRMS[0]).batch_id == BATCH
    alone = spending(0).given(scheduled(0)).when(fact(BatchCancelled())).then()
    assert claim(alone, FIRMS[0]).status == "FAILED"


def retry_due(cap_of_next: float | None) -> tuple[Specification, Dispatch]:
    """A batch with settings of its own has a retry due when it is cancelled, and the next one waits for the company."""
    batch = spending(2, webhook_url="https://own.example").given(scheduled(0), *launch(cap_of_next, NEXT_BATCH, 10))
    batch.given(scheduled(10, batch_id=NEXT_BATCH), refused(current(batch, FIRMS[0]), retry_at=LATER))
    before = current(batch, FIRMS[0])
    assert (before.status, before.settings) == ("DUE", BATCH)
    batch.given(fact(BatchCancelled()))
    return batch, before


def test_what_a_cancelled_batch_has_not_called_yet_is_called_and_paid_for_by_who_still_waits() -> None:
    batch, before = retry_due(10)
    mine = current(batch, FIRMS[0])
    assert (mine.dispatch_id, mine.status, mine.batch_id) == (before.dispatch_id, "DUE", NEXT_BATCH)
    assert (mine.settings, mine.due_at) == ("default", before.due_at)
    assert [batch.state.batches[name].reserved for name in (BATCH, NEXT_BATCH)] == [0, 2]


def test_a_call_that_was_on_its_way_when_it_was_passed_on_and_held_is_made_once_and_paid_for() -> None:
    batch, before = retry_due(0)
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("HELD", NEXT_BATCH)
    batch.given(sent(before), fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3))
    assert current(batch, FIRMS[0]).status == "SENT"
    assert [batch.state.batches[name].reserved for name in (BATCH, NEXT_BATCH)] == [0, 2]


def test_a_call_that_is_held_and_may_have_been_made_counts_once_and_goes_on_as_another() -> None:
    batch, before = retry_due(0)
    batch.given(refused(before, retry_at=LATER, webhook_id=HOOK))
    made, held = batch.state.dispatches[before.dispatch_id], current(batch, FIRMS[0])
    assert (made.status, made.in_doubt, made.batch_id) == ("REFUSED", True, NEXT_BATCH)
    assert (held.status, held.in_doubt, held.attempt) == ("HELD", False, before.attempt + 1)
    assert (batch.state.batches[NEXT_BATCH].reserved, batch.state.webhooks[HOOK, TENANT].taken) == (2, 1)
    batch.given(fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3), sent(held, webhook_id=HOOK))
    assert current(batch, FIRMS[0]).status == "SENT"
    assert batch.state.batches[NEXT_BATCH].reserved == batch.state.budgets[CLIENT].reserved == 4
    assert batch.state.webhooks[HOOK, TENANT].taken == 2


@pytest.mark.parametrize(("code", "retry_at"), [("AUTH", None), ("API_ERROR", LATER + timedelta(hours=1))])
def test_a_call_that_is_held_and_was_refused_meanwhile_by_another_s_settings_stays_held(code, retry_at) -> None:
    """As another try: what becomes of that is not told of a call that has an outcome."""
    batch, before = retry_due(0)
    batch.when(refused(before, code, retry_at=retry_at)).then()
    held = current(batch, FIRMS[0])
    assert (batch.state.dispatches[before.dispatch_id].status, held.status) == ("REFUSED", "HELD")
    assert (held.batch_id, held.settings, held.attempt) == (NEXT_BATCH, "default", before.attempt + 1)
    assert held.due_at == (retry_at or before.due_at)
    batch.given(fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3))
    assert current(batch, FIRMS[0]).status == "DUE"
    assert [batch.state.batches[name].reserved for name in (BATCH, NEXT_BATCH)] == [0, 2]
    batch.given(refused(held, "AUTH"))
    assert claim(batch, FIRMS[0]).status == "FAILED"
    assert [batch.state.batches[name].reserved for name in (BATCH, NEXT_BATCH)] == [0, 0]


@pytest.mark.parametrize("cap", [0, 10])
@pytest.mark.parametrize(("code", "webhook_id"), [("AUTH", None), ("API_ERROR", HOOK)])
def test_who_a_call_has_passed_to_does_not_fail_by_another_s_settings(cap, code, webhook_id) -> None:
    """Held or due, refused or in doubt: its own settings are tried, and only what may have arrived is paid for."""
    batch, before = retry_due(cap)
    batch.when(refused(before, code, webhook_id=webhook_id))
    assert not any(isinstance(event.payload, StepFailed) for event in batch.following)
    mine = current(batch, FIRMS[0])
    assert (mine.status, mine.batch_id, mine.settings) == ("DUE" if cap else "HELD", NEXT_BATCH, "default")
    assert (mine.attempt, mine.due_at) == (before.attempt + 1, before.due_at)
    perhaps, own = 2 * bool(webhook_id), 2 * bool(cap)
    assert batch.state.batches[NEXT_BATCH].reserved == batch.state.budgets[CLIENT].reserved == perhaps + own
    batch.given(fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3))
    assert batch.state.batches[NEXT_BATCH].reserved == perhaps + 2
    batch.when(refused(current(batch, FIRMS[0]), "AUTH"))
    assert [(event.batch_id, event.payload.code) for event in batch.following] == [(NEXT_BATCH, "AUTH")]
    assert batch.state.batches[NEXT_BATCH].reserved == batch.state.budgets[CLIENT].reserved == perhaps


def test_what_was_sent_again_after_it_was_refused_while_it_was_held_is_answered_and_paid_for_once() -> None:
    """As a log has it that was written before there was another try."""
    batch, before = retry_due(0)
    batch.given(refused(before, "AUTH"), fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3))
    batch.given(sent(before, webhook_id=HOOK)).when(answered(before))
    assert len(batch.following) == 2
    assert statuses(batch) == ["ANSWERED", "REFUSED", "SUPERSEDED"]
    assert [batch.state.batches[name].reserved for name in (BATCH, NEXT_BATCH)] == [0, 2]
    assert batch.state.webhooks[HOOK, TENANT].taken == 1


def test_a_paused_batch_that_ends_and_is_retried_is_paused_again_by_the_next_call_that_is_too_much() -> None:
    """What it waited for was made, and refused, for another batch."""
    batch = spending(0).given(scheduled(0), *launch(None, NEXT_BATCH, 10), scheduled(10, batch_id=NEXT_BATCH))
    batch.given(refused(current(batch, FIRMS[0]), "AUTH"), fact(BatchCompleted(0, 1)))
    batch.when(scheduled(0, nth=1))
    assert statuses(batch) == ["HELD", "REFUSED"]
    assert [(type(event.payload), event.batch_id) for event in batch.following] == [(BatchPaused, BATCH)]


def held_by_two() -> Specification:
    """Two batches that wait for one call, and neither may pay for it: both are paused."""
    batch = spending(0).given(scheduled(0), *launch(1, NEXT_BATCH, 10))
    batch.when(scheduled(10, batch_id=NEXT_BATCH))
    assert [(type(event.payload), event.batch_id) for event in batch.following] == [(BatchPaused, NEXT_BATCH)]
    return batch


@pytest.mark.parametrize("batch_id", [BATCH, NEXT_BATCH])
def test_whichever_batch_goes_on_first_makes_the_call_that_two_wait_for(batch_id: str) -> None:
    batch = held_by_two().given(fact(BatchResumed(max_credits=10), batch_id=batch_id, nth=3))
    dispatch = current(batch, FIRMS[0])
    assert (dispatch.status, dispatch.batch_id) == ("DUE", batch_id)
    assert batch.state.batches[batch_id].reserved == 2
    assert len(batch.when(answered(dispatch)).following) == 2


def test_of_two_that_could_not_pay_the_one_that_is_not_cancelled_goes_on() -> None:
    batch = held_by_two().given(fact(BatchCancelled()))
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("HELD", NEXT_BATCH)
    batch.given(fact(BatchResumed(max_credits=10), batch_id=NEXT_BATCH, nth=3))
    assert current(batch, FIRMS[0]).status == "DUE"


def test_a_cancelled_batch_takes_over_nothing() -> None:
    batch = held_by_two().given(fact(BatchCancelled(), batch_id=NEXT_BATCH))
    batch.when(fact(BatchResumed(max_credits=100), batch_id=NEXT_BATCH, nth=3)).then()
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("HELD", BATCH)


def both_wait(cap: float, cap_of_next: float | None) -> Specification:
    """A call that is out for one batch, and that the next one waits for."""
    batch = spending(cap).given(scheduled(0), *launch(cap_of_next, NEXT_BATCH, 10))
    batch.given(scheduled(10, batch_id=NEXT_BATCH), sent(current(batch, FIRMS[0])))
    assert current(batch, FIRMS[0]).batch_id == BATCH
    return batch


@pytest.mark.parametrize("cancelled", [False, True])
def test_another_try_is_made_for_who_may_pay_for_it(cancelled: bool) -> None:
    batch = both_wait(2, 100)
    if cancelled:
        batch.given(fact(BatchCancelled()))
    batch.when(timed_out(current(batch, FIRMS[0]), retry_at=LATER)).then()
    again = current(batch, FIRMS[0])
    assert (again.status, again.batch_id, again.item_id) == ("DUE", NEXT_BATCH, item_id(10))
    assert claim(batch, FIRMS[0]).claimant_item_id == item_id(10)


def test_a_call_that_is_left_to_others_is_that_of_the_first_who_waits() -> None:
    """Item by item as the log knows them, however many of a batch wait."""
    first, second, third = sorted((10, 20, 21), key=item_id)
    batch = spending(2).given(scheduled(0), *launch(None, NEXT_BATCH, 30), *launch(None, LAST_BATCH, 40))
    for item, batch_id in ((first, NEXT_BATCH), (second, LAST_BATCH), (third, NEXT_BATCH)):
        batch.given(added(item, batch_id=batch_id, company_domain=FIRMS[0]), scheduled(item, batch_id=batch_id))
    batch.given(fact(BatchCancelled()))
    assert (current(batch, FIRMS[0]).batch_id, current(batch, FIRMS[0]).item_id) == (NEXT_BATCH, item_id(first))


DEAR = 5.0  # what the next batch's own settings say a call costs


def dearer_next(cap: float | None, first_cap: float = 0) -> Specification:
    """A call of the first batch that the next one waits for too, at another price."""
    batch = spending(first_cap).given(scheduled(0), *launch(cap, NEXT_BATCH, 10, credits=DEAR))
    return batch.given(scheduled(10, batch_id=NEXT_BATCH))


@pytest.mark.parametrize(("cap", "status"), [(4, "HELD"), (5, "DUE")])
def test_a_call_that_is_taken_over_costs_what_it_costs_there(cap: float, status: str) -> None:
    batch = dearer_next(cap)
    assert current(batch, FIRMS[0]).status == status
    assert batch.state.batches[NEXT_BATCH].reserved == (DEAR if status == "DUE" else 0)


def test_a_call_that_a_cancelled_batch_leaves_costs_what_it_costs_there() -> None:
    batch = dearer_next(4).given(fact(BatchCancelled()))
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).credits) == ("HELD", DEAR)
    batch.given(fact(BatchResumed(max_credits=5), batch_id=NEXT_BATCH, nth=3))
    assert batch.state.batches[NEXT_BATCH].reserved == batch.state.budgets[CLIENT].reserved == DEAR


@pytest.mark.parametrize(("cap", "payer"), [(4, BATCH), (5, NEXT_BATCH)])
def test_another_try_costs_what_it_costs_whom_it_is_made_for(cap: float, payer: str) -> None:
    batch = dearer_next(cap, first_cap=2)
    batch.given(sent(first := current(batch, FIRMS[0])), timed_out(first, retry_at=LATER))
    again = current(batch, FIRMS[0])
    assert (again.batch_id, again.status) == (payer, "HELD" if payer == BATCH else "DUE")
    assert again.credits == (2 if payer == BATCH else DEAR)


def test_another_try_that_nobody_may_pay_for_pauses_all_who_wait() -> None:
    batch = both_wait(2, 1)
    batch.when(timed_out(current(batch, FIRMS[0]), retry_at=LATER))
    assert {event.batch_id for event in batch.following} == {BATCH, NEXT_BATCH}
    assert {type(event.payload) for event in batch.following} == {BatchPaused}
