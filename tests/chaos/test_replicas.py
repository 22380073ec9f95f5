"""Two replicas of everything side by side: nothing is doubled, and when a leader dies or stops the other goes on."""

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from cli.campaign import Campaign
from cli.checks import check
from cli.stack import Stack
from shared.runtime.settings import ROLES
from simulator.sample_list import write_list
from tests.chaos.leaders import leaders, leading, states, until
from tests.e2e.ledgers import calls, submissions

pytestmark = [pytest.mark.alone, pytest.mark.processes, pytest.mark.timeout(300)]
TAKEOVER_SECONDS = 5
TAKEOVER_FROM_THE_STOPPED_SECONDS = 10
PARTS = ROLES


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory):
    environment = {"LEADSTREAM_SIMULATOR_DELAY_MS": "200", "LEADSTREAM_SIMULATOR_CALLBACK_RETRIES": "6"}
    with Stack(tmp_path_factory.mktemp("two"), environment=environment, replicas=2).running() as running:
        yield running


def test_two_replicas_double_nothing_and_one_takes_over(stack: Stack, tmp_path: Path):
    write_list(tmp_path / "people.csv", 200)
    with closing(
        Campaign(stack.urls, name="two replicas", config={"timeout_seconds": 60, "retry_base_seconds": 0.2})
    ) as campaign:
        campaign.set_up()
        until(lambda: set(leaders(stack)) == set(PARTS), 20, "every part leads")

        upload = campaign.upload(tmp_path / "people.csv")
        launched = campaign.launch(upload["upload_id"])
        for name in PARTS:
            before = leaders(stack)[name]
            stack.kill(leading(stack, name))
            until(lambda n=name, b=before: leaders(stack).get(n, b) != b, TAKEOVER_SECONDS, f"a new leader of {name}")

        batch = campaign.wait(launched["batch_id"], 120)
        assert (batch["completed"], batch["failed"]) == (200, 0)
        counts = campaign.read("dispatcher", "/v1/dispatches/counts", batch_id=batch["batch_id"])
        in_doubt = sum(count["in_doubt"] for count in counts)
        assert len(submissions(campaign)) <= 200 + 40 + in_doubt
        assert len(calls(campaign, "company")) == 40
        report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
        assert report["identical"], report


def test_leaders_that_are_stopped_between_batches_are_replaced_and_double_nothing(stack: Stack, tmp_path: Path):
    """The dispatcher's has POSTs in hand that wait for their turn: it wakes up when another has sent them."""
    write_list(tmp_path / "people.csv", 200)
    config = {"timeout_seconds": 60, "rate_per_second": 15, "burst": 5, "in_flight": 8}
    with closing(Campaign(stack.urls, name="stopped", config=config)) as campaign:
        campaign.set_up()
        until(lambda: set(leaders(stack)) == set(PARTS), 20, "every part leads")
        batch_id = campaign.launch(campaign.upload(tmp_path / "people.csv")["upload_id"])["batch_id"]
        until(lambda: campaign.batch(batch_id).get("completed", 0) > 5, 60, "the batch is under way")
        before = leaders(stack)
        stopped: list[int] = []
        try:
            stopped += (_stop_between_batches(stack, name) for name in PARTS)
            took = _taken_over(stack, before)
            print(f"all leaders stopped; another leads after so many seconds: {took}")
            time.sleep(2)  # the new ones are at work
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

        batch = campaign.wait(batch_id, 90)
        assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", 200, 0)
        posts = Counter(entry["dispatch_id"] for entry in submissions(campaign))
        dispatches = campaign.read("dispatcher", "/v1/dispatches", batch_id=batch_id, limit=1000)
        in_doubt = {dispatch["dispatch_id"] for dispatch in dispatches if dispatch["in_doubt"]}
        assert {name for name, count in posts.items() if count > 1} <= in_doubt
        print(f"{sum(posts.values())} POSTs of {len(posts)} dispatches, {len(in_doubt)} in doubt")
        report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
        assert report["identical"], report
        assert set(stopped) <= {process.running.pid for process in stack.processes.values() if process.running}


def _taken_over(stack: Stack, before: dict[str, int]) -> dict[str, float]:
    """After how many seconds each part had another leader than the one before."""
    began = time.monotonic()
    took: dict[str, float] = {}
    while waiting := [name for name in PARTS if name not in took]:
        now = leaders(stack)
        seconds = round(time.monotonic() - began, 1)
        took |= {name: seconds for name in waiting if now.get(name, before[name]) != before[name]}
        assert seconds < TAKEOVER_FROM_THE_STOPPED_SECONDS, f"{waiting} wait; {took}; {states(stack)}"
        time.sleep(0.05)
    return took


def _stop_between_batches(stack: Stack, name: str) -> int:
    """Stop the leader's process at a moment at which its session does nothing; its process id."""
    process = stack.processes[leading(stack, name)].running
    assert process is not None
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)  # what is in the server's hands is done then
        if states(stack).get(name) == "idle":
            return process.pid
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    raise AssertionError(f"{name} was never between two batches")
