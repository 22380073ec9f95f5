"""Every part is killed with SIGKILL in the middle of a batch; nothing is lost, nothing is done twice.

The moments are random and their seed is printed: LEADSTREAM_SEED=... repeats a run, LEADSTREAM_TURNS=... kills each
part so many times.
"""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from cli.campaign import Campaign
from cli.checks import check
from cli.stack import Stack
from simulator.sample_list import write_list
from tests.e2e.ledgers import submissions

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
PARTS = ("ingest", "sequencer", "dispatcher", "callbacks", "projector", "relay", "nats", "postgres")
ITEMS = 300
# A retry comes soon, so that a lost answer does not hold the test up; refused connections are tried again often.
CONFIG = {
    "timeout_seconds": 8,
    "max_attempts": 30,
    "retry_base_seconds": 0.2,
    "retry_longest_seconds": 1,
    "in_flight": 8,
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory):
    environment = {"LEADSTREAM_SIMULATOR_DELAY_MS": "400", "LEADSTREAM_SIMULATOR_JITTER_MS": "400"}
    with Stack(tmp_path_factory.mktemp("chaos"), environment=environment).running() as running:
        yield running


@pytest.fixture(scope="module")
def seed() -> int:
    seed = int(os.environ.get("LEADSTREAM_SEED", random.randrange(10**6)))
    print(f"\nLEADSTREAM_SEED={seed}")
    return seed


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("list") / "people.csv"
    write_list(file, ITEMS)
    return file


@pytest.mark.parametrize("turn", range(int(os.environ.get("LEADSTREAM_TURNS", "1"))))
@pytest.mark.parametrize("part", PARTS)
def test_kill(stack: Stack, people: Path, seed: int, part: str, turn: int):
    campaign = Campaign(stack.urls, name=f"kill {part} {turn}", config=CONFIG)
    campaign.set_up()
    chance = random.Random(f"{seed}/{part}/{turn}")
    upload = campaign.upload(people)
    launched = campaign.launch(upload["upload_id"])
    time.sleep(chance.uniform(0.05, 1.0))
    before = campaign.batch(launched["batch_id"])
    stack.kill(part)

    batch = campaign.wait(launched["batch_id"], 120)

    assert before.get("status") != "completed", "the batch had ended before the kill: nothing was tested"
    assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", ITEMS, 0)
    _every_item_once(campaign, batch)
    _every_entity_once(campaign, batch)
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report
    campaign.close()


def _every_item_once(campaign: Campaign, batch: dict) -> None:
    deadline = time.monotonic() + 30
    while len(leads := campaign.leads(batch["batch_id"])) < ITEMS and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sorted(lead["row"] for lead in leads) == list(range(1, ITEMS + 1))
    assert {lead["outcome"] for lead in leads} == {"completed"}


def _every_entity_once(campaign: Campaign, batch: dict) -> None:
    """One POST a dispatch, two only where the attempt was in doubt; one dispatch an entity, unless it failed."""
    posts = Counter(entry["dispatch_id"] for entry in submissions(campaign))
    dispatches = campaign.call(
        "dispatcher", "GET", "/v1/dispatches", params={"batch_id": batch["batch_id"], "limit": 1000}
    )
    known = {dispatch["dispatch_id"]: dispatch for dispatch in dispatches}
    assert set(posts) <= set(known)
    for dispatch_id, count in posts.items():
        assert count == 1 or known[dispatch_id]["in_doubt"], (count, known[dispatch_id])
    entities = Counter((d["entity_id"], d["workflow"]) for d in dispatches)
    retried = {(d["entity_id"], d["workflow"]) for d in dispatches if d["status"] in {"REFUSED", "TIMED_OUT"}}
    late = {(d["entity_id"], d["workflow"]) for d in dispatches if d["attempt"] > 1}
    assert {key for key, count in entities.items() if count > 1} <= retried | late
