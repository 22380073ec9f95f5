"""The whole engine without its machinery: every service's pure functions on one log, and a world that answers.

What the world does (send, answer, refuse, miss, repeat, pause, cancel) is chosen by chance from a seed.
"""

from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from services.dispatcher import domain as dispatcher
from services.dispatcher.state import Dispatch
from services.dispatcher.state import State as DispatcherState
from services.projector import domain as projector
from services.projector.state import State as ProjectorState
from services.sequencer import domain as sequencer
from services.sequencer.state import State as SequencerState
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchPaused,
    BatchResumed,
    CustomersListed,
    CustomersRemoved,
    FailedItemsRetried,
    ListedCustomer,
)
from tests.unit.dispatching import LATER, answered, configured, refused, sent, tidy, timed_out, unasked
from tests.unit.facts import (
    BATCH,
    COMPANY_STEP,
    ITEM_STEP,
    NEXT_BATCH,
    PERSON_STEP,
    SYNC_STEP,
    UPLOAD,
    added,
    fact,
    launched,
)
from tests.unit.specification import Specification

STEPS = (SYNC_STEP, COMPANY_STEP, PERSON_STEP, ITEM_STEP)
FIRMS = ("Acme.com", "beta.com", "gamma.com")


class Engine:
    """One log and its services. `items` of each batch are at few companies. `retries`: a person retries what failed."""

    def __init__(self, seed: int, items: int = 5, retries: bool = False) -> None:
        self.chance, self.items, self.log, self.ids = Random(seed), items, [], set()
        self.retries = retries
        self.pending: list[Event] = []
        run = partial(dispatcher.decide, workflows={"tidy": tidy})
        self.sequencer = Specification(SequencerState(), sequencer.evolve, sequencer.decide)
        self.dispatcher = Specification(DispatcherState(), dispatcher.evolve, run)
        self.projector = Specification(ProjectorState(), projector.evolve, projector.decide)
        self.services = (
            (sequencer.CONSUMES, self.sequencer),
            (dispatcher.CONSUMES, self.dispatcher),
            (projector.CONSUMES, self.projector),
        )

    def append(self, event: Event) -> None:
        """An event enters the log, once by its id, and every service that reads it says what follows."""
        if event.id in self.ids:
            return
        self.ids.add(event.id)
        self.log.append(event)
        for consumes, service in self.services:
            if event.type in consumes:
                self.pending += service.fold(event)

    def run(self, steps: int) -> "Engine":
        """Some disorder, then everybody is answered and every batch goes on to its end."""
        self.begin()
        for _ in range(steps):
            self.chance.choice((self.follow, self.follow, self.follow, self.happen))()
        for batch in (BATCH, NEXT_BATCH):
            self.append(fact(BatchResumed(), batch_id=batch, nth=10_000))
        while self.pending or self.out():
            self.follow() if self.pending else self.append(answered(self.out()[0], nth=10_000))
        return self

    def begin(self) -> None:
        for step in STEPS[1:]:
            self.append(configured(step.workflow, freshness_days=self.chance.choice((None, 30, 0))))
        for batch, first in ((BATCH, 0), (NEXT_BATCH, 100)):
            self.append(launched(*STEPS, items=self.items, batch_id=batch))
            self.pending += [added(first + n, 0, batch, **self.row(n)) for n in range(self.items)]

    def row(self, number: int) -> dict[str, str]:
        people = {} if number == 0 else {"email": f"{number % 3}@acme.com"}
        return {"company_domain": self.chance.choice(FIRMS), **people}

    def follow(self) -> None:
        """One of what is to be appended: an item's events keep their order, others may overtake them."""
        if self.pending:
            first = self.chance.randrange(len(self.pending))
            item = self.pending[first].item_id
            self.append(self.pending.pop(next(n for n, e in enumerate(self.pending) if e.item_id == item)))

    def happen(self) -> None:
        nth = len(self.log)
        batch = self.chance.choice((BATCH, NEXT_BATCH))
        if self.retries and self.chance.random() < 0.3:
            skip = self.chance.random() < 0.2
            return self.append(fact(FailedItemsRetried(everything=True, skip=skip), batch_id=batch, nth=nth))
        dispatches = sorted(self.dispatcher.state.dispatches.values(), key=lambda dispatch: dispatch.dispatch_id)
        if dispatches and self.chance.random() < 0.8:
            word = self.chance.choice((sent, sent, answered, answered, timed_out, refused))
            more = {"retry_at": LATER} if word in (timed_out, refused) and self.chance.random() < 0.7 else {}
            event = word(self.chance.choice(dispatches), nth=nth, hours=self.chance.randrange(60), **more)
            self.append(self.naming(self.telling(event)) if word is answered else event)
        elif self.chance.random() < 0.1:
            self.append(fact(BatchCancelled(), batch_id=batch, nth=nth))
        elif self.chance.random() < 0.5:
            control = self.chance.choice((BatchPaused(calls=True), BatchPaused(), BatchResumed(), BatchResumed()))
            self.append(fact(control, batch_id=batch, nth=nth))
        elif self.chance.random() < 0.5:
            self.append(self.telling(unasked(self.chance.choice(FIRMS), nth=nth)))
        else:
            self.change_at_large(nth)
        return None

    def telling(self, answer: Event) -> Event:
        """The answer, saying something by chance."""
        chance = self.chance.choice
        said: dict[str, Any] = {"name": chance(("Acme", "Beta")), "Ort": {"Stadt": chance(("Bonn", "Ulm"))}}
        job = {"company": chance(("Acme", "Beta", "Gamma")), "is_current": chance((True, False)), "start_date": "2025"}
        said |= {"experience": [job] * self.chance.randrange(3)} | chance(({}, {"last_refresh": "2026-01-01"}))
        said = chance((said, {"Auskunft": {"Stadt": "Bonn"}}))
        return replace(answer, payload=replace(answer.payload, answer=said))

    def naming(self, answer: Event) -> Event:
        """The answer, naming by chance the call and its entity, the call alone, the item too, or the item alone."""
        about, payload = self.chance.choice(
            ((answer.entity_id, answer.payload), (None, answer.payload), (answer.item_id, answer.payload),
             (answer.item_id, replace(answer.payload, dispatch_id=None)))
        )  # fmt: skip
        return replace(answer, entity_id=about, payload=payload)

    def change_at_large(self, nth: int) -> None:
        """A customer list, or another mapping of what companies' answers say."""
        customer = ListedCustomer(self.chance.choice(("Acme", "Beta")), self.chance.choice((None, *FIRMS)))
        listed = CustomersListed(UPLOAD, [customer], self.chance.random() < 0.7)
        fewer = CustomersRemoved([customer]) if self.chance.random() < 0.8 else CustomersRemoved(everything=True)
        path = self.chance.choice(("Ort.Stadt", "Auskunft.Stadt"))
        mapped = configured(COMPANY_STEP.workflow, nth=nth, answer_mapping={"company_city": path})
        told = self.chance.choice((listed, listed, fewer))
        self.append(self.chance.choice((fact(told, batch_id=None, nth=nth), mapped)))

    def out(self) -> list[Dispatch]:
        """The dispatches that claims in progress count on."""
        claims = self.dispatcher.state.claims.values()
        waiting = [claim.dispatch_id for claim in claims if claim.status == "IN_PROGRESS"]
        return [self.dispatcher.state.dispatches[name] for name in waiting]
