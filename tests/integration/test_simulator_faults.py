"""The simulator misbehaves as told, no more and no less, and counts what it did."""

from collections import Counter
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.integration.log_harness import eventually
from tests.integration.simulator_harness import Receiver, receiving, simulating


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_lost_answers_never_come_and_the_counts_add_up(receiver: Receiver) -> None:
    async with simulating(receiver, loss=0.3) as clay:
        assert await clay.submit_many(100) == {200: 100}
        stats = await clay.settled()
        ledger = await clay.get("/ledger")
    assert 15 < stats["lost"] < 45
    assert stats["answered"] == len(receiver.bodies) == 100 - stats["lost"]
    assert Counter(entry["outcome"] for entry in ledger)["lost"] == stats["lost"]


async def test_duplicates_are_the_same_answer_twice(receiver: Receiver) -> None:
    async with simulating(receiver, duplicate=1) as clay:
        await clay.submit_many(10)
        stats = await eventually(lambda: clay.get("/stats"), lambda stats: stats["duplicates"] == 10)
    assert stats["answered"] == 10
    assert set(Counter(receiver.bodies).values()) == {2}


async def test_refusals_carry_their_status_and_are_never_answered(receiver: Receiver) -> None:
    async with simulating(receiver, status_429=0.3, status_5xx=0.3) as clay:
        replies = await clay.submit_many(100)
        stats = await clay.settled()
    assert (replies[429], replies[503]) == (stats["refused_429"], stats["refused_5xx"])
    assert stats["submissions"] == stats["answered"] == len(receiver.bodies) == replies[200]
    assert replies.keys() == {200, 429, 503}


async def test_above_the_rate_there_is_a_retry_after(receiver: Receiver) -> None:
    async with simulating(receiver, rate_per_second=0.5, burst=1) as clay:
        await clay.submit(1)
        refused = await clay.submit(2)
    assert (refused.status, refused.retry_after) == (429, "2")


async def test_a_malformed_answer_is_not_json_and_counts_apart(receiver: Receiver) -> None:
    async with simulating(receiver, malformed=1) as clay:
        receiver.statuses = [400]
        await clay.submit(1)
        stats = await clay.settled()
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(receiver.bodies[0])
    assert (stats["malformed"], stats["answered"], stats["callbacks_failed"]) == (1, 0, 0)


async def test_past_its_limit_a_webhook_accepts_and_never_answers(receiver: Receiver) -> None:
    async with simulating(receiver, submission_limit=2) as clay:
        assert await clay.submit_many(5) == {200: 5}
        assert (await clay.submit(9, "/webhook/another")).status == 200
        stats = await clay.settled()
    assert (stats["over_limit"], stats["answered"]) == (3, 3)
    assert stats["paths"]["/webhook/person"]["over_limit"] == 3


async def test_the_webhook_secret_is_required_when_set(receiver: Receiver) -> None:
    async with simulating(receiver, webhook_auth="s3cret") as clay:
        wrong = [await clay.submit(1), await clay.submit(2, **{"x-clay-webhook-auth": "guess"})]
        right = await clay.submit(3, **{"x-clay-webhook-auth": "s3cret"})
        assert [reply.status for reply in (*wrong, right)] == [401, 401, 200]
        assert len(await clay.get("/ledger")) == 1


@pytest.mark.parametrize(("body", "status"), [(b"x" * 102_401, 413), (b"[1]", 400), (b"{", 400)])
async def test_what_clay_cannot_take_is_refused(receiver: Receiver, body: bytes, status: int) -> None:
    async with simulating(receiver) as clay:
        reply = await clay.call("POST", "/webhook/x", data=body)
        assert reply.status == status
        assert await clay.get("/ledger") == []


async def test_reordered_answers_come_behind_later_ones(receiver: Receiver) -> None:
    async with simulating(receiver, reorder=1, reorder_by_ms=2000) as clay:
        await clay.submit(1)
        await clay.call("PATCH", "/settings", json={"reorder": 0})
        await clay.submit(2)
        await clay.settled()
    assert [answer["item_id"] for answer in receiver.answers] == ["item_2", "item_1"]


async def test_a_callback_is_retried_until_it_is_taken(receiver: Receiver) -> None:
    async with simulating(receiver) as clay:
        receiver.statuses = [500, 503, 429]
        await clay.submit(1)
        stats = await clay.settled()
    assert (stats["answered"], stats["callbacks_retried"], stats["callbacks_failed"]) == (1, 3, 0)


@pytest.mark.parametrize(("statuses", "sent"), [([500, 500, 500], 3), ([404], 1)], ids=["gives up", "final refusal"])
async def test_a_callback_that_fails_is_counted(receiver: Receiver, statuses: list[int], sent: int) -> None:
    async with simulating(receiver, callback_retries=2) as clay:
        receiver.statuses = statuses
        await clay.submit(1)
        stats = await clay.settled()
    assert (stats["callback_failed"], stats["callbacks_failed"], len(receiver.bodies)) == (1, 1, sent)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "ftp://x/", "no url"])
async def test_a_callback_url_that_nobody_answers_fails_quietly(receiver: Receiver, url: str) -> None:
    async with simulating(receiver, callback_retries=1) as clay:
        await clay.call("POST", "/webhook/x", json={"callback_url": url})
        assert (await clay.settled())["callback_failed"] == 1


async def test_no_more_callbacks_are_in_flight_than_allowed(receiver: Receiver) -> None:
    async with simulating(receiver, max_callbacks_in_flight=1, duplicate=1) as clay:
        assert (await clay.get("/health")) == {"status": "ok"}
        await clay.submit_many(20)
        await eventually(lambda: clay.get("/stats"), lambda stats: stats["duplicates"] == 20)
    twice = [f"item_{number}" for number in range(20) for _ in range(2)]
    assert [answer["item_id"] for answer in receiver.answers] == twice
