"""One entity, one call: who claims, who waits, who is late, and what becomes of an answer nobody needs."""

from dataclasses import replace

import pytest

from shared.events import BatchCancelled, ItemCompleted, StepFailed
from shared.ids import named_id
from tests.unit.dispatching import (
    FLOW,
    LATER,
    answered,
    at_company,
    claim,
    company_id,
    completion,
    configured,
    current,
    dispatcher,
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
from tests.unit.specification import Specification

PROGRESS, ALREADY = "company_enrichment_in_progress", "company_already_enriched"
ACME, BETA, GAMMA = "acme.com", "beta.com", "gamma.com"


def open_dispatches(batch: Specification) -> list:
    return [d for d in batch.state.dispatches.values() if d.status in {"DUE", "SENT"}]


def one_waits(*more, **config) -> Specification:
    """Item 0 at Acme has claimed it."""
    return dispatcher(*at_company(ACME, **config), scheduled(0), *more)


def next_batch(item: int, domain: str = ACME, hours: float = 24, **config) -> list:
    """Another batch with one item at this company, which is scheduled."""
    return [
        launched(COMPANY_STEP, batch_id=NEXT_BATCH, config={FLOW: config} if config else None),
        added(item, hours, NEXT_BATCH, company_domain=domain),
        scheduled(item, hours=hours, batch_id=NEXT_BATCH),
    ]


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


def test_a_missing_answer_is_asked_for_again_as_a_new_dispatch() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first))
    batch.when(timed_out(first, retry_at=LATER)).then()
    second = current(batch, ACME)
    assert batch.state.dispatches[first.dispatch_id].status == "TIMED_OUT"
    assert (second.status, second.attempt, second.due_at, second.sent_at) == ("DUE", 2, LATER, None)
    assert second.dispatch_id != first.dispatch_id
    answer = answered(second)
    batch.when(sent(second), answer).then(completion(answer, 0, 0))


def test_a_missing_answer_is_given_up_in_the_end() -> None:
    batch = one_waits()
    batch.given(sent(current(batch, ACME)), timed_out(current(batch, ACME), retry_at=LATER))
    failure = StepFailed(0, FLOW, "TIMEOUT", "no answer came before the deadline", retryable=True, attempts=2)
    batch.when(sent(current(batch, ACME)), timed_out(current(batch, ACME))).then(failure)
    assert (claim(batch, ACME).status, open_dispatches(batch)) == ("FAILED", [])


def test_a_refused_post_is_tried_again_when_it_may_be() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.when(refused(first, "RATE_LIMIT", retry_at=LATER)).then()
    assert (current(batch, ACME).attempt, current(batch, ACME).due_at) == (2, LATER)
    assert batch.state.dispatches[first.dispatch_id].code == "RATE_LIMIT"


def test_a_bad_request_is_nothing_to_retry() -> None:
    batch = one_waits()
    batch.when(refused(current(batch, ACME), "VALIDATION"))
    batch.then(StepFailed(0, FLOW, "VALIDATION", "no", retryable=False, attempts=1))


def test_an_answer_twice_completes_once() -> None:
    batch = one_waits()
    answer = answered(current(batch, ACME))
    batch.given(answer)
    batch.when(told_again(answer), unasked(ACME)).then()
    assert claim(batch, ACME).answer_id == answer.id


def test_an_answer_twice_does_not_end_a_refresh() -> None:
    batch = one_waits()
    answer = answered(first := current(batch, ACME))
    batch.given(answer, *next_batch(7, force_refresh=True))
    batch.when(told_again(answer)).then()
    assert claim(batch, ACME).status == "IN_PROGRESS"
    newer = answered(current(batch, ACME))
    batch.when(newer).then(completion(newer, 7, 7))
    assert newer.payload.dispatch_id != first.dispatch_id


def test_an_answer_may_be_quicker_than_the_record_of_its_post() -> None:
    batch = one_waits()
    dispatch = current(batch, ACME)
    answer = answered(dispatch)
    batch.when(answer).then(completion(answer, 0, 0))
    batch.when(sent(dispatch), timed_out(dispatch)).then()
    found = batch.state.dispatches[dispatch.dispatch_id]
    assert (found.status, found.deadline_at) == ("ANSWERED", LATER)


def test_a_late_answer_is_enough_and_the_retry_is_taken_back() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first, retry_at=LATER))
    second, answer = current(batch, ACME), answered(first)
    batch.when(answer).then(completion(answer, 0, 0))
    assert batch.state.dispatches[second.dispatch_id].status == "SUPERSEDED"
    batch.when(refused(second, retry_at=LATER), timed_out(second)).then()


def test_a_late_answer_while_the_retry_is_out_completes_once() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first, retry_at=LATER), sent(current(batch, ACME)))
    second, answer = current(batch, ACME), answered(first)
    batch.when(answer).then(completion(answer, 0, 0))
    batch.when(answered(second)).then()
    batch.when(timed_out(second, retry_at=LATER)).then()
    assert open_dispatches(batch) == []


def test_an_answer_after_giving_up_is_kept_for_the_next_who_asks() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first))
    answer = answered(first)
    batch.when(answer).then()
    assert (claim(batch, ACME).status, claim(batch, ACME).code) == ("ANSWERED", None)
    batch.when(*next_batch(7)).then(completion(answer, 7, 0, ALREADY))


def test_an_unrequested_answer_for_an_entity_that_is_waited_for_counts() -> None:
    batch = one_waits()
    answer = unasked(ACME)
    batch.when(unasked(BETA), answer).then(completion(answer, 0, 0))


def test_an_answer_to_a_dispatch_nobody_knows_goes_by_its_entity() -> None:
    batch = one_waits()
    stray = replace(current(batch, ACME), dispatch_id=named_id("disp", "stray"))
    answer = answered(stray)
    batch.when(sent(stray), timed_out(stray), refused(stray)).then()
    batch.when(answer).then(completion(answer, 0, 0))


def test_an_empty_answer_ends_the_wait_too() -> None:
    batch = one_waits()
    answer = answered(current(batch, ACME), found=False)
    batch.when(answer).then(completion(answer, 0, 0))
    assert batch.following[0].payload.found is False


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


def test_a_cancelled_batch_s_call_goes_on_for_the_batch_that_waits_for_it() -> None:
    batch = one_waits(*next_batch(7), fact(BatchCancelled()))
    assert current(batch, ACME).status == "DUE"
    answer = answered(current(batch, ACME))
    batch.when(answer)
    assert {e.item_id: e.batch_id for e in batch.following} == {item_id(0): BATCH, item_id(7): NEXT_BATCH}


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
