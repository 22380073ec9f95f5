"""One entity, one call: who claims, who waits, how old an answer may be, and what a cancelled batch takes back."""

from dataclasses import replace

import pytest

from services.dispatcher.domain import waiters
from shared.events import BatchCancelled, ItemCompleted, StepFailed
from tests.unit.dispatching import (
    ACME,
    ALREADY,
    BETA,
    FLOW,
    GAMMA,
    LATER,
    PROGRESS,
    answered,
    at_company,
    claim,
    company_id,
    completion,
    configured,
    current,
    dispatcher,
    next_batch,
    one_waits,
    open_dispatches,
    refused,
    scheduled,
    sent,
    timed_out,
    unasked,
)
from tests.unit.facts import (
    BATCH,
    COMPANY_STEP,
    ITEM_STEP,
    NEXT_BATCH,
    OTHER_CLIENT,
    added,
    fact,
    item_id,
    launched,
    told_again,
)


def test_ten_people_at_three_companies_are_three_calls() -> None:
    firms = [ACME, BETA, "https://www.ACME.com/about", GAMMA, ACME, BETA, ACME, GAMMA, BETA, "mail.acme.com"]
    batch = dispatcher(*at_company(*firms))
    batch.when(*map(scheduled, range(10))).then()
    assert [d.item_id for d in open_dispatches(batch)] == [item_id(0), item_id(1), item_id(3)]
    assert {key for key, _ in batch.state.claims} == set(map(company_id, (ACME, BETA, GAMMA)))
    answer = answered(current(batch, ACME))
    batch.when(answer)
    waiters = {e.item_id: e.payload for e in batch.following}
    shared = {item_id(n): completion(answer, n, 0, PROGRESS) for n in (2, 4, 6, 9)}
    assert waiters == {item_id(0): completion(answer, 0, 0)} | shared
    assert {e.entity_id for e in batch.following} == {company_id(ACME)}
    assert len(open_dispatches(batch)) == 2


def test_a_later_item_completes_at_once_with_the_answer_there_is() -> None:
    batch = one_waits()
    answer = answered(current(batch, ACME))
    batch.given(answer)
    batch.when(*next_batch(7)).then(completion(answer, 7, 0, ALREADY))
    assert open_dispatches(batch) == []


def test_waiters_fail_with_the_call_they_wait_for() -> None:
    batch = dispatcher(*at_company(ACME, ACME), scheduled(0), scheduled(1))
    batch.when(refused(current(batch, ACME), "AUTH"))
    failure = StepFailed(0, FLOW, "AUTH", "no", retryable=True, attempts=1)
    assert {e.item_id: e.payload for e in batch.following} == {item_id(0): failure, item_id(1): failure}


def test_after_a_failure_the_next_item_asks_again() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(refused(first, "AUTH"))
    batch.when(*next_batch(7)).then()
    (again,) = open_dispatches(batch)
    assert (again.item_id, again.attempt, again.dispatch_id != first.dispatch_id) == (item_id(7), 1, True)
    assert claim(batch, ACME).status == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("config", "hours", "reused"),
    [
        ({}, 24 * 365, True),
        ({"freshness_days": 30}, 24 * 30, True),
        ({"freshness_days": "30"}, 24 * 30, True),
        ({"freshness_days": 30}, 24 * 30 + 1, False),
        ({"freshness_days": 0}, 1, False),
        ({"freshness_days": 0.5}, 12, True),
        ({"force_refresh": True}, 1, False),
        ({"force_refresh": True, "freshness_days": 30}, 1, False),
        ({"force_refresh": False}, 1, True),
    ],
)
def test_how_old_an_answer_may_be(config, hours: float, reused: bool) -> None:
    batch = one_waits()
    batch.given(answered(current(batch, ACME)))
    batch.when(*next_batch(7, hours=hours, **config))
    assert (len(batch.following), len(open_dispatches(batch))) == ((1, 0) if reused else (0, 1))


@pytest.mark.parametrize("config", [{"force_refresh": True}, {"freshness_days": 0}])
def test_a_refresh_pays_for_a_company_once_in_a_batch(config) -> None:
    """Ten people at a company, coming to the step one after the other, are still one call."""
    batch = dispatcher(*at_company(ACME, ACME, ACME, **config), scheduled(0))
    answer = answered(current(batch, ACME), hours=1)
    batch.given(answer)
    batch.when(scheduled(1, hours=2), scheduled(2, hours=50))
    batch.then(completion(answer, 1, 0, ALREADY), completion(answer, 2, 0, ALREADY))
    assert len(batch.state.dispatches) == 1


@pytest.mark.parametrize("config", [{"force_refresh": True}, {"freshness_days": 0}])
def test_two_batches_that_want_a_company_anew_pay_once_each_at_most(config) -> None:
    """Their items come to the step by turns, each after the one before was answered."""
    batch = dispatcher(*at_company(ACME, ACME, ACME, ACME, **config))
    rows = [added(10 + n, 0, NEXT_BATCH, company_domain=ACME) for n in range(4)]
    batch.given(launched(COMPANY_STEP, items=4, batch_id=NEXT_BATCH, hours=0.5), *rows)
    for n in range(4):
        for number, batch_id in ((n, BATCH), (10 + n, NEXT_BATCH)):
            batch.given(scheduled(number, hours=n + 1, batch_id=batch_id))
            batch.given(*(answered(call, hours=n + 1) for call in open_dispatches(batch)))
    assert len(batch.state.dispatches) == 1


