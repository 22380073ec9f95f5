"""Whatever comes, in whatever order and however often: one open call an entity, and one end for who waits for it."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatcher.state import State
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchPaused,
    BatchResumed,
    BlueprintStep,
    EnrichmentReceived,
    ItemCompleted,
    StepFailed,
    StepScheduled,
)
from shared.state import Tracked
from tests.unit.dispatching import (
    LATER,
    answered,
    at_company,
    company_id,
    dispatcher,
    refused,
    scheduled,
    sent,
    timed_out,
    unasked,
)
from tests.unit.facts import BATCH, NEXT_BATCH, added, fact, item_id, launched, told_again
from tests.unit.specification import Specification

DOMAINS = ("acme.com", "beta.com", "gamma.com")
ITEMS = st.lists(st.sampled_from(DOMAINS), min_size=1, max_size=6)
OPEN = {"HELD", "DUE", "SENT"}
# What may be said about a dispatch, of any age and in any state.
WORDS = (
    sent,
    answered,
    lambda dispatch: answered(dispatch, found=False),
    timed_out,
    lambda dispatch: timed_out(dispatch, retry_at=LATER),
    lambda dispatch: refused(dispatch, "AUTH"),
    lambda dispatch: refused(dispatch, retry_at=LATER),
)


@dataclass
class World:
    """A batch of items, everything said to the dispatcher about it, and what the log took of what followed.

    The log takes an id once: what an event makes again, when it is delivered again, is left out.
    """

    domains: list[str]
    batch: Specification = field(default_factory=dispatcher)
    said: list[Event] = field(default_factory=list)
    log: dict[str, Event] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for event in at_company(*self.domains):
            self.say(event)

    def say(self, event: Event) -> None:
        self.said.append(event)
        self.log = {follower.id: follower for follower in self.batch.fold(event)} | self.log

    def schedule(self, item: int) -> None:
        self.asked.add(item)
        self.say(scheduled(item))

    def waits(self, item: int) -> bool:
        waiter = self.batch.state.waiters.get((item_id(item), 0))
        return waiter is not None and waiter.released_by is None

    def step(self, data: st.DataObject) -> None:
        """Somebody says something: new, again, or late."""
        kinds = ["schedule", "word", "word", "word", "unasked", "again", "repeated", "control"]
        kind = data.draw(st.sampled_from(kinds))
        if kind == "schedule":
            # The sequencer says it once; the log cannot hold it twice. While it waits it may come again all the same.
            items = [n for n in range(len(self.domains)) if n not in self.asked or self.waits(n)]
            if items:
                self.schedule(data.draw(st.sampled_from(items)))
        elif kind == "unasked":
            self.say(unasked(data.draw(st.sampled_from(DOMAINS)), nth=len(self.said)))
        elif kind == "word" and self.batch.state.dispatches:
            dispatch = data.draw(
                st.sampled_from(sorted(self.batch.state.dispatches.values(), key=lambda d: d.dispatch_id))
            )
            self.say(data.draw(st.sampled_from(WORDS))(dispatch))
        elif kind == "control":
            self.say(fact(data.draw(st.sampled_from((BatchPaused(calls=True), BatchResumed()))), nth=len(self.said)))
        elif kind in {"again", "repeated"}:
            others = [e for e in self.said if e.item_id is None or not isinstance(e.payload, StepScheduled)]
            event = data.draw(st.sampled_from([e for e in others if e.type not in {"ItemAdded", "BatchLaunched"}]))
            self.say(event if kind == "again" else told_again(event))

    def finish(self) -> None:
        """Everybody has asked, and every call still out is answered."""
        for item in set(range(len(self.domains))) - self.asked:
            self.schedule(item)
        for claim in list(self.batch.state.claims.values()):
            if claim.status == "IN_PROGRESS":
                self.say(answered(self.batch.state.dispatches[claim.dispatch_id or ""], nth=99))

    def ends(self) -> Counter[str]:
        return Counter(e.item_id or "" for e in self.log.values() if isinstance(e.payload, ItemCompleted | StepFailed))

    def check(self) -> None:
        state: State = self.batch.state
        open_ = Counter((d.entity_id, d.workflow) for d in state.dispatches.values() if d.status in OPEN)
        assert max(open_.values(), default=0) <= 1
        to_be_made = "HELD" if state.batches[BATCH].status == "paused" else "DUE"
        assert {d.status for d in state.dispatches.values()} & {"HELD", "DUE"} <= {to_be_made}
        early = {key for (key, _), claim in state.claims.items() if claim.claimant_item_id is None}
        assert {key for key, _ in state.claims} == {company_id(self.domains[n]) for n in self.asked} | early
        for key, claim in state.claims.items():
            waiting = any(w.released_by is None for w in state.waiters.values() if (w.entity_id, w.workflow) == key)
            assert waiting == (claim.status == "IN_PROGRESS")
            assert not waiting or state.dispatches[claim.dispatch_id or ""].status in OPEN
        ended = self.ends()
        assert all(ended[item_id(n)] == (0 if self.waits(n) else 1) for n in self.asked)
        assert set(ended.values()) <= {1}


@settings(deadline=None)
@given(ITEMS, st.data())
def test_one_call_an_entity_and_one_end_a_waiter(domains: list[str], data: st.DataObject) -> None:
    world = World(domains)
    for _ in range(data.draw(st.integers(0, 25))):
        world.step(data)
        world.check()
    world.finish()
    world.check()
    assert sum(world.ends().values()) == len(domains)


@settings(deadline=None)
@given(ITEMS, st.data())
def test_nobody_completes_before_the_answer_about_their_company(domains: list[str], data: st.DataObject) -> None:
    world, answers = World(domains), {}
    for _ in range(data.draw(st.integers(0, 25))):
        known = set(world.log)
        world.step(data)
        if isinstance(world.said[-1].payload, EnrichmentReceived):
            answers[world.said[-1].id] = world.said[-1]
        for event in [event for name, event in world.log.items() if name not in known]:
            if isinstance(event.payload, ItemCompleted):
                answer = answers[event.payload.answer_id]
                number = next(n for n in range(len(domains)) if item_id(n) == event.item_id)
                assert answer.entity_id == event.entity_id == company_id(domains[number])
                assert event.payload.found == answer.payload.found


@settings(deadline=None)
@given(ITEMS, st.data())
def test_an_event_folded_again_brings_nothing_new(domains: list[str], data: st.DataObject) -> None:
    """True at any time of what is said about a dispatch, told again under its own id or another.

    Not of a StepScheduled once its item has ended, which would ask once more, nor of an answer without a dispatch
    that came before anybody asked, which now has somebody to serve: the log has each event once, by its id.
    """
    world = World(domains)
    for _ in range(data.draw(st.integers(1, 20))):
        world.step(data)
    for event in [event for event in world.said if getattr(event.payload, "dispatch_id", None)]:
        before, calls = set(world.log), set(world.batch.state.dispatches)
        world.say(event)
        world.say(told_again(event))
        assert (set(world.log), set(world.batch.state.dispatches)) == (before, calls)
    world.check()


@settings(deadline=None)
@given(ITEMS, st.integers(1, 7), st.booleans(), st.data())
def test_the_state_does_not_depend_on_how_the_log_is_cut(domains, size: int, cancelled: bool, data) -> None:
    """Rows handed to a fresh state after every few events, as after a restart, fold on just the same."""
    world = World(domains)
    world.say(launched(BlueprintStep("enrich_company", "ASYNC", "company"), batch_id=NEXT_BATCH))
    world.say(added(90, 0, NEXT_BATCH, company_domain=domains[0]))
    for n in range(data.draw(st.integers(1, 20))):
        world.step(data)
        if n == 5:
            world.say(scheduled(90, batch_id=NEXT_BATCH))
        if n in {6, 12}:
            world.say(fact(BatchPaused(calls=True) if n == 6 else BatchResumed(), batch_id=NEXT_BATCH, nth=n))
        if n == 9 and cancelled:
            world.say(fact(BatchCancelled(), batch_id=BATCH))
    cut, log = dispatcher(), {}
    for start in range(0, len(world.said), size):
        cut.state = reread(cut.state)
        cut.when(*world.said[start : start + size])
        log = {event.id: event for event in cut.following} | log
    assert rows(cut.state) == rows(world.batch.state)
    assert log == world.log


def reread(state: State) -> State:
    fresh = State()
    for name, table in vars(state).items():
        if isinstance(table, Tracked):
            getattr(fresh, name).loaded(table.keys(), table.items())
    for waiter in fresh.waiters.values():
        fresh.index(waiter)
    fresh.fields |= state.fields  # read from the log, as often as need be
    return fresh


def rows(state: State) -> dict[str, dict]:
    return {name: dict(table) for name, table in vars(state).items() if isinstance(table, Tracked)}
