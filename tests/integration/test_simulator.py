"""The simulator over real HTTP: it answers, keeps a ledger, and its knobs turn while it runs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.integration.simulator_harness import Receiver, receiving, simulating


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_a_submission_is_accepted_and_answered_with_our_ids(receiver: Receiver) -> None:
    async with simulating(receiver) as clay:
        reply = await clay.submit(1)
        assert (reply.status, reply.content) == (200, {"accepted": True})
        stats = await clay.settled()
    (answer,) = receiver.answers
    assert (answer["item_id"], answer["person_id"]) == ("item_1", "person_1")
    assert answer["raw_clay_person_enriched_payload"]["slug"] == "p1"
    assert receiver.queries == ["token=v1.1%2Fa+b"]
    assert (stats["submissions"], stats["answered"]) == (1, 1)


async def test_the_ledger_lists_every_submission_in_order(receiver: Receiver) -> None:
    async with simulating(receiver) as clay:
        await clay.submit(1, **{"Idempotency-Key": "key-1"})
        await clay.submit(2, "/webhook/other")
        await clay.settled()
        first, second = await clay.get("/ledger")
    assert (first["seq"], first["path"], first["idempotency_key"]) == (1, "/webhook/person", "key-1")
    assert (second["seq"], second["path"], second["idempotency_key"]) == (2, "/webhook/other", None)
    assert (second["dispatch_id"], second["person_id"], second["company_id"]) == ("disp_2", "person_2", None)
    assert second["domain"] == "brightforge-1.example"
    assert (second["linkedin"], second["outcome"]) == ("https://www.linkedin.com/in/p2", "answered")


async def test_shapes_alternate_when_mixed(receiver: Receiver) -> None:
    async with simulating(receiver, shapes="mixed") as clay:
        await clay.submit_many(4)
        await clay.settled()
    flat = ["experience" in answer for answer in receiver.answers]
    assert Counter(flat) == {True: 2, False: 2}


async def test_knobs_change_while_it_runs_and_a_wrong_one_is_named(receiver: Receiver) -> None:
    async with simulating(receiver) as clay:
        changed = await clay.call("PATCH", "/settings", json={"loss": 1, "webhook_auth": None})
        assert changed.content["loss"] == 1
        for knobs, knob in (({"loss": 7}, "loss"), ({"port": 1}, "port"), ({"nope": 1}, "nope"), ([], "")):
            refused = await clay.call("PATCH", "/settings", json=knobs)
            assert (refused.status, refused.content["knob"]) == (422, knob)
        await clay.submit(1)
        assert (await clay.get("/stats"))["lost"] == 1


async def test_reset_begins_anew_and_drops_what_was_still_to_be_sent(receiver: Receiver) -> None:
    async with simulating(receiver, delay_ms=1500) as clay:
        await clay.submit(1)
        assert (await clay.call("POST", "/reset")).status == 204
        assert await clay.get("/ledger") == []
        await clay.submit(2)
        await clay.settled()
        await asyncio.sleep(0.1)
    assert [answer["item_id"] for answer in receiver.answers] == ["item_2"]


def test_as_a_process_it_says_where_it_listens_and_ends_in_order() -> None:
    environment = {**os.environ, "LEADSTREAM_SIMULATOR_PORT": "0"}
    command = [sys.executable, "-m", "simulator"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("simulator listening on http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
