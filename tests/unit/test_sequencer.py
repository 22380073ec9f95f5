"""Each item takes each step once, in order, and a batch ends once, however events repeat and mix."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sequencer.domain import decide, evolve
from services.sequencer.state import State
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BatchResumed,
    ItemCompleted,
    StepDispatched,
    StepFailed,
    StepScheduled,
)
from shared.state import Tracked
from tests.unit.facts import (
    BATCH,
    COMPANY_STEP,
    PERSON_STEP,
    SYNC_STEP,
    added,
    fact,
    item_id,
    launched,
    told_again,
)
from tests.unit.specification import Specification

STEPS = (SYNC_STEP, COMPANY_STEP, PERSON_STEP)
TIDY, COMPANY, PERSON = (StepScheduled(n, step.workflow) for n, step in enumerate(STEPS))


def sequencer(*given_: Event) -> Specification:
    return Specification(State(), evolve, decide).given(*given_)


def completed(item: int, step: int, **more) -> Event:
    return fact(ItemCompleted(step, STEPS[step].workflow, **more), item=item)


def failed(item: int, step: int) -> Event:
    payload = StepFailed(step, STEPS[step].workflow, "TIMEOUT", "no answer came", True, attempts=5)
    return fact(payload, item=item)


def dispatched(item: int, step: int, attempt: int = 1) -> Event:
    event = fact(ItemCompleted(0, ""))
    payload = StepDispatched(f"disp_{attempt}", STEPS[step].workflow, step, attempt, event.occurred_at)
    return fact(payload, item=item)


def test_a_new_item_takes_the_first_step() -> None:
    sequencer(launched(*STEPS)).when(added(1)).then(TIDY)


def test_a_completed_step_leads_to_the_next_and_the_last_to_the_batch_s_end() -> None:
    batch = sequencer(launched(*STEPS), added(1))
    batch.when(completed(1, 0)).then(COMPANY)
    batch.when(completed(1, 1)).then(PERSON)
    batch.when(completed(1, 2)).then(BatchCompleted(1, 0))
    assert batch.state.items[item_id(1)].status == "completed"
    assert batch.following[0].item_id is None


def test_a_batch_of_nothing_ends_at_once() -> None:
    sequencer().when(launched(*STEPS, items=0)).then(BatchCompleted(0, 0))


def test_a_failed_step_ends_its_item_only() -> None:
    batch = sequencer(launched(*STEPS, items=2), added(1), added(2))
    batch.when(failed(1, 0)).then()
    batch.when(completed(1, 0)).then()
    step = batch.state.steps[item_id(1), 0]
    assert (step.status, step.code, step.attempts) == ("FAILED", "TIMEOUT", 5)
    batch.given(completed(2, 0), completed(2, 1)).when(completed(2, 2)).then(BatchCompleted(1, 1))


def test_a_step_s_states() -> None:
    batch = sequencer(launched(*STEPS), added(1), completed(1, 0))
    place = (item_id(1), 1)
    assert batch.state.steps[place].status == "PENDING"
    batch.when(dispatched(1, 1), dispatched(1, 1, attempt=2)).then()
    assert (batch.state.steps[place].status, batch.state.steps[place].attempts) == ("IN_PROGRESS", 2)
    shared = completed(1, 1, skipped="company_enrichment_in_progress", claimant_item_id=item_id(7))
    batch.given(shared)
    step = batch.state.steps[place]
    assert (step.status, step.skipped) == ("SKIPPED", "company_enrichment_in_progress")
    assert step.claimant_item_id == item_id(7)


def test_an_attempt_recorded_after_its_answer_still_counts() -> None:
    batch = sequencer(launched(*STEPS), added(1), completed(1, 0), completed(1, 1), dispatched(1, 1))
    step = batch.state.steps[item_id(1), 1]
    assert (step.status, step.attempts) == ("COMPLETED", 1)


def test_late_and_repeated_words_of_a_step_move_nothing() -> None:
    batch = sequencer(launched(*STEPS), added(1), completed(1, 0))
    batch.when(told_again(completed(1, 0)), failed(1, 0), completed(1, 2), completed(9, 0)).then()
    assert batch.state.items[item_id(1)].step == 1


def test_a_paused_batch_schedules_nothing_and_goes_on_where_it_stood() -> None:
    batch = sequencer(launched(*STEPS, items=2), added(1), fact(BatchPaused()))
    batch.when(added(2), completed(1, 0)).then()
    batch.when(fact(BatchResumed()))
    assert sorted((e.item_id, e.payload.step) for e in batch.following) == sorted([(item_id(1), 1), (item_id(2), 0)])
    batch.when(told_again(fact(BatchResumed()))).then()


def test_a_pause_for_credits_that_crosses_a_resumption_with_more_of_them_is_none() -> None:
    launch, more = launched(*STEPS, items=2), fact(BatchResumed(max_credits=9))
    crossing = fact(BatchPaused("0 of 0 credits are gone", launch.id))
    batch = sequencer(launch, added(1), more).given(crossing)
    assert batch.state.batches[BATCH].status == "running"
    batch.given(fact(BatchPaused("9 of 9 credits are gone", more.id)))
    assert batch.state.batches[BATCH].status == "paused"
    batch.given(fact(BatchResumed(), nth=1), fact(BatchPaused("by hand")))
    assert batch.state.batches[BATCH].status == "paused"


def test_a_paused_batch_whose_last_step_ends_is_complete() -> None:
    batch = sequencer(launched(SYNC_STEP), added(1), fact(BatchPaused()))
    batch.when(completed(1, 0)).then(BatchCompleted(1, 0))
    batch.when(fact(BatchResumed())).then()


def test_a_cancelled_batch_ends_every_item_and_stays_so() -> None:
    batch = sequencer(launched(*STEPS, items=3), added(1), added(2), completed(2, 0), failed(2, 1))
    batch.when(fact(BatchCancelled("enough"))).then()
    batch.when(completed(1, 0), added(3), fact(BatchResumed()), fact(BatchPaused())).then()
    found = batch.state.batches[BATCH]
    assert (found.status, found.cancelled, found.failed, found.ended) == ("cancelled", 2, 1, 3)
    step = batch.state.steps[item_id(1), 0]
    assert (step.status, step.reason) == ("SKIPPED", "the batch was cancelled")
    assert batch.state.steps[item_id(2), 1].status == "FAILED"


def test_a_cancelled_paused_batch_ends_its_parked_items() -> None:
    batch = sequencer(launched(*STEPS), fact(BatchPaused()), added(1), fact(BatchCancelled()))
    assert batch.state.items[item_id(1)].status == "cancelled"
    assert batch.state.steps == {}


def test_a_completed_batch_stays_completed_when_it_is_cancelled() -> None:
    batch = sequencer(launched(SYNC_STEP), added(1), completed(1, 0))
    batch.when(fact(BatchCancelled())).then()
    assert batch.state.batches[BATCH].status == "completed"


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[Event]]:
    """Any order of everything the other services may say about a batch, some of it said again."""
    count = draw(st.integers(1, 4))
    outcomes = [
        draw(st.sampled_from((completed, completed, failed)))(n, step) for n in range(count) for step in range(3)
    ]
    controls = [fact(BatchPaused(), nth=n) for n in range(2)] + [fact(BatchResumed(), nth=n) for n in range(2)]
    posts = [dispatched(n, step) for n in range(count) for step in (1, 2)]
    inputs = outcomes + posts + draw(st.lists(st.sampled_from(controls), unique_by=lambda e: e.id))
    inputs += draw(st.lists(st.sampled_from(inputs), max_size=6))
    inputs += [told_again(event) for event in draw(st.lists(st.sampled_from(inputs), max_size=6))]
    births = [added(n) for n in range(count)]
    return count, [launched(*STEPS, items=count), *draw(st.permutations(inputs + births))]


def run(history: tuple[int, list[Event]]) -> tuple[Specification, list[Event]]:
    """Fold a history, then let everything that is still open come to its end."""
    count, events = history
    batch = sequencer()
    followers = [follower for event in events for follower in batch.fold(event)]
    followers += batch.fold(fact(BatchResumed(), nth=9))
    for step in range(3):
        followers += [f for n in range(count) for f in batch.fold(told_again(told_again(completed(n, step))))]
    return batch, followers


@given(histories())
def test_every_item_ends_once_each_step_is_scheduled_once_and_the_batch_completes_once(history) -> None:
    batch, followers = run(history)
    # A redelivered event may make the same event again, with the same id, which the log takes once.
    log = {follower.id: follower for follower in followers}.values()
    scheduled = Counter((e.item_id, e.payload.step) for e in log if isinstance(e.payload, StepScheduled))
    assert set(scheduled.values()) == {1}
    assert set(scheduled) == set(batch.state.steps)
    ends = [e.payload for e in log if isinstance(e.payload, BatchCompleted)]
    found = batch.state.batches[BATCH]
    assert ends == [BatchCompleted(found.completed, found.failed)]
    assert found.ended == found.items == history[0]
    assert {item.status for item in batch.state.items.values()} <= {"completed", "failed"}


@given(histories(), st.data())
def test_an_event_folded_again_brings_nothing_new(history, data) -> None:
    """Not for BatchLaunched and ItemAdded, which make rows: the log has each of them once, by its id."""
    batch, followers = run(history)
    moving = [event for event in history[1] if event.type not in {"BatchLaunched", "ItemAdded"}]
    again = data.draw(st.sampled_from(moving))
    assert {e.id for e in batch.fold(again)} <= {e.id for e in followers}
    assert batch.fold(told_again(told_again(told_again(again)))) == []


@given(histories(), st.integers(1, 7))
def test_the_state_does_not_depend_on_how_the_log_is_cut(history, size: int) -> None:
    """Rows handed to a fresh state after every few events, as after a restart, fold on just the same."""
    whole = sequencer(*history[1]).state
    cut = sequencer()
    for start in range(0, len(history[1]), size):
        cut.state = reread(cut.state)
        cut.given(*history[1][start : start + size])
    assert rows(cut.state) == rows(whole)


def reread(state: State) -> State:
    fresh = State()
    for name, table in vars(state).items():
        getattr(fresh, name).loaded(table.keys(), table.items())
    return fresh


def rows(state: State) -> dict[str, dict]:
    return {name: dict(table) for name, table in vars(state).items() if isinstance(table, Tracked)}


@pytest.mark.parametrize("control", [BatchPaused(), BatchResumed(), BatchCancelled()])
def test_control_of_a_batch_nobody_launched_does_nothing(control) -> None:
    sequencer().when(fact(control)).then()
