"""The judge of a run under fire: a sound history passes, and each kind of damage is told."""

from typing import Any

import pytest

from chaos.invariants import acknowledged, seen_by_provider
from chaos.load import Book, Launch
from chaos.tally import Tally


def said(kind: str, item: str | None = None, batch: str = "batch", **payload: Any) -> dict[str, Any]:
    return {"type": kind, "item_id": item, "batch_id": batch, "payload": payload}


SOUND = [
    said("UploadReceived", upload_id="upload"),
    said("BatchLaunched", items=1),
    said("ItemAdded", "item", row=1),
    said("StepScheduled", "item", step=0),
    said("ItemCompleted", "item", step=0),
    said("StepScheduled", "item", step=1),
    said("StepDispatched", "item", dispatch_id="first", step=1),
    said("DispatchTimedOut", "item", dispatch_id="first"),
    said("StepDispatched", "item", dispatch_id="second", step=1),
    said("EnrichmentReceived", "item", dispatch_id="second"),
    said("ItemCompleted", "item", step=1),
    said("BatchCompleted"),
]
BOOK = Book(uploads={"upload": 1}, launches=[Launch("batch", "upload", 1)])
ENDED = {"batch": (1, 1, 1)}
DISPATCHES = frozenset({"first", "second"})


def post(name: str, accepted: int = 0, key: str | None = None) -> dict[str, Any]:
    return {
        "dispatch_id": name, "idempotency_key": key or name, "path": "/webhook/person", "person_id": "ada",
        "company_id": None, "accepted": accepted,
    }  # fmt: skip


LEDGER = [post("first"), post("second", accepted=1)]


def wrong(history: list[dict[str, Any]], ledger: list[dict[str, Any]] = LEDGER, **noted: int) -> str:
    """Everything that the judge says of this history and ledger."""
    tally = Tally()
    for event in history:
        tally.take(event)
    found = [*tally.violations, *acknowledged(tally, BOOK, ENDED), *seen_by_provider(tally, ledger, DISPATCHES, noted)]
    return "\n".join(found)


def without(number: int) -> list[dict[str, Any]]:
    return SOUND[:number] + SOUND[number + 1 :]


def test_a_sound_history_passes() -> None:
    assert wrong(SOUND) == ""


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 7, 9], ids=lambda number: SOUND[number]["type"])
def test_a_lost_event_is_told(number: int) -> None:
    assert wrong(without(number))


@pytest.mark.parametrize("number", range(len(SOUND)), ids=lambda number: f"{number} {SOUND[number]['type']}")
def test_an_event_that_stands_twice_is_told(number: int) -> None:
    twice = wrong([*SOUND[: number + 1], *SOUND[number:]])
    assert bool(twice) == (SOUND[number]["type"] != "EnrichmentReceived")  # a provider may answer twice


def test_a_row_that_overtook_itself_is_told() -> None:
    assert "step 1 was scheduled" in wrong([*SOUND[:3], SOUND[5], SOUND[3], SOUND[4], *SOUND[6:]])


def test_a_dead_letter_is_told() -> None:
    letter = said("EventDeadLettered", service="sequencer", event_type="ItemAdded", error="no")
    assert "dead-lettered" in wrong([*SOUND, letter])


@pytest.mark.parametrize(
    ("ledger", "told"),
    [
        ([post("first"), post("second", accepted=2)], "2 answers"),
        ([post("first"), post("first"), post("second")], "POSTed 2 times"),
        ([post("first"), post("stranger")], "does not know"),
        ([post("first", key="another")], "idempotency key"),
        ([post("second"), post("third")], "called 2 times"),
    ],
)
def test_what_the_provider_saw_has_to_be_explained(ledger: list[dict[str, Any]], told: str) -> None:
    assert told in wrong(SOUND, ledger)


IN_DOUBT = [*SOUND[:6], said("StepDispatched", "item", dispatch_id="first", step=1, in_doubt=True), *SOUND[7:]]


def test_a_post_in_doubt_may_have_been_seen_twice() -> None:
    for history in (SOUND, IN_DOUBT):
        assert wrong(history, [post("first"), *LEDGER], first=2) == ""
    assert wrong(IN_DOUBT, [post("first"), *LEDGER]) == "", "how often is not noted any more"


@pytest.mark.parametrize("history", [SOUND, IN_DOUBT], ids=["told in time", "in doubt"])
def test_no_post_may_have_been_seen_more_often_than_it_was_noted(history: list[dict[str, Any]]) -> None:
    assert "first was POSTed 3 times" in wrong(history, [post("first"), post("first"), *LEDGER], first=2)
