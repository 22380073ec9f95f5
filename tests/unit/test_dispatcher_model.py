"""The dispatcher against a model of a page: whatever people, providers and time do, both tell the same story.

The model knows companies, who waits for each, and the calls made for it; nothing of rows, ids or events.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.dispatcher.state import Dispatch
from shared.envelope import Event
from shared.events import BatchCancelled, BatchPaused, BatchResumed, ItemCompleted, StepFailed
from tests.unit.dispatching import (
    FLOW,
    LATER,
    answered,
    company_id,
    configured,
    dispatcher,
    refused,
    scheduled,
    sent,
    timed_out,
)
from tests.unit.facts import BATCH, COMPANY_STEP, NEXT_BATCH, added, fact, item_id, launched, told_again

DOMAINS = ("acme.com", "beta.com")
ITEMS = 6
PLACES = {item_id(n): n for n in range(ITEMS)}


def batch_of(item: int) -> str:
    return BATCH if item < ITEMS // 2 else NEXT_BATCH


@dataclass
class Company:
    """How a company stands: `idle`, `open`, `answered` or `failed`; of an open one, who asked first and who waits."""

    status: str = "idle"
    claimant: int = -1
    waiting: list[int] = field(default_factory=list)
    calls: int = 0
    attempt: int = 0
    sent: bool = False
    found: bool = False


class DispatcherAndModel(RuleBasedStateMachine):
    """Every rule tells the dispatcher an event, and the model what should come of it."""

    @initialize(at=st.lists(st.sampled_from(DOMAINS), min_size=ITEMS, max_size=ITEMS))
    def begin(self, at: list[str]) -> None:
        self.at, self.companies = at, {domain: Company() for domain in at}
        self.asked: set[int] = set()
        self.cancelled: set[str] = set()
        self.paused: set[str] = set()
        self.expected: dict[int, str] = {}
        self.log: dict[str, Event] = {}
        self.about_calls: list[Event] = []
        self.real = dispatcher(configured())
        for batch in (BATCH, NEXT_BATCH):
            self.real.given(launched(COMPANY_STEP, items=ITEMS // 2, batch_id=batch))
        for n, domain in enumerate(at):
            self.real.given(added(n, 0, batch_of(n), company_domain=domain))

    def tell(self, event: Event) -> None:
        """The log takes an id once."""
        if getattr(event.payload, "dispatch_id", None):
            self.about_calls.append(event)
        self.log = {follower.id: follower for follower in self.real.fold(event)} | self.log

    def calls(self, domain: str) -> list[Dispatch]:
        """All calls for a company, the last one last."""
        entity = company_id(domain)
        found = [each for each in self.real.state.dispatches.values() if each.entity_id == entity]
        return sorted(found, key=lambda each: each.attempt)

    def current(self, domain: str) -> Dispatch:
        name = self.real.state.claims[company_id(domain), FLOW].dispatch_id
        return self.real.state.dispatches[name or ""]

    def drawn(self, data: st.DataObject, *statuses: str) -> str | None:
        domains = sorted(domain for domain, company in self.companies.items() if company.status in statuses)
        return data.draw(st.sampled_from(domains)) if domains else None

    @precondition(lambda self: len(self.asked) < ITEMS)
    @rule(data=st.data())
    def an_item_asks(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(sorted(set(range(ITEMS)) - self.asked)))
        self.asked.add(item)
        self.tell(scheduled(item, batch_id=batch_of(item)))
        company = self.companies[self.at[item]]
        if batch_of(item) in self.cancelled:
            return
        if company.status == "answered":
            self.expected[item] = "company_already_enriched" if company.found else "company_not_found"
            return
        company.waiting.append(item)
        if company.status != "open":
            company.status, company.claimant, company.sent = "open", item, False
            company.attempt, company.calls = 1, company.calls + 1
        elif not company.sent:
            self._passed_on(company)

    @rule(data=st.data())
    def a_call_is_taken(self, data: st.DataObject) -> None:
        if domain := self.drawn(data, "open"):
            self.tell(sent(self.current(domain)))
            self.companies[domain].sent = True

    @rule(data=st.data(), found=st.booleans())
    def an_answer_comes(self, data: st.DataObject, found: bool) -> None:
        """To any call that was ever made for the company: the first answer counts, whichever call it is for."""
        domain = self.drawn(data, "open", "answered", "failed")
        if domain is None:
            return
        unanswered = [call for call in self.calls(domain) if call.status != "ANSWERED"]
        if unanswered:
            self.tell(answered(data.draw(st.sampled_from(unanswered)), found=found))
            self.companies[domain].found |= found
            self._answered(self.companies[domain])

    def _answered(self, company: Company) -> None:
        if company.status == "open":
            for item in company.waiting:
                self.expected[item] = "done" if item == company.claimant else "company_enrichment_in_progress"
        company.status, company.waiting = "answered", []

    @rule(data=st.data(), word=st.sampled_from((timed_out, refused)), again=st.booleans())
    def a_call_comes_to_nothing(self, data: st.DataObject, word: Any, again: bool) -> None:
        if domain := self.drawn(data, "open"):
            self.tell(word(self.current(domain), retry_at=LATER if again else None))
            company = self.companies[domain]
            if again and self.wanted(company):
                company.attempt, company.calls, company.sent = company.attempt + 1, company.calls + 1, False
                self._passed_on(company)
            else:
                self._failed(company)

    def _passed_on(self, company: Company) -> None:
        """A call is for the batch that it was for, or if nobody of it waits any more, for one that does.

        Unless a batch is paused: then for one that is not, if there is one.
        """
        wanting = [item for item in company.waiting if batch_of(item) not in self.cancelled]
        wanting = [item for item in wanting if batch_of(item) not in self.paused] or wanting
        if batch_of(company.claimant) not in map(batch_of, wanting):
            company.claimant = min(wanting, key=item_id)

    def _failed(self, company: Company) -> None:
        for item in company.waiting:
            if batch_of(item) not in self.cancelled:
                self.expected[item] = "failed"
        company.status, company.waiting = "failed", []

    def wanted(self, company: Company) -> bool:
        return any(batch_of(item) not in self.cancelled for item in company.waiting)

    @precondition(lambda self: not self.cancelled and len(self.asked) > 2)
    @rule(batch=st.sampled_from((BATCH, NEXT_BATCH)))
    def a_batch_is_cancelled(self, batch: str) -> None:
        """One of the two: the other goes on."""
        self.cancelled.add(batch)
        self.paused.discard(batch)
        self.tell(fact(BatchCancelled(), batch_id=batch))
        for company in self.companies.values():
            theirs = [item for item in company.waiting if batch_of(item) == batch]
            if company.status == "open" and theirs and not company.sent and not self.wanted(company):
                self._failed(company)
            elif company.status == "open" and theirs and not company.sent:
                self._passed_on(company)

    @rule(batch=st.sampled_from((BATCH, NEXT_BATCH)), on=st.booleans(), nth=st.integers(0))
    def a_person_pauses_or_resumes_a_batch(self, batch: str, on: bool, nth: int) -> None:
        """One that is paused, runs, or was cancelled."""
        self.tell(fact(BatchResumed() if on else BatchPaused(calls=True), batch_id=batch, nth=nth))
        if on:
            self.paused.discard(batch)
        elif batch not in self.cancelled:
            self.paused.add(batch)
        for company in self.companies.values():
            if company.status == "open" and not company.sent:
                self._passed_on(company)

    @precondition(lambda self: self.about_calls)
    @rule(data=st.data(), as_another=st.booleans())
    def something_about_a_call_is_told_again(self, data: st.DataObject, as_another: bool) -> None:
        """A redelivery, or another event that says the same of a call that has moved on: nothing comes of it."""
        event = data.draw(st.sampled_from(self.about_calls))
        call = self.real.state.dispatches[event.payload.dispatch_id]
        if as_another and call.status in {"HELD", "DUE", "SENT"}:
            return
        before = set(self.log)
        self.log = {
            follower.id: follower for follower in self.real.fold(told_again(event) if as_another else event)
        } | self.log
        assert set(self.log) == before

    @invariant()
    def both_tell_the_same(self) -> None:
        if not hasattr(self, "real"):
            return
        state = self.real.state
        for domain, company in self.companies.items():
            claim = state.claims.get((company_id(domain), FLOW))
            status = {None: "idle", "IN_PROGRESS": "open"}.get(
                claim and claim.status, str(claim and claim.status).lower()
            )
            assert status == company.status
            assert len(self.calls(domain)) == company.calls
            waiting = [w for w in state.waiters.values() if w.released_by is None and w.entity_id == company_id(domain)]
            assert sorted(PLACES[waiter.item_id] for waiter in waiting) == sorted(company.waiting)
            if company.status == "open":
                call = self.current(domain)
                to_be_made = "HELD" if batch_of(company.claimant) in self.paused else "DUE"
                assert (call.attempt, call.status) == (company.attempt, "SENT" if company.sent else to_be_made)
                assert PLACES[claim.claimant_item_id] == company.claimant

    @invariant()
    def everybody_ends_as_the_model_says_and_once(self) -> None:
        if not hasattr(self, "real"):
            return
        ends = [event for event in self.log.values() if isinstance(event.payload, ItemCompleted | StepFailed)]
        told = {PLACES[str(event.item_id)]: _how(event.payload) for event in ends}
        assert len(told) == len(ends)
        assert told == self.expected


def _how(payload: ItemCompleted | StepFailed) -> str:
    return "failed" if isinstance(payload, StepFailed) else payload.skipped or "done"


TestDispatcherAndModel = DispatcherAndModel.TestCase
TestDispatcherAndModel.settings = settings(deadline=None, max_examples=150, stateful_step_count=30)
