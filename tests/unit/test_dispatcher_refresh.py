"""A newer answer is asked for: the one that is there stays good for whom it is good enough, whatever comes of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.dispatcher.state import Dispatch
from shared.envelope import Event
from shared.events import BatchCancelled, DispatchRefused, ItemCompleted, StepFailed
from shared.ids import named_id
from tests.unit.dispatching import (
    ACME,
    ALREADY,
    FLOW,
    PROGRESS,
    answered,
    claim,
    completion,
    current,
    next_batch,
    one_waits,
    refused,
    scheduled,
    sent,
    timed_out,
)
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, START, added, fact, item_id, launched
from tests.unit.specification import Specification
from tests.unit.test_dispatcher_answers import looked
from tests.unit.test_warehouse import asking, lendable, looked_up

THIRD = named_id("batch", "third")


def third(item: int, hours: float = 25, **config) -> list:
    """An item of a batch that takes any answer, unless told otherwise, scheduled."""
    row = added(item, hours, THIRD, company_domain=ACME)
    launch = launched(COMPANY_STEP, batch_id=THIRD, hours=hours, config={FLOW: config} if config else None)
    return [launch, row, scheduled(item, hours=hours, batch_id=THIRD)]


def refreshing() -> tuple[Specification, object]:
    """Acme was answered for item 0, and item 7 of the next batch wants it anew: the batch, and the answer."""
    batch = one_waits()
    answer = answered(current(batch, ACME))
    batch.given(answer, *next_batch(7, force_refresh=True))
    return batch, answer


def test_who_may_use_the_answer_there_is_does_not_wait_for_a_newer_one() -> None:
    batch, answer = refreshing()
    batch.when(*third(8)).then(completion(answer, 8, 0, ALREADY))
    newer = answered(current(batch, ACME), hours=26)
    batch.when(newer).then(completion(newer, 7, 7))
    batch.when(*third(9, hours=27)).then(completion(newer, 9, 7, ALREADY))


def found_nothing(call: Dispatch) -> Event:
    return answered(call, found=False, hours=25)


def looked_earlier(call: Dispatch) -> Event:
    return looked(answered(call, hours=25), "2026-01-01")


@pytest.mark.parametrize("comes_to", [found_nothing, looked_earlier])
def test_a_refresh_that_finds_nothing_newer_is_told_who_waits_and_leaves_what_was_found(
    comes_to: Callable[[Dispatch], Event],
) -> None:
    batch, answer = refreshing()
    beside = [added(9, 24, NEXT_BATCH, company_domain=ACME), scheduled(9, hours=24, batch_id=NEXT_BATCH)]
    newest = comes_to(current(batch, ACME))
    batch.when(*beside, newest).then(completion(newest, 7, 7), completion(newest, 9, 7, PROGRESS))
    kept = claim(batch, ACME)
    assert (kept.status, kept.answer_id, kept.found, kept.answered_for) == ("ANSWERED", answer.id, True, item_id(0))
    batch.when(*third(8, hours=26, freshness_days=1)).then(completion(answer, 8, 0, ALREADY))
    assert len(batch.state.dispatches) == 2, "it was asked an hour ago"


def test_a_refresh_that_fails_leaves_the_answer_that_was_there() -> None:
    batch, answer = refreshing()
    batch.when(refused(current(batch, ACME), "AUTH"))
    assert [(e.item_id, e.payload) for e in batch.following] == [
        (item_id(7), StepFailed(0, FLOW, "AUTH", "no", retryable=True, attempts=1))
    ]
    found = claim(batch, ACME)
    assert (found.status, found.answer_id, found.answered_at, found.code) == ("ANSWERED", answer.id, START, "AUTH")
    batch.when(*third(8)).then(completion(answer, 8, 0, ALREADY))
    assert len(batch.state.dispatches) == 2


def test_who_wants_it_anew_asks_again_after_a_refresh_that_failed() -> None:
    batch, _ = refreshing()
    batch.given(refused(current(batch, ACME), "AUTH"))
    row = added(8, 26, NEXT_BATCH, company_domain=ACME)
    batch.when(row, scheduled(8, hours=26, batch_id=NEXT_BATCH)).then()
    assert (claim(batch, ACME).status, claim(batch, ACME).code) == ("IN_PROGRESS", None)
    assert len(batch.state.dispatches) == 3


def test_a_refresh_that_was_cancelled_leaves_the_answer_that_was_there() -> None:
    batch, answer = refreshing()
    batch.given(fact(BatchCancelled(), batch_id=NEXT_BATCH))
    batch.when(*third(8)).then(completion(answer, 8, 0, ALREADY))


def test_a_refresh_that_is_answered_late_is_there_for_who_asks_next() -> None:
    batch, _ = refreshing()
    batch.given(sent(current(batch, ACME)), timed_out(current(batch, ACME)))
    late = answered(current(batch, ACME), hours=30)
    batch.when(late).then()
    assert (claim(batch, ACME).answer_id, claim(batch, ACME).code) == (late.id, None)
    batch.when(*third(8, hours=31)).then(completion(late, 8, 7, ALREADY))


def test_what_was_lent_while_a_call_is_out_is_there_if_that_comes_to_nothing() -> None:
    batch = asking(lendable(), items=2).given(scheduled(0, step=1)).when(looked_up(1))
    lent = batch.following[0]
    batch.given(lent)
    (call,) = batch.state.dispatches.values()
    no = DispatchRefused(call.dispatch_id, FLOW, 1, "AUTH", "no", None)
    batch.when(fact(no, entity_id=call.entity_id, item=0))
    assert [type(event.payload) for event in batch.following] == [StepFailed]
    again = replace(looked_up(1), id=named_id("evt", "again"))
    batch.state.lendable[item_id(1), 0] = [lendable()]
    batch.when(again)
    assert [type(event.payload) for event in batch.following] == [ItemCompleted], "lent already, and known"
    batch.when(scheduled(1, step=1)).then(ItemCompleted(1, FLOW, None, lent.id, True, ALREADY, None))
