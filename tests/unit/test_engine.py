"""The services together: every row ends once, with a lead that says how, and no entity is called twice at once."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.projector.state import lead_id_of
from shared.events import BatchCompleted, ItemCompleted, StepDispatched, StepFailed, StepScheduled
from tests.unit.engine import STEPS, Engine

SEEDS = st.integers(0, 2**32)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 150))
def test_every_item_ends_once_and_is_a_lead(seed: int, steps: int) -> None:
    engine = Engine(seed).run(steps)
    items = engine.sequencer.state.items
    assert len(items) == 2 * engine.items
    assert {item.status for item in items.values()} <= {"completed", "failed", "cancelled"}
    leads = engine.projector.state.leads
    assert {name: leads[lead_id_of(name)].outcome for name in items} == {n: item.status for n, item in items.items()}
    assert len(leads) == len(items)


@settings(deadline=None)
@given(SEEDS, st.integers(50, 150))
def test_what_is_retried_and_cancelled_ends_for_every_service_alike(seed: int, steps: int) -> None:
    engine = Engine(seed, retries=True).run(steps)
    state, leads = engine.sequencer.state, engine.projector.state.leads
    assert {name: leads[lead_id_of(name)].outcome for name in state.items} == {
        name: item.status for name, item in state.items.items()
    }
    for batch in state.batches.values():
        assert (batch.status in {"completed", "cancelled"}, batch.ended) == (True, batch.items)
        theirs = [service.state.batches[batch.batch_id] for service in (engine.dispatcher, engine.projector)]
        assert batch.final == (theirs[0].status == "cancelled") == theirs[1].cancelled


@settings(deadline=None)
@given(SEEDS, st.integers(50, 150))
def test_nothing_is_called_for_a_paused_batch_and_what_is_held_is_seen_to_be_paused(seed: int, steps: int) -> None:
    engine = Engine(seed, retries=True)
    engine.begin()
    state = engine.dispatcher.state
    for _ in range(steps):
        engine.chance.choice((engine.follow, engine.follow, engine.happen))()
        due = {dispatch.batch_id for dispatch in state.dispatches.values() if dispatch.status == "DUE"}
        assert {state.batches[name].status for name in due} <= {"running"}
    while engine.pending:
        engine.follow()
    held = {dispatch.batch_id for dispatch in state.dispatches.values() if dispatch.status == "HELD"}
    assert {engine.sequencer.state.batches[name].status for name in held} <= {"paused"}


@settings(deadline=None)
@given(SEEDS, st.integers(0, 150))
def test_a_batch_ends_once_with_the_counts_of_its_items(seed: int, steps: int) -> None:
    engine = Engine(seed).run(steps)
    ends = Counter(event.batch_id for event in engine.log if isinstance(event.payload, BatchCompleted))
    for batch in engine.sequencer.state.batches.values():
        assert ends[batch.batch_id] == (1 if batch.status == "completed" else 0)
        assert batch.status in {"completed", "cancelled"}
        assert (batch.added, batch.ended) == (batch.items, batch.items)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 150))
def test_a_step_is_scheduled_once_and_ends_once(seed: int, steps: int) -> None:
    engine = Engine(seed).run(steps)
    scheduled = Counter((e.item_id, e.payload.step) for e in engine.log if isinstance(e.payload, StepScheduled))
    ended = Counter(
        (e.item_id, e.payload.step) for e in engine.log if isinstance(e.payload, ItemCompleted | StepFailed)
    )
    assert set(scheduled.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert set(ended) <= set(scheduled)
    for item_id, step in scheduled:
        assert step == 0 or ended[item_id, step - 1] == 1
    assert max((step for _, step in scheduled), default=0) < len(STEPS)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 150))
def test_each_call_in_the_log_is_one_attempt_of_one_claim(seed: int, steps: int) -> None:
    engine = Engine(seed).run(steps)
    state = engine.dispatcher.state
    assert all(claim.status != "IN_PROGRESS" for claim in state.claims.values())
    assert all(waiter.released_by is not None for waiter in state.waiters.values())
    assert {e.payload.dispatch_id for e in engine.log if isinstance(e.payload, StepDispatched)} <= set(state.dispatches)
    calls = Counter((d.entity_id, d.workflow) for d in state.dispatches.values() if d.attempt == 1)
    unasked = {key for key, claim in state.claims.items() if claim.claimant_item_id is None}
    assert set(calls) | unasked == set(state.claims)
