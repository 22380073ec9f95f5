"""What goes out: one webhook's trouble is its own, and what a webhook takes in its life is counted."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from cli.campaign import COMPANY, PERSON, Campaign


@pytest.fixture
def outage(stack) -> Iterator[Callable[[float], None]]:
    """Turns how many of its submissions the simulator refuses with 503."""

    def turn(share: float) -> None:
        assert httpx.patch(stack.urls["simulator"] + "/settings", json={"status_5xx": share}).is_success

    yield turn
    turn(0)


def point(campaign: Campaign, workflow: str, **config: object) -> str:
    """Settings for a webhook that nobody else uses."""
    kind = "company" if workflow == COMPANY else "person"
    url = f"{campaign.urls['simulator']}/webhook/{kind}?of={campaign.client_id}-{len(config)}"
    body = {"workstream": "apollo_scrape", "config": {"webhook_url": url, "rate_per_second": 0} | config}
    campaign.api.command(f"/v1/clients/{campaign.client_id}/configs/{workflow}", body, method="PUT")
    return url


def start(campaign: Campaign, file, step: str) -> str:
    upload = campaign.upload(file)
    return str(campaign.launch(upload["upload_id"], (step,))["batch_id"])


def sent(campaign: Campaign, batch_id: str) -> list[dict]:
    return campaign.read("dispatcher", "/v1/dispatches", batch_id=batch_id, limit=1000)


def webhook(campaign: Campaign, url: str) -> dict:
    rows = campaign.read("dispatcher", "/v1/webhooks")
    return next(row for row in rows if row["webhook_url"] == url)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_a_slow_webhook_holds_up_no_other(campaign, people):
    point(campaign, COMPANY, rate_per_second=2, burst=1, in_flight=1)
    point(campaign, PERSON)
    slow = start(campaign, people([(f"S{n}", f"Slow{n}") for n in range(300)], "slow.csv"), COMPANY)
    until(lambda: any(d["status"] == "ANSWERED" for d in sent(campaign, slow)))
    quick = start(campaign, people([(f"Q{n}", f"Quick{n}") for n in range(50)], "quick.csv"), PERSON)
    assert campaign.wait(quick, 60)["completed"] == 50
    answered = [d for d in sent(campaign, slow) if d["status"] == "ANSWERED"]
    assert len(answered) < 300, "the slow one was not slow: nothing was tested"
    campaign.api.command(f"/v1/batches/{slow}/cancel")


def test_a_webhook_that_is_down_is_left_alone_and_taken_up_again(campaign, people, outage):
    quick = {"retry_base_seconds": 0.2, "retry_longest_seconds": 0.5}
    url = point(campaign, COMPANY, circuit_failures=3, circuit_seconds=10, in_flight=2, **quick)
    outage(1)
    batch_id = start(campaign, people([(f"P{n}", f"Down{n}") for n in range(40)]), COMPANY)
    until(lambda: webhook(campaign, url)["left_alone_seconds"] > 0)
    time.sleep(0.5)
    refused = [d for d in sent(campaign, batch_id) if d["status"] == "REFUSED"]
    assert 3 <= len(refused) <= 5, "those in a row that opened the circuit, and what was in flight with them"
    outage(0)
    assert campaign.wait(batch_id, 60)["completed"] == 40
    assert webhook(campaign, url)["left_alone_seconds"] == 0
    assert not any(d["in_doubt"] for d in sent(campaign, batch_id)), "nothing held back counts as sent"


def test_what_a_webhook_takes_is_counted_and_none_is_sent_past_its_limit(campaign, people):
    url = point(campaign, COMPANY, max_submissions=5, in_flight=1)
    batch_id = start(campaign, people([(f"P{n}", f"Full{n}") for n in range(8)]), COMPANY)
    batch = campaign.wait(batch_id, 60)
    assert (batch["completed"], batch["failed"]) == (5, 3)
    row = webhook(campaign, url)
    assert (row["taken"], row["limit"], row["nearly_full"]) == (5, 5, True)
    assert [user["workflow"] for user in row["used_by"]] == [COMPANY]
    failed = campaign.read("sequencer", f"/v1/batches/{batch_id}/items", status="failed")
    assert {item["code"] for item in failed} == {"CONFIGURATION"}
    assert "5 submissions" in failed[0]["reason"]


def test_a_list_longer_than_a_webhook_takes_finds_room_at_the_simulator(campaign, people, stack):
    campaign.config = {"webhook_url": f"{stack.urls['simulator']}/webhook/person?of={campaign.client_id}"}
    httpx.patch(stack.urls["simulator"] + "/settings", json={"submission_limit": 0}).raise_for_status()
    campaign.make_room(60_000)
    try:
        batch_id = start(campaign, people([(f"R{n}", f"Room{n}") for n in range(8)]), PERSON)
        assert campaign.wait(batch_id, 60)["completed"] == 8
        assert webhook(campaign, campaign.config["webhook_url"])["limit"] == 60_000
    finally:
        httpx.patch(stack.urls["simulator"] + "/settings", json={"submission_limit": 50_000})
