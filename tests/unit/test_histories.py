"""Whole histories: where a crash strikes, how a log is cut, and who overtakes whom changes nothing that counts."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher import domain as dispatcher
from services.dispatcher.state import State as DispatcherState
from services.projector import domain as projector
from services.projector.state import State as ProjectorState
from services.projector.state import lead_id_of
from services.sequencer import domain as sequencer
from services.sequencer.state import State as SequencerState
from shared.state import Tracked
from tests.unit.dispatching import answered, sent, tidy
from tests.unit.engine import Engine
from tests.unit.specification import Specification

SEEDS = st.integers(0, 2**32)
Service = tuple[tuple[str, ...], Callable[[], Specification]]
SERVICES: dict[str, Service] = {
    "sequencer": (
        sequencer.CONSUMES,
        lambda: Specification(SequencerState(), sequencer.evolve, sequencer.decide),
    ),
    "dispatcher": (
        dispatcher.CONSUMES,
        lambda: Specification(
            DispatcherState(), dispatcher.evolve, partial(dispatcher.decide, workflows={"tidy": tidy})
        ),
    ),
    "projector": (
        projector.CONSUMES,
        lambda: Specification(ProjectorState(), projector.evolve, projector.decide),
    ),
}


def tables(state: Any) -> dict[str, dict]:
    return {name: dict(table) for name, table in vars(state).items() if isinstance(table, Tracked)}


@pytest.mark.parametrize("service", SERVICES)
@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(0, 120), st.data())
def test_a_crash_anywhere_changes_nothing(service: str, seed: int, steps: int, data: st.DataObject) -> None:
    """Some batches are lost with their process, at any event, and folded again from the state before them."""
    consumes, new = SERVICES[service]
    log = [event for event in Engine(seed).run(steps).log if event.type in consumes]
    whole = new()
    said = [follower.id for event in log for follower in whole.fold(event)]
    broken, again, at = new(), [], 0
    while at < len(log):
        batch = log[at : at + data.draw(st.integers(1, 40))]
        if data.draw(st.booleans()):
            lost = deepcopy(broken)
            for event in batch[: data.draw(st.integers(1, len(batch)))]:
                lost.fold(event)
        again += [follower.id for event in batch for follower in broken.fold(event)]
        at += len(batch)
    assert tables(broken.state) == tables(whole.state)
    assert again == said


class Fair(Engine):
    """A world that takes every call and answers it, sooner or later: only the order is left to chance."""

    def happen(self) -> None:
        states = self.dispatcher.state.dispatches.values()
        out = sorted((each for each in states if each.status in {"DUE", "SENT"}), key=lambda each: each.dispatch_id)
        if out:
            call = self.chance.choice(out)
            self.append(sent(call) if call.status == "DUE" else answered(call))

    def rows_of(self, seed: int) -> "Fair":
        """Begin with the rows of this seed, then go on by chance of one's own."""
        own, self.chance = self.chance, type(self.chance)(seed)
        self.begin()
        self.chance, self.begin = own, lambda: None  # type: ignore[method-assign]
        return self


def outcome(engine: Engine) -> tuple[Counter[str], dict[str, tuple[str, int]]]:
    """What a person cares about: how batches and rows ended, and after how many steps."""
    state, leads = engine.sequencer.state, engine.projector.state.leads
    batches = Counter(f"{batch.batch_id} {batch.status} {batch.completed}" for batch in state.batches.values())
    steps = Counter(step.item_id for step in state.steps.values())
    items = {item.item_id: (item.status, steps[item.item_id]) for item in state.items.values()}
    assert {name: leads[lead_id_of(name)].outcome for name in items} == {name: how for name, (how, _) in items.items()}
    return batches, items


@settings(deadline=None, max_examples=30)
@given(SEEDS, SEEDS, SEEDS, st.integers(0, 200))
def test_whoever_overtakes_whom_the_outcome_is_the_same(rows: int, first: int, second: int, steps: int) -> None:
    ends = [outcome(Fair(seed).rows_of(rows).run(steps)) for seed in (first, second)]
    assert ends[0] == ends[1]
    assert {status for status, _ in ends[0][1].values()} <= {"completed", "failed"}
