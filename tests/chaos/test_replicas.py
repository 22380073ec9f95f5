"""Two replicas of everything run side by side: nothing is doubled, and when a leader dies the other goes on at once."""

import asyncio
import time
from pathlib import Path

import psycopg
import pytest

from cli.campaign import Campaign
from cli.checks import check
from cli.stack import Stack
from shared.runtime.settings import SERVICES
from simulator.sample_list import write_list
from tests.e2e.ledgers import calls, submissions

pytestmark = [pytest.mark.alone, pytest.mark.processes, pytest.mark.timeout(300)]
TAKEOVER_SECONDS = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory):
    environment = {"LEADSTREAM_SIMULATOR_DELAY_MS": "200"}
    with Stack(tmp_path_factory.mktemp("two"), environment=environment, replicas=2).running() as running:
        yield running


def leaders(stack: Stack) -> dict[str, int]:
    """The process id of each service's leader, by the advisory lock its connection holds."""
    query = (
        "SELECT a.application_name, a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'advisory' AND l.granted"
    )
    with psycopg.connect(stack.admin_url) as connection:
        return {name.removeprefix("leadstream "): port for name, port in connection.execute(query)}


def test_two_replicas_double_nothing_and_one_takes_over(stack: Stack, tmp_path: Path):
    write_list(tmp_path / "people.csv", 200)
    campaign = Campaign(stack.urls, name="two replicas", config={"timeout_seconds": 10, "retry_base_seconds": 0.2})
    campaign.set_up()
    assert set(leaders(stack)) == {*SERVICES, "relay"}

    upload = campaign.upload(tmp_path / "people.csv")
    launched = campaign.launch(upload["upload_id"])
    for name in (*SERVICES, "relay"):
        before = leaders(stack)[name]
        _kill_leader(stack, name)
        deadline = time.monotonic() + TAKEOVER_SECONDS
        while leaders(stack).get(name, before) == before:
            assert time.monotonic() < deadline, f"no new leader of {name} within {TAKEOVER_SECONDS} s"
            time.sleep(0.02)

    batch = campaign.wait(launched["batch_id"], 60)
    assert (batch["completed"], batch["failed"]) == (200, 0)
    in_doubt = sum(count["in_doubt"] for count in campaign.call(
        "dispatcher", "GET", "/v1/dispatches/counts", params={"batch_id": batch["batch_id"]}
    ))  # fmt: skip
    assert len(submissions(campaign)) <= 200 + 40 + in_doubt
    assert len(calls(campaign, "company")) == 40
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report
    campaign.close()


def _kill_leader(stack: Stack, name: str) -> None:
    """Kill the process whose connection holds the lease."""
    import psutil

    port = leaders(stack)[name]
    for candidate in (name, f"{name}.1"):
        process = stack.processes[candidate].running
        assert process is not None
        ports = {c.laddr.port for c in psutil.Process(process.pid).net_connections() if c.laddr}
        if port in ports:
            stack.kill(candidate)
            return
    raise AssertionError(f"no replica of {name} holds the lease")
