"""SIGTERM under load: each part leaves within 15 s, finishes what it has begun, and has nothing done again.

A service commits its checkpoint with its state, so what its successor reads first is what follows; a POST is sent once
and is never in doubt; an answer that was accepted is appended and acknowledged once; a message is published once.
"""

import asyncio
import json
import signal
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import psycopg
import pytest

from cli.campaign import Campaign
from cli.stack import Stack
from shared.envelope import Event, to_json
from shared.events import CallbackRejected
from shared.ids import new_id
from shared.runtime.settings import ROLES
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT, STREAM
from simulator.sample_list import write_list
from tests.chaos.leaders import until
from tests.chaos.parts import standing_still
from tests.e2e.ledgers import submissions
from tests.e2e.patience import unwatched

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
ITEMS = 100
DISPATCHES = ITEMS + ITEMS // 5
OUT_SECONDS = 15
# So slow that POSTs wait for their turn all the time, and that many are under way.
CONFIG = {"timeout_seconds": 120, "rate_per_second": 30, "burst": 5, "in_flight": 8}
ANSWERS = 2_000
# What a service says on a slow machine, whatever else becomes of it.
SLOW = ("the event loop is held up", "a batch takes long; taking fewer events at once")


@pytest.mark.parametrize("part", ROLES)
def test_a_part_that_is_told_to_leave_finishes_what_it_began(stack: Stack, tmp_path: Path, part: str) -> None:
    write_list(tmp_path / "people.csv", ITEMS)
    with closing(Campaign(stack.urls, name=f"leave {part}", config=CONFIG)) as campaign:
        campaign.set_up()
        batch_id = campaign.launch(campaign.upload(tmp_path / "people.csv")["upload_id"])["batch_id"]
        until(lambda: len(_dispatches(campaign, batch_id)) >= 10, 30, "dispatches are made")
        time.sleep(0.3)
        log = stack.folder / "logs" / f"{part}.log"
        told_before = len(log.read_text().splitlines())
        took = _leave(stack, part)

        batch = campaign.wait(batch_id, 120)
        assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", ITEMS, 0)
        told = [json.loads(line) for line in log.read_text().splitlines()[told_before:] if line.startswith("{")]
        assert [line for line in told if line["level"] in ("warning", "error") and line["event"] not in SLOW] == []
        posts = Counter(entry["dispatch_id"] for entry in submissions(campaign))
        assert (len(posts), set(posts.values())) == (DISPATCHES, {1})
        dispatches = _dispatches(campaign, batch_id)
        assert [one for one in dispatches if one["in_doubt"] or one["attempt"] > 1] == []
        until(lambda: asyncio.run(_messages(stack, STREAM)) == _log_head(stack), 30, "the stream has all of the log")
        print(f"{part} left after {took:.2f} s")


def test_answers_that_wait_in_the_inbox_are_appended_once(stack: Stack) -> None:
    """It is told to leave while PostgreSQL holds up the first that it has fetched."""
    with unwatched(stack, "callbacks") as callbacks, psycopg.connect(stack.admin_url) as holding:
        assert callbacks.running is not None
        with standing_still(callbacks.running):
            asyncio.run(_fill_inbox(stack, [_answer() for _ in range(ANSWERS)]))
            holding.execute("LOCK TABLE log.head IN ACCESS EXCLUSIVE MODE")
        until(lambda: asyncio.run(_inbox(stack))["unacknowledged"] > 0, 20, "some are fetched")
        callbacks.running.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        holding.rollback()
        assert callbacks.running.wait(OUT_SECONDS) in (0, -signal.SIGTERM)
        # The server takes its time over acknowledgements; what was not acknowledged would stay.
        appended = _appended(stack)
        until(lambda: asyncio.run(_inbox(stack))["waiting"] == ANSWERS - appended, 20, "what is appended waits no more")
        assert 0 < appended < ANSWERS
    until(lambda: asyncio.run(_messages(stack, INBOX_STREAM)) == 0, 60, "the inbox is empty")
    assert _appended(stack) == ANSWERS


def _leave(stack: Stack, part: str) -> float:
    """Tell a part to leave; the seconds until it has."""
    process = stack.processes[part].running
    assert process is not None
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(OUT_SECONDS) in (0, -signal.SIGTERM)
    took = time.monotonic() - began
    until(lambda: stack.processes[part].running is not process and _works(stack, part), 30, f"{part} works again")
    return took


def _works(stack: Stack, part: str) -> bool:
    return part == "relay" or stack._is_ready(part)


def _dispatches(campaign: Campaign, batch_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = campaign.read("dispatcher", "/v1/dispatches", batch_id=batch_id, limit=1000)
    return found


def _answer() -> Event:
    event_id = new_id("evt")
    return Event(
        id=event_id, type="CallbackRejected", version=1, tenant_id=new_id("tenant"), occurred_at=datetime.now(UTC),
        actor=new_id("actor"), correlation_id=event_id, payload=CallbackRejected("TEST", "waited in the inbox", 0),
    )  # fmt: skip


async def _fill_inbox(stack: Stack, events: list[Event]) -> None:
    client = await nats.connect(stack.nats.url("callbacks"))
    stream = client.jetstream()
    await asyncio.gather(*(stream.publish(INBOX_SUBJECT, to_json(event)) for event in events))
    await client.close()


async def _messages(stack: Stack, name: str) -> int:
    client = await nats.connect(stack.nats.url("callbacks"))
    try:
        return int((await client.jetstream().stream_info(name)).state.messages)
    finally:
        await client.close()


async def _inbox(stack: Stack) -> dict[str, int]:
    client = await nats.connect(stack.nats.url("callbacks"))
    try:
        info = await client.jetstream().consumer_info(INBOX_STREAM, "callbacks")
        return {
            "waiting": int(info.num_pending or 0) + int(info.num_ack_pending or 0),
            "unacknowledged": int(info.num_ack_pending or 0),
        }
    finally:
        await client.close()


def _log_head(stack: Stack) -> int:
    return _one(stack, "SELECT position FROM log.head")


def _appended(stack: Stack) -> int:
    return _one(stack, "SELECT count(*) FROM log.events WHERE type = 'CallbackRejected' AND body LIKE '%waited in%'")


def _one(stack: Stack, statement: str) -> int:
    with psycopg.connect(stack.admin_url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
