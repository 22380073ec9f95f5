"""Answers that are missing, refused, twice, late or unasked: what becomes of the claim, and of the call."""

from dataclasses import replace
from datetime import timedelta

from shared.envelope import Event
from shared.events import BatchCancelled, EnrichmentReceived, StepFailed
from shared.ids import named_id
from tests.unit.dispatching import (
    ACME,
    ALREADY,
    BETA,
    FLOW,
    LATER,
    PROGRESS,
    answered,
    at_company,
    claim,
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
from tests.unit.facts import ITEM_STEP, OTHER_CLIENT, START, added, fact, item_id, launched, told_again


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
    batch.when(told_again(answer)).then()
    assert claim(batch, ACME).answer_id == answer.id


def test_a_later_answer_that_found_something_is_there_for_who_asks_next() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first, retry_at=LATER))
    nothing = answered(current(batch, ACME), found=False)
    late = answered(first)
    batch.when(nothing).then(completion(nothing, 0, 0))
    batch.when(late).then()
    batch.when(*next_batch(7)).then(completion(late, 7, 0, ALREADY))
    newer = unasked(ACME, hours=1)
    batch.given(newer)
    assert claim(batch, ACME).answer_id == newer.id


def test_an_answer_that_was_received_before_another_does_not_take_its_place() -> None:
    batch = one_waits()
    batch.given(answered(current(batch, ACME), hours=20), unasked(ACME, hours=1))
    assert claim(batch, ACME).answered_at == START + timedelta(hours=20)


def test_of_two_answers_the_one_whose_provider_looked_later_is_kept() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first, retry_at=LATER))
    newer = looked(answered(current(batch, ACME), hours=1), "2026-01-20")
    late = looked(answered(first, hours=2), "2026-01-10")
    batch.given(newer, late)
    assert claim(batch, ACME).answer_id == newer.id
    newest = looked(unasked(ACME, hours=4), "2026-01-21")
    batch.given(looked(unasked(ACME, hours=3), "2026-01-21"), newest)
    batch.given(looked(unasked(ACME, hours=3, nth=1), "2026-01-21"))
    assert (claim(batch, ACME).answer_id, claim(batch, ACME).answered_at) == (newest.id, newest.occurred_at)
    batch.when(*next_batch(7)).then(completion(newest, 7, 0, ALREADY))


def looked(answer: Event, last_refresh: str) -> Event:
    told = answer.payload.answer | {"last_refresh": last_refresh}
    return replace(answer, payload=replace(answer.payload, answer=told))


def test_the_same_call_answered_again_counts_where_nothing_was_found() -> None:
    batch = one_waits()
    nothing = answered(current(batch, ACME), found=False)
    found = answered(current(batch, ACME), nth=1)
    batch.given(nothing, found)
    assert (claim(batch, ACME).found, claim(batch, ACME).answer_id) == (True, found.id)


def test_so_it_does_while_a_newer_answer_is_asked_for_and_ends_no_wait() -> None:
    batch = one_waits()
    first = current(batch, ACME)
    batch.given(answered(first, found=False), *next_batch(7, force_refresh=True))
    found = answered(first, hours=25)
    batch.when(found).then()
    kept = claim(batch, ACME)
    assert (kept.status, kept.answer_id, kept.answered_for) == ("IN_PROGRESS", found.id, item_id(0))
    batch.when(sent(current(batch, ACME)), timed_out(current(batch, ACME)))
    assert (claim(batch, ACME).status, claim(batch, ACME).answer_id) == ("ANSWERED", found.id)


def test_a_call_whose_answer_does_not_name_it_is_answered() -> None:
    batch = one_waits()
    dispatch = current(batch, ACME)
    batch.given(sent(dispatch), unasked(ACME))
    assert batch.state.dispatches[dispatch.dispatch_id].status == "ANSWERED"


def test_an_answer_that_names_the_item_alone_is_that_of_the_company_it_waits_for() -> None:
    batch = dispatcher(*at_company(ACME, ACME), scheduled(0), scheduled(1))
    theirs = fact(EnrichmentReceived(FLOW, None, True, {"name": "Acme"}), client_id=OTHER_CLIENT, entity_id=item_id(1))
    batch.when(theirs).then()
    answer = fact(EnrichmentReceived(FLOW, None, True, {"name": "Acme"}), entity_id=item_id(1))
    batch.when(answer).then(completion(answer, 0, 0), completion(answer, 1, 0, PROGRESS))
    batch.when(told_again(answer)).then()


def naming(item: int, **about) -> Event:
    """An answer that names the item alone, as a provider with a secret in a header may send it."""
    return fact(EnrichmentReceived(FLOW, None, True, {"name": "Acme"}), entity_id=item_id(item), **about)


def test_an_answer_that_names_the_item_alone_is_kept_for_the_company_after_giving_up() -> None:
    batch = dispatcher(*at_company(ACME, ACME), scheduled(0))
    batch.given(sent(current(batch, ACME)), timed_out(current(batch, ACME)))
    late = naming(0)
    batch.when(late, told_again(late)).then()
    assert claim(batch, ACME).status == "ANSWERED"
    batch.when(scheduled(1)).then(completion(late, 1, 0, ALREADY))


def test_an_answer_that_names_a_given_up_item_alone_ends_the_wait_of_others_once() -> None:
    batch = dispatcher(*at_company(ACME, ACME), scheduled(0))
    batch.given(sent(current(batch, ACME)), timed_out(current(batch, ACME)), scheduled(1))
    late = naming(0)
    batch.when(late).then(completion(late, 1, 1))
    batch.when(told_again(late)).then()


def test_an_answer_that_names_the_item_alone_told_again_ends_no_refresh() -> None:
    batch = one_waits()
    batch.given(answer := naming(0))
    batch.when(*next_batch(7, force_refresh=True), told_again(answer)).then()
    assert claim(batch, ACME).status == "IN_PROGRESS"
    own = naming(7)
    batch.when(own).then(completion(own, 7, 7))


def test_what_a_call_on_an_item_was_answered_late_is_not_paid_for_again() -> None:
    batch = dispatcher(configured("score"), launched(ITEM_STEP), added(0, company_domain=ACME))
    batch.given(scheduled(0, blueprint=ITEM_STEP))
    (dispatch,) = open_dispatches(batch)
    late = answered(dispatch)
    batch.given(sent(dispatch), timed_out(dispatch), late)
    batch.when(scheduled(0, blueprint=ITEM_STEP, nth=3))
    assert [event.payload.answer_id for event in batch.following] == [late.id]
    assert open_dispatches(batch) == []


def test_a_call_that_was_on_its_way_when_it_was_taken_back_is_waited_for() -> None:
    batch = one_waits()
    dispatch = current(batch, ACME)
    batch.given(fact(BatchCancelled()), sent(dispatch))
    batch.given(*next_batch(7))
    assert [open_.dispatch_id for open_ in open_dispatches(batch)] == [dispatch.dispatch_id]
    answer = answered(dispatch)
    batch.when(answer).then(completion(answer, 7, 7))


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
    batch.when(*next_batch(7)).then(completion(answer, 7, 0, "company_not_found"))
