"""Providers as they are: answers lost, twice, late, broken, refused. Every item still ends once, and paid for once."""

import pytest

from cli.campaign import COMPANY, PERSON
from cli.errors import Refused
from tests.e2e.ledgers import calls, leads_of, submissions
from tests.e2e.patience import eventually

QUICK = {
    "timeout_seconds": 1,
    "max_attempts": 8,
    "missing_attempts": 8,
    "retry_base_seconds": 0.1,
    "retry_longest_seconds": 0.5,
}


def launch(campaign, people, **config: float) -> dict:
    """Thirty people of six companies to their end."""
    campaign.config = QUICK | config
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", f"Firm{n % 6}") for n in range(30)]))
    return campaign.wait(campaign.launch(upload["upload_id"], (PERSON, COMPANY))["batch_id"], 90)


def dispatches(campaign, batch_id: str) -> list[dict]:
    return campaign.read("dispatcher", "/v1/dispatches", batch_id=batch_id, limit=1000)


def test_lost_answers_are_noticed_and_asked_for_again(campaign, people, provider):
    provider(loss=0.3)
    batch = launch(campaign, people, max_attempts=20, missing_attempts=20)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    missing = [d for d in dispatches(campaign, batch["batch_id"]) if d["status"] == "TIMED_OUT"]
    assert missing, "no answer was lost: nothing was tested"
    assert {entry["outcome"] for entry in submissions(campaign)} >= {"lost", "answered"}


def test_when_every_answer_is_lost_the_items_fail_and_say_why(campaign, people, provider):
    provider(loss=1)
    quick_end = {"max_attempts": 2}
    campaign.config = QUICK | quick_end
    campaign.set_up()
    upload = campaign.upload(people([("Ann", "Gone"), ("Bob", "Gone")]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 60)
    assert (batch["completed"], batch["failed"]) == (0, 2)
    items = campaign.read("sequencer", f"/v1/batches/{batch['batch_id']}/items", status="failed")
    assert {(item["code"], item["attempts"]) for item in items} == {("TIMEOUT", 2)}
    assert len(calls(campaign, "company")) == 1
    assert len(dispatches(campaign, batch["batch_id"])) == 2


def test_duplicates_reordering_and_broken_answers_change_nothing(campaign, people, provider):
    provider(duplicate=0.5, reorder=0.3, reorder_by_ms=100, malformed=0.1)
    batch = launch(campaign, people)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    leads_of(campaign, batch["batch_id"], 30)


def test_refusals_are_tried_again_later(campaign, people, provider):
    provider(status_429=0.2, status_5xx=0.2)
    batch = launch(campaign, people, max_attempts=30, circuit_failures=1000)
    assert (batch["completed"], batch["failed"]) == (30, 0)
    refused = [d for d in dispatches(campaign, batch["batch_id"]) if d["status"] == "REFUSED"]
    assert {d["code"] for d in refused} <= {"RATE_LIMIT", "API_ERROR"}
    assert refused, "nothing was refused: nothing was tested"


def test_a_cancelled_batch_ends_every_item_and_keeps_the_answers(campaign, people, provider):
    provider(delay_ms=4000)  # the command is followed before the answer comes
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", "Kept") for n in range(5)]))
    batch_id = campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"]
    eventually(lambda: calls(campaign, "company"))
    campaign.api.command(f"/v1/batches/{batch_id}/cancel", {"reason": "changed my mind"})
    batch = campaign.wait(batch_id, 60)
    assert (batch["status"], batch["cancelled"], batch["completed"]) == ("cancelled", 5, 0)
    with pytest.raises(Refused, match=r"^batch .* was cancelled") as refused:
        campaign.api.command(f"/v1/batches/{batch_id}/retry", {"everything": True})
    assert refused.value.status == 409
    company = next(iter(calls(campaign, "company")))
    # The answer was paid for and is kept.
    eventually(
        lambda: campaign.read("dispatcher", f"/v1/claims/{company}")[0],
        lambda claim: claim["status"] == "ANSWERED",
    )


def test_pause_holds_and_resume_goes_on(campaign, people, provider):
    provider(delay_ms=4000)  # the command is followed before the answers come
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", f"Pause{n}") for n in range(4)]))
    batch_id = campaign.launch(upload["upload_id"], (PERSON, COMPANY))["batch_id"]
    eventually(lambda: calls(campaign, "person"), lambda found: found.total() == 4)
    campaign.api.command(f"/v1/batches/{batch_id}/pause")
    eventually(lambda: [d["status"] for d in dispatches(campaign, batch_id)], lambda found: found == ["ANSWERED"] * 4)
    with pytest.raises(TimeoutError):
        campaign.wait(batch_id, 2)
    assert campaign.batch(batch_id)["status"] == "paused"
    assert not calls(campaign, "company")
    campaign.api.command(f"/v1/batches/{batch_id}/resume")
    assert campaign.wait(batch_id, 60)["completed"] == 4
