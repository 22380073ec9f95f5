"""A server away in the middle of a batch, and every part restarted in the middle of one: nothing changes but time.

LEADSTREAM_AWAY_SECONDS=600 makes the absence as long as it is in life; by default it is shortened.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest

from cli.campaign import PERSON, Campaign
from cli.checks import check
from cli.stack import Stack
from shared.envelope import from_json
from shared.runtime.settings import ROLES, SERVICES
from shared.tokens import CallbackToken
from simulator.sample_list import write_list
from tests.chaos.leaders import until
from tests.chaos.parts import processes, signed, standing_still, until_another
from tests.e2e.ledgers import submissions
from tests.e2e.patience import away

AWAY_SECONDS = float(os.environ.get("LEADSTREAM_AWAY_SECONDS", "10"))
pytestmark = [pytest.mark.alone, pytest.mark.processes, pytest.mark.timeout(300 + 2 * int(AWAY_SECONDS))]
ITEMS = 200
PEOPLE = 10
OUT_SECONDS = 15
STANDING_SECONDS = 3
# Where nothing waits for a server no loop is held up for a quarter of a second, but by a machine that has other work.
STALL_SECONDS = 2.0
CONFIG = {"timeout_seconds": 20 + AWAY_SECONDS, "max_attempts": 30, "missing_attempts": 30, "retry_base_seconds": 0.2,
          "retry_longest_seconds": 1, "in_flight": 4, "rate_per_second": 20, "burst": 5}  # fmt: skip


@pytest.fixture
def launched(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Campaign, str]]:
    """A batch that is under way: some of it is done, and some is not."""
    write_list(tmp_path / "people.csv", ITEMS)
    campaign = Campaign(stack.urls, name=request.node.name, config=CONFIG)
    campaign.set_up()
    batch_id = campaign.launch(campaign.upload(tmp_path / "people.csv")["upload_id"])["batch_id"]
    until(lambda: _done(campaign, batch_id) > 0, 60, "some of the batch is done")
    yield campaign, batch_id
    campaign.close()


@pytest.mark.parametrize("server", ["nats", "postgres"])
def test_a_server_away_needs_no_restart_and_holds_no_event_loop_up(
    stack: Stack, launched: tuple[Campaign, str], server: str
) -> None:
    campaign, batch_id = launched
    before = processes(stack)
    answer = _answer_given(stack)
    stalls, logged = _worst_stalls(stack), {name: len(_log(stack, name)) for name in ROLES}
    assert 0 < _done(campaign, batch_id) < ITEMS, "the batch had ended: nothing was tested"
    with away(stack, server):
        refused = _answers_refused(answer, AWAY_SECONDS)

    assert refused == [], "answers are accepted whichever server is away"
    _ends_well(stack, campaign, batch_id)
    after = processes(stack)
    assert {name: pid for name, pid in after.items() if name != server} == {
        name: pid for name, pid in before.items() if name != server
    }
    worst = _worst_stalls(stack)
    print(f"{server} away for {AWAY_SECONDS:g} s; worst stalls: {worst}")
    told = [line for name, known in logged.items() for line in _log(stack, name)[known:].splitlines()]
    held_up = [line for line in told if "the event loop is held up" in line]
    assert {name: s for name, s in worst.items() if s > max(stalls[name], STALL_SECONDS)} == {}, held_up


def test_what_came_of_a_post_is_recorded_once_the_database_is_back(stack: Stack, tmp_path: Path) -> None:
    write_list(tmp_path / "people.csv", PEOPLE)
    with slow_provider(2.0) as (url, posted), closing(_campaign(stack, url)) as campaign:
        upload = campaign.upload(tmp_path / "people.csv")
        batch_id = campaign.launch(upload["upload_id"], (PERSON,))["batch_id"]
        until(lambda: len(posted) == PEOPLE, 30, "every POST is out")
        with away(stack, "postgres"):
            time.sleep(6)
        until(lambda: _statuses(campaign, batch_id) == {("SENT", False): PEOPLE}, 60, "what came of them is recorded")
        assert Counter(posted) == Counter(set(posted)), "a POST was sent again"
        campaign.api.command(f"/v1/batches/{batch_id}/cancel")


def _campaign(stack: Stack, provider: str) -> Campaign:
    campaign = Campaign({**stack.urls, "simulator": provider}, name="slow", config={"timeout_seconds": 600})
    campaign.set_up()
    return campaign


@contextmanager
def slow_provider(seconds: float) -> Iterator[tuple[str, list[str]]]:
    """A webhook that takes its time before it says 202: its address, and the dispatches that it was sent."""
    posted: list[str] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["content-length"])))["dispatch_id"])
            time.sleep(seconds)
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _statuses(campaign: Campaign, batch_id: str) -> Counter[tuple[str, bool]]:
    """How many dispatches stand where, and whether they were in doubt."""
    path, query = "/v1/dispatches", {"batch_id": batch_id, "limit": 1000}
    found: list[dict[str, Any]] = campaign.read("dispatcher", path, missing=[], **query)
    return Counter((dispatch["status"], dispatch["in_doubt"]) for dispatch in found)


def test_a_rolling_restart_of_everything_changes_nothing_but_time(stack: Stack, launched: tuple[Campaign, str]) -> None:
    campaign, batch_id = launched
    for name in ROLES:
        process = stack.processes[name].running
        assert process is not None
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(OUT_SECONDS)
        assert time.monotonic() - began < OUT_SECONDS
        until_another(stack, name, process.pid)
    _ends_well(stack, campaign, batch_id)


def test_every_part_leaves_in_time_while_postgres_stands_still(stack: Stack, launched: tuple[Campaign, str]) -> None:
    campaign, batch_id = launched
    told = {name: stack.processes[name].running for name in ("postgres", *ROLES)}
    postgres, before = told.pop("postgres"), processes(stack)
    assert postgres is not None
    asking = [Thread(target=_in_vain, args=(f"{stack.urls[name]}/v1/batches/{batch_id}",)) for name in SERVICES]
    with standing_still(postgres):
        for thread in asking:
            thread.start()
        time.sleep(STANDING_SECONDS)
        took = _leave_together({name: process for name, process in told.items() if process is not None})
        for thread in asking:
            thread.join()
    print(f"left a PostgreSQL that stands still: {took}")
    assert took.keys() == set(ROLES)
    for name in ROLES:
        until_another(stack, name, before[name])
    stack.until_ready()
    _ends_well(stack, campaign, batch_id)


def _leave_together(parts: "dict[str, subprocess.Popen[bytes]]") -> dict[str, float]:
    """Tell parts to leave; the seconds that those needed who left in time."""
    began, took = time.monotonic(), dict[str, float]()
    for process in parts.values():
        process.send_signal(signal.SIGTERM)
    while len(took) < len(parts) and (now := time.monotonic() - began) < OUT_SECONDS:
        took |= {name: round(now, 1) for name, part in parts.items() if name not in took and part.poll() is not None}
        time.sleep(0.05)
    return took


def _in_vain(url: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(url, timeout=30)


def _answer_given(stack: Stack) -> str:
    """The URL of a callback that was answered: it can be answered again at any time."""
    statement = "SELECT body FROM log.events WHERE type = 'EnrichmentReceived' ORDER BY position DESC LIMIT 1"
    with psycopg.connect(stack.admin_url) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    event = from_json(row[0])
    about = (event.client_id, event.batch_id, event.item_id, event.entity_id)
    ids = (event.payload.dispatch_id, event.tenant_id, *map(str, about))
    return signed(stack, CallbackToken(*ids, event.payload.workflow, int(time.time()) + 7200))


def _answers_refused(url: str, seconds: float) -> list[str]:
    """What was said to answers that come in all the time and are not accepted."""
    refused, number, end = [], 0, time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        answer = httpx.post(url, json={"again": number}, timeout=30)
        if answer.status_code != 202:
            refused.append(f"{answer.status_code} {answer.text[:200]}")
        time.sleep(0.25)
    return refused


def _worst_stalls(stack: Stack) -> dict[str, float]:
    """The latest that each service's event loop ever came back, in seconds, by its own metric."""
    found = {}
    for name in SERVICES:
        text = httpx.get(f"{stack.urls[name]}/metrics", timeout=10).text
        worst = re.search(r"^leadstream_event_loop_worst_stall_seconds\S* (\S+)", text, re.MULTILINE)
        assert worst is not None
        found[name] = round(float(worst[1]), 3)
    return found


def _done(campaign: Campaign, batch_id: str) -> int:
    return int(campaign.batch(batch_id).get("completed", 0))


def _log(stack: Stack, name: str) -> str:
    return (stack.folder / "logs" / f"{name}.log").read_text(errors="replace")


def _ends_well(stack: Stack, campaign: Campaign, batch_id: str) -> None:
    batch = campaign.wait(batch_id, 120)
    assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", ITEMS, 0)
    dispatches: list[dict[str, Any]] = campaign.read("dispatcher", "/v1/dispatches", batch_id=batch_id, limit=1000)
    in_doubt = {dispatch["dispatch_id"] for dispatch in dispatches if dispatch["in_doubt"]}
    posts: dict[str, int] = {}
    for entry in submissions(campaign):
        posts[entry["dispatch_id"]] = posts.get(entry["dispatch_id"], 0) + 1
    assert {name for name, count in posts.items() if count > 1} <= in_doubt
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report
