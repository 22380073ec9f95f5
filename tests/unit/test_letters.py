"""Dead letters: whatever fails and whenever it is retried, an item's events keep their order, others never wait, and
replay takes the same events in the same order.
"""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.letters import folded
from shared.dead_letters import Letters, Released, subject_of
from shared.envelope import Emit, Event, caused, to_json
from shared.events import BatchPaused, DeadLetterResolved, DeadLetterRetried, EventDeadLettered, StepScheduled
from tests.unit.facts import NEXT_BATCH, START, fact, item_id

NAME = "sequencer"
CONSUMED = {"StepScheduled", "BatchPaused"}


class World:
    """A log, and a service that folds it: `failing` are events by id and how often each fails."""

    def __init__(self, events: Sequence[Event], failing: dict[str, int]) -> None:
        self.log, self.failing = list(events), dict(failing)
        self.letters, self.position, self.folded = Letters(NAME), 0, []

    def read(self, upto: int | None = None) -> None:
        """Take everything up to a position, as the machine does: a failure sets one event aside, and it goes on."""
        for position in range(self.position + 1, (upto or len(self.log)) + 1):
            while failed := self.attempt(position):
                self.letters.rewind(self.position)
                assert not self.letters.knows(position, failed.position)
                self.append(letter := self.letter(failed, position))
                self.letters.learn(letter)
            self.position = position

    def attempt(self, position: int) -> Event | None:
        """Fold one message's events; the first that fails, and then nothing of it counts."""
        done = []
        for step in self.letters.steps([(position, to_json(self.log[position - 1]))]):
            for event in self.released(step) if isinstance(step, Released) else step:
                if event.type not in CONSUMED:
                    continue
                if self.failing.get(event.id, 0) > 0:
                    self.failing[event.id] -= 1
                    return event
                done.append(event.position)
        self.folded += done
        return None

    def released(self, step: Released) -> list[Event]:
        found = []
        for position in range(step.first, step.limit):
            event = self.log[position - 1]
            ours = step.subject in (subject_of(event), event.batch_id)
            if event.type in CONSUMED and ours and self.letters.takes(event):
                found.append(event)
        return found

    def letter(self, event: Event, tried_at: int) -> Event:
        tries = self.letters.tries(event.position) + 1
        payload = EventDeadLettered(NAME, event.position, event.id, event.type, tries, "no", tried_at)
        return caused(event, Emit(payload, role=str(tried_at)), now=event.occurred_at, actor=event.actor)

    def settle(self, position: int, kind: type, again: int = 0) -> None:
        letter = self.letters.open[position]
        payload = kind(NAME, position, letter.payload.event_id, "")
        self.append(caused(letter, Emit(payload, role=f"{kind.__name__}{again}"), now=START, actor=letter.actor))

    @property
    def listed(self) -> dict[int, str]:
        """What a person is told of each letter."""
        about = [event for event in self.log if event.type not in CONSUMED]
        return {row["position"]: row["status"] for row, _ in folded(about)}

    def append(self, event: Event) -> None:
        self.log.append(placed(event, len(self.log) + 1))

    def replayed(self, size: int) -> "World":
        """The same log, `size` messages at a time, by a program in which nothing fails any more."""
        world = World(self.log, {})
        for event in self.log[: self.position + len(self.log)]:
            if event.type == "EventDeadLettered":
                world.letters.learn(event)
        messages = [(n, to_json(event)) for n, event in enumerate(self.log[: self.position], start=1)]
        for first in range(0, len(messages), size):
            for step in world.letters.steps(messages[first : first + size]):
                events = world.released(step) if isinstance(step, Released) else step
                world.folded += [event.position for event in events if event.type in CONSUMED]
        return world


def placed(event: Event, position: int) -> Event:
    return Event(**{name: getattr(event, name) for name in Event.__slots__} | {"position": position})


def steps(*items: int) -> list[Event]:
    events = [fact(StepScheduled(n, "tidy"), item=item, nth=n) for n, item in enumerate(items)]
    return [placed(event, n) for n, event in enumerate(events, start=1)]


def test_what_comes_later_about_an_item_waits_and_others_go_on() -> None:
    log = steps(1, 2, 1, 2, 1)
    world = World(log, {log[0].id: 1})
    world.read(5)
    assert world.folded == [2, 4]
    assert (set(world.letters.open), set(world.letters.held)) == ({1}, {item_id(1)})
    world.settle(1, DeadLetterRetried)
    world.read()
    assert world.folded == [2, 4, 1, 3, 5]
    assert not world.letters.open
    assert not world.letters.held


