"""A batch that a person has paused pays for nothing more: its calls wait, or others who need them make them."""

import pytest

from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BatchResumed,
    FailedItemsRetried,
    ItemCompleted,
    StepFailed,
)
from tests.unit.dispatching import LATER, answered, claim, current, refused, scheduled, sent, timed_out
from tests.unit.facts import BATCH, CLIENT, NEXT_BATCH, fact, item_id
from tests.unit.specification import Specification
from tests.unit.test_spending import FIRMS, launch, spending, statuses


def pause(batch_id: str = BATCH, nth: int = 0) -> Event:
    return fact(BatchPaused("credits are short", calls=True), batch_id=batch_id, nth=nth)


def resume(batch_id: str = BATCH, nth: int = 0, **more: float) -> Event:
    return fact(BatchResumed(**more), batch_id=batch_id, nth=nth)


def reserved(batch: Specification) -> list[float]:
    return [found.reserved for found in batch.state.batches.values()]


def test_what_is_not_out_waits_until_the_batch_is_resumed_and_costs_nothing_meanwhile() -> None:
    batch = spending(None).given(*(scheduled(n) for n in range(3)))
    batch.given(sent(current(batch, FIRMS[0]))).when(pause()).then()
    assert statuses(batch) == ["HELD", "HELD", "SENT"]
    assert reserved(batch) == [batch.state.budgets[CLIENT].reserved] == [2]
    batch.when(scheduled(3)).then()
    assert current(batch, FIRMS[3]).status == "HELD"
    assert [type(event.payload) for event in batch.when(answered(current(batch, FIRMS[0]))).following] == [
        ItemCompleted
    ]
    batch.when(resume()).then()
    assert statuses(batch) == ["ANSWERED", "DUE", "DUE", "DUE"]
    assert reserved(batch) == [batch.state.budgets[CLIENT].reserved] == [8]


@pytest.mark.parametrize("word", [timed_out, refused])
def test_what_comes_to_nothing_is_tried_again_when_the_batch_is_resumed(word) -> None:
    batch = spending(None).given(scheduled(0))
    batch.given(sent(current(batch, FIRMS[0])), pause()).when(word(current(batch, FIRMS[0]), retry_at=LATER)).then()
    again = current(batch, FIRMS[0])
    assert (again.status, again.attempt, again.due_at) == ("HELD", 2, LATER)
    batch.given(resume())
    assert current(batch, FIRMS[0]).status == "DUE"


def test_an_item_whose_call_fails_for_good_fails_while_its_batch_is_paused() -> None:
    batch = spending(None).given(scheduled(0), pause())
    batch.when(refused(current(batch, FIRMS[0]), "AUTH"))
    assert [type(event.payload) for event in batch.following] == [StepFailed]
    assert reserved(batch) == [0]


def test_a_call_that_was_on_its_way_is_out_and_paid_for() -> None:
    batch = spending(None).given(scheduled(0))
    call = current(batch, FIRMS[0])
    batch.given(pause(), sent(call), timed_out(call, retry_at=LATER)).given(sent(current(batch, FIRMS[0])))
    assert statuses(batch) == ["SENT", "TIMED_OUT"]
    assert reserved(batch) == [4]
    assert len(batch.when(answered(current(batch, FIRMS[0]))).following) == 1


def test_a_pause_of_before_calls_were_held_holds_none() -> None:
    """What came of them in its log is folded as it was then."""
    batch = spending(None).given(scheduled(0), fact(BatchPaused("credits are short")), scheduled(1))
    assert statuses(batch) == ["DUE", "DUE"]


def test_a_call_that_a_running_batch_waits_for_is_made_for_it_at_its_price() -> None:
    batch = spending(None).given(scheduled(0), scheduled(1), *launch(None, NEXT_BATCH, 10, credits=5.0))
    batch.given(scheduled(10, batch_id=NEXT_BATCH)).when(pause()).then()
    mine, theirs = current(batch, FIRMS[1]), current(batch, FIRMS[0])
    assert (mine.status, mine.batch_id) == ("HELD", BATCH)
    assert (theirs.status, theirs.batch_id, theirs.credits) == ("DUE", NEXT_BATCH, 5)
    assert claim(batch, FIRMS[0]).claimant_item_id == item_id(10)
    assert reserved(batch) == [0, 5]
    batch.when(scheduled(11, batch_id=NEXT_BATCH)).then()
    assert (current(batch, FIRMS[1]).status, current(batch, FIRMS[1]).batch_id) == ("DUE", NEXT_BATCH)


def test_who_waits_for_it_and_may_not_pay_is_paused_too_and_goes_on_with_more() -> None:
    batch = spending(None).given(scheduled(0), *launch(1, NEXT_BATCH, 10), scheduled(10, batch_id=NEXT_BATCH))
    batch.when(pause())
    assert [(type(event.payload), event.batch_id) for event in batch.following] == [(BatchPaused, NEXT_BATCH)]
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("HELD", BATCH)
    batch.when(resume(NEXT_BATCH, max_credits=2)).then()
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("DUE", NEXT_BATCH)


def test_of_two_that_are_paused_whichever_is_resumed_makes_the_call() -> None:
    batch = spending(None).given(scheduled(0), *launch(None, NEXT_BATCH, 10), scheduled(10, batch_id=NEXT_BATCH))
    batch.given(pause(NEXT_BATCH)).when(pause()).then()
    assert statuses(batch) == ["HELD"]
    batch.when(resume(NEXT_BATCH)).then()
    assert (current(batch, FIRMS[0]).status, current(batch, FIRMS[0]).batch_id) == ("DUE", NEXT_BATCH)


def test_where_a_call_costs_too_much_those_that_fit_are_made_until_a_person_pauses_too() -> None:
    batch = spending(4).when(*(scheduled(n) for n in range(3)))
    (told,) = batch.following
    batch.when(told).then()
    assert statuses(batch) == ["DUE", "DUE", "HELD"]
    batch.when(pause()).then()
    assert statuses(batch) == ["HELD", "HELD", "HELD"]
    batch.when(resume())
    assert [type(event.payload) for event in batch.following] == [BatchPaused]
    assert statuses(batch) == ["DUE", "DUE", "HELD"]


def test_a_paused_batch_that_is_cancelled_ends() -> None:
    batch = spending(None).given(scheduled(0), pause()).when(fact(BatchCancelled())).then()
    assert statuses(batch) == ["CANCELLED"]
    assert claim(batch, FIRMS[0]).status == "FAILED"
    batch.when(pause(nth=1), resume(nth=2)).then()
    assert statuses(batch) == ["CANCELLED"]


@pytest.mark.parametrize("ending", [(fact(BatchCompleted(0, 4)), pause()), (pause(), fact(BatchCompleted(0, 4)))])
def test_a_batch_that_has_ended_is_not_paused_and_one_that_is_retried_may_be(ending) -> None:
    """As the sequencer has it, whichever of the two the log has first."""
    batch = spending(None).given(*ending)
    assert batch.state.batches[BATCH].status == "running"
    batch.given(retried := fact(FailedItemsRetried(everything=True)), scheduled(0))
    assert statuses(batch) == ["DUE"]
    late = spending(None).given(*ending, retried, pause(nth=1), scheduled(0))
    assert statuses(late) == ["HELD"]


def test_the_end_of_before_a_retry_that_is_told_late_is_not_its_end() -> None:
    batch = spending(None).given(fact(FailedItemsRetried(everything=True)), fact(BatchCompleted(0, 4)), scheduled(0))
    assert statuses(batch.given(pause())) == ["HELD"]
