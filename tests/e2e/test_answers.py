"""Providers as they are: answers lost, twice, late, broken, refused. Every item still ends once, and paid for once."""

import time
from collections.abc import Iterator

import httpx
import pytest

from cli.campaign import COMPANY, PERSON, Refused
from tests.e2e.ledgers import calls, submissions

QUICK = {
    "timeout_seconds": 1,
    "max_attempts": 8,
    "missing_attempts": 8,
    "retry_base_seconds": 0.1,
    "retry_longest_seconds": 0.5,
}
CALM = {"loss": 0, "duplicate": 0, "malformed": 0, "status_429": 0, "status_5xx": 0, "delay_ms": 0, "reorder": 0}


@pytest.fixture
def provider(stack) -> Iterator:
    """Turns the simulator's knobs for one test."""

    def turn(**knobs: float) -> None:
        answer = httpx.patch(stack.urls["simulator"] + "/settings", json=knobs)
        assert answer.status_code == 200, answer.text

    yield turn
    turn(**CALM)


def launch(campaign, people, count: int = 30, steps: tuple[str, ...] = (PERSON, COMPANY)) -> dict:
    campaign.config = QUICK
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", f"Firm{n % 6}") for n in range(count)]))
    return campaign.wait(campaign.launch(upload["upload_id"], steps)["batch_id"], 60)


def dispatches(campaign, batch: dict) -> list[dict]:
    return campaign.call("dispatcher", "GET", "/v1/dispatches", params={"batch_id": batch["batch_id"], "limit": 1000})


def test_lost_answers_are_noticed_and_asked_for_again(campaign, people, provider):
    provider(loss=0.3)
    batch = launch(campaign, people)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    missing = [d for d in dispatches(campaign, batch) if d["status"] == "TIMED_OUT"]
    assert missing, "no answer was lost: nothing was tested"
    assert {entry["outcome"] for entry in submissions(campaign)} >= {"lost", "answered"}


def test_when_every_answer_is_lost_the_items_fail_and_say_why(campaign, people, provider):
    provider(loss=1)
    quick_end = {"max_attempts": 2}
    campaign.config = QUICK | quick_end
    campaign.set_up()
    upload = campaign.upload(people([("Ann", "Gone"), ("Bob", "Gone")]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 30)
    assert (batch["completed"], batch["failed"]) == (0, 2)
    items = campaign.call("sequencer", "GET", f"/v1/batches/{batch['batch_id']}/items", params={"status": "failed"})
    assert {(item["code"], item["attempts"]) for item in items} == {("TIMEOUT", 2)}
    assert len(calls(campaign, "company")) == 1
    assert len(dispatches(campaign, batch)) == 2


def test_duplicates_reordering_and_broken_answers_change_nothing(campaign, people, provider):
    provider(duplicate=0.5, reorder=0.3, reorder_by_ms=100, malformed=0.1)
    batch = launch(campaign, people)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    assert len(campaign.leads(batch["batch_id"])) == 30


def test_refusals_are_tried_again_later(campaign, people, provider):
    provider(status_429=0.2, status_5xx=0.2)
    batch = launch(campaign, people)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    refused = [d for d in dispatches(campaign, batch) if d["status"] == "REFUSED"]
    assert {d["code"] for d in refused} <= {"RATE_LIMIT", "API_ERROR"}
    assert refused, "nothing was refused: nothing was tested"


def test_a_cancelled_batch_ends_every_item_and_keeps_the_answers(campaign, people, provider):
    provider(delay_ms=700)
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", "Kept") for n in range(5)]))
    batch_id = campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"]
    while not calls(campaign, "company"):
        pass
    campaign.call("ingest", "POST", f"/v1/batches/{batch_id}/cancel", json={"reason": "changed my mind"})
    batch = campaign.wait(batch_id, 10)
    assert (batch["status"], batch["cancelled"], batch["completed"]) == ("cancelled", 5, 0)
    with pytest.raises(Refused, match=r"409 batch .* was cancelled"):
        campaign.call("ingest", "POST", f"/v1/batches/{batch_id}/retry", json={"everything": True})
    company = next(iter(calls(campaign, "company")))
    deadline = time.monotonic() + 20
    while (claim := campaign.call("dispatcher", "GET", f"/v1/claims/{company}")[0])["status"] != "ANSWERED":
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert claim["status"] == "ANSWERED", "the answer was paid for and is kept"


def test_pause_holds_and_resume_goes_on(campaign, people, provider):
    provider(delay_ms=300)
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", f"Pause{n}") for n in range(4)]))
    batch_id = campaign.launch(upload["upload_id"], (PERSON, COMPANY))["batch_id"]
    while not calls(campaign, "person"):
        pass
    campaign.call("ingest", "POST", f"/v1/batches/{batch_id}/pause")
    with pytest.raises(TimeoutError):
        campaign.wait(batch_id, 2)
    assert campaign.batch(batch_id)["status"] == "paused"
    assert not calls(campaign, "company")
    campaign.call("ingest", "POST", f"/v1/batches/{batch_id}/resume")
    assert campaign.wait(batch_id, 20)["completed"] == 4
