"""Every part is killed with SIGKILL in the middle of a batch; nothing is lost, nothing is done twice. After all of it
replay gives the same.

The moments are random and their seed is printed: LEADSTREAM_SEED=... repeats a run. `make chaos` kills more often.
"""

import os
import random
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from cli.campaign import Campaign
from cli.stack import Stack
from simulator.sample_list import write_list
from tests.e2e.ledgers import leads_of, submissions

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
PARTS = ("ingest", "sequencer", "dispatcher", "callbacks", "projector", "relay", "nats", "postgres")
ITEMS = 300
# An answer has time to come until whatever was killed works again; refused connections are tried again often.
CONFIG = {
    "timeout_seconds": 30,
    "max_attempts": 30,
    "missing_attempts": 30,
    "retry_base_seconds": 0.2,
    "retry_longest_seconds": 1,
    "in_flight": 8,
}


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


@pytest.mark.parametrize("part", PARTS)
def test_kill(stack: Stack, people: Path, seed: int, part: str):
    with closing(Campaign(stack.urls, name=f"kill {part}", config=CONFIG)) as campaign:
        campaign.set_up()
        chance = random.Random(f"{seed}/{part}")
        upload = campaign.upload(people)
        launched = campaign.launch(upload["upload_id"])
        time.sleep(chance.uniform(0.05, 1.0))
        before = campaign.batch(launched["batch_id"])
        stack.kill(part)

        batch = campaign.wait(launched["batch_id"], 240)

        assert before.get("status") != "completed", "the batch had ended before the kill: nothing was tested"
        assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", ITEMS, 0)
        _every_item_once(campaign, batch)
        _every_entity_once(campaign, batch)


def _every_item_once(campaign: Campaign, batch: dict) -> None:
    leads = leads_of(campaign, batch["batch_id"], ITEMS)
    assert sorted(lead["row"] for lead in leads) == list(range(1, ITEMS + 1))
    assert {lead["outcome"] for lead in leads} == {"completed"}


def _every_entity_once(campaign: Campaign, batch: dict) -> None:
    """By the simulator's own ledger: one POST a dispatch and one call an entity; more only where an attempt was in
    doubt and says so, or where the simulator itself gave up handing in the answer.
    """
    seen = submissions(campaign)
    dispatches = campaign.read("dispatcher", "/v1/dispatches", batch_id=batch["batch_id"], limit=1000)
    in_doubt = {dispatch["dispatch_id"] for dispatch in dispatches if dispatch["in_doubt"]}
    assert {entry["dispatch_id"] for entry in seen} <= {dispatch["dispatch_id"] for dispatch in dispatches}
    posts = Counter(entry["dispatch_id"] for entry in seen)
    assert {name for name, count in posts.items() if count > 1} <= in_doubt
    calls = Counter(entry["company_id"] or entry["person_id"] for entry in seen)
    assert len(calls) == ITEMS + ITEMS // 5
    explained = {
        entry["company_id"] or entry["person_id"]
        for entry in seen
        if entry["dispatch_id"] in in_doubt or entry["outcome"] == "callback_failed"
    }
    assert {name for name, count in calls.items() if count > 1} <= explained