def test_the_same_company_of_another_client_is_another_call() -> None:
    theirs = {"client_id": OTHER_CLIENT, "batch_id": NEXT_BATCH}
    row = replace(added(7, 0, NEXT_BATCH, company_domain=ACME), client_id=OTHER_CLIENT)
    batch = one_waits(configured(client_id=OTHER_CLIENT), launched(COMPANY_STEP, **theirs), row)
    batch.when(scheduled(7, **theirs)).then()
    assert len(open_dispatches(batch)) == 2


def test_another_client_s_answer_changes_nothing() -> None:
    batch = one_waits()
    batch.when(unasked(ACME, client_id=OTHER_CLIENT)).then()
    batch.when(answered(current(batch, ACME), client_id=OTHER_CLIENT)).then()
    assert (claim(batch, ACME).status, current(batch, ACME).status) == ("IN_PROGRESS", "DUE")


def test_cancelling_takes_back_what_was_not_sent() -> None:
    batch = dispatcher(*at_company(ACME, BETA), scheduled(0), scheduled(1))
    batch.given(sent(current(batch, BETA)))
    batch.when(fact(BatchCancelled())).then()
    assert (current(batch, ACME).status, current(batch, BETA).status) == ("CANCELLED", "SENT")
    assert claim(batch, ACME).status == "FAILED"


def test_an_answer_for_a_cancelled_batch_is_kept() -> None:
    batch = one_waits()
    dispatch = current(batch, ACME)
    batch.given(sent(dispatch), fact(BatchCancelled()))
    answer = answered(dispatch)
    batch.given(answer)
    batch.when(*next_batch(7)).then(completion(answer, 7, 0, ALREADY))


def test_an_answer_to_a_post_that_a_cancel_crossed_is_kept() -> None:
    batch = one_waits(fact(BatchCancelled()))
    dispatch = current(batch, ACME)
    batch.when(sent(dispatch), answered(dispatch)).then()
    assert claim(batch, ACME).status == "ANSWERED"


def test_who_asks_before_word_comes_that_a_cancelled_batch_s_call_is_out_waits_for_its_answer() -> None:
    batch = one_waits(fact(BatchCancelled()))
    first = current(batch, ACME)
    batch.given(*next_batch(7))
    second = current(batch, ACME)
    assert (first.status, second.status, second.dispatch_id != first.dispatch_id) == ("CANCELLED", "DUE", True)
    batch.when(sent(first)).then()
    assert (current(batch, ACME).dispatch_id, len(open_dispatches(batch))) == (first.dispatch_id, 1)
    answer = answered(first)
    batch.when(answer).then(completion(answer, 7, 7))
    assert [dispatch.status for dispatch in batch.state.dispatches.values()] == ["ANSWERED", "SUPERSEDED"]


def test_if_that_answer_never_comes_the_next_call_is_the_other_batch_s() -> None:
    batch = one_waits(fact(BatchCancelled()), *next_batch(7))
    first = next(iter(batch.state.dispatches.values()))
    batch.given(sent(first))
    batch.when(timed_out(first, retry_at=LATER)).then()
    assert (current(batch, ACME).attempt, current(batch, ACME).batch_id, len(open_dispatches(batch))) == (
        2, NEXT_BATCH, 1,
    )  # fmt: skip


def test_a_cancelled_batch_s_call_goes_on_for_the_batch_that_waits_for_it() -> None:
    batch = one_waits(*next_batch(7), fact(BatchCancelled()))
    mine = current(batch, ACME)
    assert (mine.status, mine.batch_id, mine.item_id) == ("DUE", NEXT_BATCH, item_id(7))
    assert claim(batch, ACME).claimant_item_id == item_id(7)
    answer = answered(current(batch, ACME))
    batch.when(answer)
    assert {e.item_id: e.batch_id for e in batch.following} == {item_id(0): BATCH, item_id(7): NEXT_BATCH}


def test_what_ends_waits_says_how_many() -> None:
    batch = dispatcher(*at_company(ACME, ACME, BETA), *(scheduled(n) for n in range(3)))
    told = [word(current(batch, ACME)) for word in (answered, refused, timed_out)] + [unasked(BETA), scheduled(0)]
    assert [waiters(batch.state, event) for event in told] == [2, 2, 2, 1, 0]


def test_a_scheduled_step_told_again_while_it_waits_changes_nothing() -> None:
    batch = one_waits()
    batch.when(scheduled(0), told_again(scheduled(0))).then()
    answer = answered(current(batch, ACME))
    batch.when(answer).then(completion(answer, 0, 0))
    assert len(batch.state.dispatches) == 1


def test_a_step_about_the_item_itself_is_a_call_for_each_item() -> None:
    batch = dispatcher(
        configured("score"), launched(ITEM_STEP, items=2), added(0), added(1),
        scheduled(0, blueprint=ITEM_STEP), scheduled(1, blueprint=ITEM_STEP),
    )  # fmt: skip
    first, _ = open_dispatches(batch)
    assert (first.entity_id, len(open_dispatches(batch))) == (item_id(0), 2)
    answer = answered(first)
    batch.when(answer).then(ItemCompleted(0, "score", answer_id=answer.id, found=True))


def test_a_cancelled_batch_s_missing_answer_is_not_paid_for_again() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), fact(BatchCancelled()))
    batch.when(timed_out(first, retry_at=LATER)).then()
    assert open_dispatches(batch) == []


def test_two_cancelled_batches_do_not_keep_a_call_for_each_other() -> None:
    batch = one_waits(*next_batch(7), fact(BatchCancelled(), batch_id=NEXT_BATCH), fact(BatchCancelled()))
    assert open_dispatches(batch) == []