def test_a_resolved_event_is_left_out_and_what_waited_is_taken() -> None:
    log = steps(1, 1)
    world = World(log, {log[0].id: 1})
    world.read()
    world.settle(1, DeadLetterResolved)
    world.read()
    assert world.folded == [2]


def test_what_fails_at_a_retry_is_set_aside_in_its_turn() -> None:
    log = steps(1, 1, 1)
    world = World(log, {log[0].id: 1, log[1].id: 1})
    world.read()
    world.settle(1, DeadLetterRetried)
    world.read()
    assert (world.folded, set(world.letters.open)) == ([1], {2})
    world.settle(2, DeadLetterRetried)
    world.read()
    assert world.folded == [1, 2, 3]


@pytest.mark.parametrize("kind", [DeadLetterRetried, DeadLetterResolved])
def test_what_settles_a_letter_does_nothing_to_that_of_a_retry_since(kind: type) -> None:
    """As when a person resolves what the service has just retried by itself."""
    log = steps(1, 1)
    world = World(log, {log[0].id: 2})
    world.read()
    world.settle(1, DeadLetterRetried)
    world.settle(1, kind, again=1)
    world.read()
    assert (world.folded, set(world.letters.open)) == ([], {1})
    assert [e.payload.attempts for e in world.log if e.type == "EventDeadLettered"] == [1, 2]
    assert world.listed == {1: "open"}
    world.settle(1, kind, again=2)
    world.read()
    assert (world.folded, world.letters.open) == ([1, 2] if kind is DeadLetterRetried else [2], {})
    assert "open" not in world.listed.values()
    done = list(world.folded)
    world.append(world.log[-1])
    world.read()
    assert world.folded == done


def test_a_batch_holds_its_items_and_an_item_not_its_batch() -> None:
    pause = fact(BatchPaused(), nth=1)
    log = [pause, *steps(1), fact(StepScheduled(0, "tidy"), item=2, batch_id=NEXT_BATCH), fact(BatchPaused(), nth=2)]
    log = [placed(event, n) for n, event in enumerate(log, start=1)]
    world = World(log, {pause.id: 1})
    world.read(4)
    assert world.folded == [3]
    other = World(log, {log[1].id: 1})
    other.read(4)
    assert other.folded == [1, 3, 4]


def test_letters_of_the_first_release_hold_nothing() -> None:
    log = steps(1, 1)
    payload = EventDeadLettered(NAME, 1, log[0].id, log[0].type, 5, "no", 0)
    letter = caused(log[0], Emit(payload), now=START, actor=log[0].actor)
    world = World(log, {})
    world.letters.learn(letter)
    world.append(letter)
    world.read()
    assert (world.folded, set(world.letters.open)) == ([2], {1})
    world.settle(1, DeadLetterRetried)
    world.read()
    assert world.folded == [2, 1]


@pytest.mark.parametrize("seed", range(20))
@given(items=st.lists(st.integers(0, 3), min_size=1, max_size=25), size=st.integers(1, 9))
def test_order_is_kept_nothing_is_lost_and_replay_agrees(seed: int, items: list[int], size: int) -> None:
    chance = Random(seed)
    log = steps(*items)
    for number, event in enumerate(log):
        if chance.random() < 0.1:
            log[number] = placed(fact(BatchPaused(), nth=number), event.position)
    world = World(log, {event.id: chance.randrange(1, 3) for event in log if chance.random() < 0.25})
    resolved = set()
    for turn in range(200):
        world.read(chance.randint(world.position, len(world.log)))
        if world.position == len(world.log):
            assert {at for at, status in world.listed.items() if status == "open"} == set(world.letters.open)
        if world.letters.open and chance.random() < 0.8:
            position = chance.choice(sorted(world.letters.open))
            kind = chance.choice((DeadLetterRetried, DeadLetterRetried, DeadLetterRetried, DeadLetterResolved))
            if kind is DeadLetterResolved:
                resolved.add(position)
            world.settle(position, kind, again=turn)
    while world.letters.open or world.position < len(world.log):
        world.read()
        for position in sorted(world.letters.open):
            world.settle(position, DeadLetterRetried, again=1_000 + len(world.log))
    assert len(world.folded) == len(set(world.folded)), "nothing is taken twice"
    assert set(range(1, len(log) + 1)) - set(world.folded) <= resolved
    for subject in {subject_of(event) for event in log}:
        mine = [p for p in world.folded if p <= len(log) and subject_of(log[p - 1]) == subject]
        assert mine == sorted(mine), "an item's events are taken in order"
    for place, position in enumerate(world.folded):
        if position <= len(log) and log[position - 1].type == "BatchPaused":
            assert all(before < position for before in world.folded[:place]), "none overtakes its batch's event"
    assert world.replayed(size).folded == world.folded
