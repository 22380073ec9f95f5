"""What failed is taken again or passed over: what a person chose and nothing else, and the batch ends once more."""

from typing import Any

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
    StepScheduled,
)
from tests.unit.facts import COMPANY_STEP, SYNC_STEP, added, fact, item_id, launched, told_again
from tests.unit.specification import Specification
from tests.unit.test_sequencer import sequencer

TIDY, COMPANY = SYNC_STEP.workflow, COMPANY_STEP.workflow


def ended() -> Specification:
    """A batch of three: item 1 failed at the first step, item 2 at the second, item 3 is done."""
    return sequencer(
        launched(SYNC_STEP, COMPANY_STEP, items=3), *(added(n) for n in (1, 2, 3)),
        failed(1, 0, TIDY, "INTERNAL"), completed(2, 0, TIDY), failed(2, 1, COMPANY, "TIMEOUT"),
        completed(3, 0, TIDY), completed(3, 1, COMPANY),
    )  # fmt: skip


def failed(item: int, step: int, workflow: str, code: Any, nth: int = 0) -> Event:
    return fact(StepFailed(step, workflow, code, "why", True), item=item, nth=nth)


def completed(item: int, step: int, workflow: str, nth: int = 0) -> Event:
    return fact(ItemCompleted(step, workflow), item=item, nth=nth)


def retried(**chosen: Any) -> Event:
    return fact(FailedItemsRetried(**chosen))


def taken_again(batch: Specification) -> set[str | None]:
    return {event.item_id for event in batch.following}


@pytest.mark.parametrize(
    ("chosen", "items"),
    [
        ({"everything": True}, {1, 2}),
        ({"workflow": COMPANY}, {2}),
        ({"codes": ["INTERNAL"]}, {1}),
        ({"codes": ["INTERNAL", "TIMEOUT"]}, {1, 2}),
        ({"items": [item_id(1), item_id(3)]}, {1}),
        ({"items": [item_id(1)], "workflow": COMPANY}, set()),
        ({"everything": True, "codes": ["AUTH"]}, set()),
        ({}, set()),
    ],
)
def test_only_what_failed_and_fits_everything_given_is_taken_again(chosen: dict[str, Any], items: set[int]) -> None:
    batch = ended().when(retried(**chosen))
    if not items:
        batch.then(BatchCompleted(1, 2))
    else:
        assert taken_again(batch) == {item_id(n) for n in items}
    (found,) = batch.state.batches.values()
    assert (found.failed, found.status) == (2 - len(items), "running" if items else "completed")


def test_a_retried_item_goes_on_from_the_step_it_failed_at_and_the_batch_ends_again() -> None:
    batch = ended().when(retried(workflow=COMPANY)).then(StepScheduled(1, COMPANY))
    assert batch.state.steps[item_id(2), 1].status == "PENDING"
    batch.when(completed(2, 1, COMPANY, nth=1)).then(BatchCompleted(2, 1))
    batch.when(retried(everything=True)).then(StepScheduled(0, TIDY))
    batch.when(failed(1, 0, TIDY, "INTERNAL", nth=1)).then(BatchCompleted(2, 1))


def test_said_twice_it_is_done_once() -> None:
    again = retried(everything=True)
    ended().given(again).when(told_again(again)).then()


def test_a_skipped_step_completes_by_hand_and_the_item_goes_on() -> None:
    batch = ended().when(retried(codes=["INTERNAL"], skip=True))
    batch.then(ItemCompleted(0, TIDY, skipped="by_hand"))
    batch.when(*batch.following).then(StepScheduled(1, COMPANY))
    assert batch.state.steps[item_id(1), 0].status == "SKIPPED"


def test_in_a_paused_batch_it_waits_for_the_batch() -> None:
    batch = sequencer(launched(SYNC_STEP, items=2), added(1), added(2), failed(1, 0, TIDY, "INTERNAL"))
    batch.given(fact(BatchPaused())).when(retried(everything=True)).then()
    batch.when(fact(BatchResumed())).then(StepScheduled(0, TIDY))


def test_a_cancelled_batch_stays_as_it_is() -> None:
    batch = sequencer(launched(SYNC_STEP, items=2), added(1), added(2), failed(1, 0, TIDY, "INTERNAL"))
    batch.given(fact(BatchCancelled())).when(retried(everything=True)).then()


def test_a_batch_that_was_cancelled_after_its_end_is_not_retried() -> None:
    """A retry that was given before the cancellation may be appended behind it."""
    batch = ended().given(fact(BatchCancelled())).when(retried(everything=True)).then()
    (found,) = batch.state.batches.values()
    assert (found.status, found.failed, batch.state.items[item_id(1)].status) == ("completed", 2, "failed")


def test_what_is_retried_after_the_end_is_cancelled_like_anything_under_way() -> None:
    batch = ended().given(retried(workflow=COMPANY)).when(fact(BatchCancelled())).then()
    (found,) = batch.state.batches.values()
    assert (found.status, found.failed, found.cancelled, found.ended) == ("cancelled", 1, 1, 3)
