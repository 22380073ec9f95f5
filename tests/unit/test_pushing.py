"""A push as its events move it, and as the command line follows it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.addresses import Endpoint
from cli.api import Api
from cli.errors import Refused
from cli.pushing import follow
from services.projector import domain, parcels
from services.projector.parcels import Parcel
from services.projector.pushes import Push
from services.projector.state import State
from shared.envelope import Event
from shared.events import ParcelPushed, ParcelRefused, PushCancelled, PushCompleted, PushRequested, PushResumed
from shared.ids import named_id
from tests.unit.facts import BATCH, START, fact
from tests.unit.specification import Specification

PUSH = named_id("push", "one")
URL = "https://hooks.example.com/leads"


def asked() -> Event:
    return fact(PushRequested(PUSH, URL, {"outcome": ["completed"]}, ["lead_id"], 10), batch_id=None)


def taken(parcel: int, attempt: int = 1, leads: int = 10, hours: float = 1) -> Event:
    return fact(ParcelPushed(PUSH, parcel, leads, BATCH, parcel * 10, attempt), batch_id=None, hours=hours)


def refused(parcel: int, attempt: int = 1, again: float | None = None, hours: float = 1) -> Event:
    retry_at = None if again is None else START + timedelta(hours=again)
    said = ParcelRefused(PUSH, parcel, attempt, "API_ERROR", f"no {attempt}", retry_at)
    return fact(said, batch_id=None, hours=hours)


RESUMED = fact(PushResumed(PUSH), batch_id=None, hours=5)
CANCELLED = fact(PushCancelled(PUSH), batch_id=None, hours=6)
COMPLETED = fact(PushCompleted(PUSH, 2, 20), batch_id=None, hours=7)


def stands(*events: Event) -> Push:
    spec = Specification(State(), domain.evolve, domain.decide)
    spec.when(asked(), *events).then()
    return spec.state.pushes[PUSH]


@pytest.mark.parametrize(("events", "status", "leads", "parcel", "attempt"), [
    ([], "running", 0, 1, 1),
    ([taken(1)], "running", 10, 2, 1),
    ([taken(1), taken(1)], "running", 10, 2, 1),
    ([taken(2)], "running", 0, 1, 1),
    ([refused(1, again=2)], "running", 0, 1, 2),
    ([refused(1, again=2), refused(1, again=2)], "running", 0, 1, 2),
    ([refused(1, again=2), taken(1, 2)], "running", 10, 2, 1),
    ([taken(1), refused(2)], "failed", 10, 2, 2),
    ([taken(1), refused(2), refused(2, 2, again=3)], "failed", 10, 2, 2),
    ([taken(1), refused(2), RESUMED], "running", 10, 2, 2),
    ([taken(1), refused(2), RESUMED, refused(2), taken(2, 2)], "running", 20, 3, 1),
    ([RESUMED], "running", 0, 1, 1),
    ([taken(1), CANCELLED, RESUMED], "cancelled", 10, 2, 1),
    ([CANCELLED, taken(1)], "cancelled", 10, 2, 1),
    ([CANCELLED, COMPLETED], "cancelled", 0, 1, 1),
    ([taken(1), taken(2), COMPLETED, CANCELLED], "completed", 20, 3, 1),
    ([taken(1), COMPLETED], "running", 10, 2, 1),
    ([taken(1), taken(2), taken(3), COMPLETED], "running", 30, 4, 1),
])  # fmt: skip
def test_where_a_push_stands(events: list[Event], status: str, leads: int, parcel: int, attempt: int) -> None:
    push = stands(*events)
    assert (push.status, push.leads, push.parcel, push.attempt) == (status, leads, parcel, attempt)
    assert (push.ended_at is None) == (status == "running")


def test_a_refused_parcel_waits_and_a_resumed_push_is_patient_anew() -> None:
    waiting = stands(refused(1, again=3), refused(1, 2, again=4))
    assert (waiting.due_at, waiting.tries, waiting.reason) == (START + timedelta(hours=4), 3, "no 2")
    again = stands(refused(1, again=3), refused(1, 2), RESUMED)
    assert (again.due_at, again.tries, again.attempt) == (START + timedelta(hours=5), 1, 3)


def test_a_push_that_went_on_after_its_end_was_told_late_can_end() -> None:
    ends = [parcels.recorded(push, Parcel([]), None, START) for push in (stands(taken(1)), stands(taken(1), taken(2)))]
    assert ends[0].id != ends[1].id
    assert stands(taken(1), taken(2), *ends).status == "completed"


EVENTS = [taken(n) for n in (1, 2, 3)] + [refused(n, a, again=2) for n in (1, 2) for a in (1, 2)]
EVENTS += [refused(2, 1), RESUMED, CANCELLED, COMPLETED]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_what_is_told_twice_counts_once(events: list[Event]) -> None:
    once = stands(*events)
    assert stands(*(each for event in events for each in (event, event))) == once
    told = {event.payload.parcel for event in events if isinstance(event.payload, ParcelPushed)}
    assert once.leads == 10 * once.parcels <= 10 * len(told)


def followed(*pushes: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    answers, said = list(pushes), []

    def answer(_: httpx.Request) -> httpx.Response:
        told = {"reason": None, "due_at": "2026-01-01T10:00:00Z", "leads": 0} | answers.pop(0)
        return httpx.Response(200, json=told)

    places = {"projector": Endpoint("projector", "http://projector")}
    with Api(places, transport=httpx.MockTransport(answer)) as api:
        return follow(api, PUSH, said.append, lambda _: None), said


def test_a_push_is_followed_to_its_end() -> None:
    running = {"status": "running"}
    busy = running | {"leads": 100, "reason": "the webhook answered 429"}
    found, said = followed(running, running, busy, busy, {"status": "completed", "leads": 250})
    assert found["leads"] == 250
    assert said == ["0 leads taken", "100 leads taken; the webhook answered 429, again at 2026-01-01 10:00:00"]


def test_why_a_push_failed_is_told_with_what_to_do() -> None:
    with pytest.raises(Refused, match=f"taken 100 leads, and the push failed: no; `leadstream pushes resume {PUSH}`"):
        followed({"status": "failed", "leads": 100, "reason": "no"})
    with pytest.raises(Refused, match="the push cancelled"):
        followed({"status": "cancelled"})
