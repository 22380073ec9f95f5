"""The reader: everything after a position, in order, without gaps and without delay; or Interrupted."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
from nats.aio.client import Client

from shared.runtime.reader import BATCH_BYTES, Interrupted, StreamReader
from shared.subjects import STREAM, filters, subject
from tests.integration.log_harness import on_nats
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
Message = tuple[int, bytes]
ALL = ["events.>"]


@pytest.fixture
async def publisher(servers: Servers) -> AsyncIterator[Client]:
    async with on_nats(servers.nats_url("relay")) as client:
        yield client


@pytest.fixture
async def service(servers: Servers) -> AsyncIterator[Client]:
    async with on_nats(servers.nats_url("service")) as client:
        yield client


async def publish(client: Client, count: int, kind: str = "A", slot: int = 1) -> None:
    stream = client.jetstream()
    for _ in range(count):
        await stream.publish(f"events.{slot}.{kind}", kind.encode())


@asynccontextmanager
async def reading(
    client: Client, subjects: Sequence[str] = ALL, after: int = 0, max_batch: int = 100
) -> AsyncIterator[AsyncIterator[list[Message]]]:
    async with aclosing(StreamReader(client, subjects, after, max_batch).batches()) as batches:
        yield batches


async def take(batches: AsyncIterator[list[Message]], count: int) -> list[list[Message]]:
    """Batches until `count` messages have come, no more and no fewer."""
    found: list[list[Message]] = []
    async with asyncio.timeout(10):
        while sum(map(len, found)) < count:
            found.append(await anext(batches))
    assert sum(map(len, found)) == count
    return found


def positions(found: list[list[Message]]) -> list[int]:
    return [position for batch in found for position, _ in batch]


async def test_all_messages_come_in_order(publisher: Client, service: Client) -> None:
    await publish(publisher, 30)
    async with reading(service) as batches:
        found = await take(batches, 30)
        writing = asyncio.create_task(publish(publisher, 170))
        found += await take(batches, 170)
        await writing
    assert positions(found) == list(range(1, 201))


async def test_many_more_than_one_request_come_in_order(publisher: Client, service: Client) -> None:
    await asyncio.gather(*(publish(publisher, 60) for _ in range(50)))
    async with reading(service, max_batch=500) as batches:
        assert positions(await take(batches, 3_000)) == list(range(1, 3_001))


async def test_long_messages_come_few_at_a_time(publisher: Client, service: Client) -> None:
    stream = publisher.jetstream()
    for _ in range(20):
        await stream.publish("events.1.A", bytes(BATCH_BYTES // 3))
    async with reading(service) as batches:
        found = await take(batches, 20)
    assert positions(found) == list(range(1, 21))
    assert max(sum(len(body) for _, body in batch) for batch in found) <= BATCH_BYTES


async def test_reading_starts_after_the_position(publisher: Client, service: Client) -> None:
    await publish(publisher, 10)
    async with reading(service, after=7) as batches:
        assert positions(await take(batches, 3)) == [8, 9, 10]
        await publish(publisher, 1)
        assert positions(await take(batches, 1)) == [11]


async def test_reading_starts_at_the_end_before_the_next_message(publisher: Client, service: Client) -> None:
    await publish(publisher, 3)
    async with reading(service, after=3) as batches:
        coming = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0.1)
        assert not coming.done()
        await publish(publisher, 1)
        assert await coming == [(4, b"A")]


async def test_only_the_wanted_types_and_slots_come(publisher: Client, service: Client) -> None:
    for kind, slot in (("A", 1), ("B", 1), ("C", 2), ("A", 63), ("B", 2)):
        await publish(publisher, 1, kind, slot)
    async with reading(service, filters(["A", "B"])) as batches:
        assert positions(await take(batches, 4)) == [1, 2, 4, 5]
    async with reading(service, [subject(slot, name) for slot in range(2) for name in "AB"]) as batches:
        assert positions(await take(batches, 2)) == [1, 2]


async def test_a_lone_message_does_not_wait(publisher: Client, service: Client) -> None:
    seconds = []
    async with reading(service) as batches:
        for _ in range(9):
            await asyncio.sleep(0.02)
            coming = asyncio.ensure_future(anext(batches))
            started = time.perf_counter()
            await publish(publisher, 1)
            await coming
            seconds.append(time.perf_counter() - started)
    assert statistics.median(seconds) < 0.5


async def test_no_batch_is_longer_than_allowed(publisher: Client, service: Client) -> None:
    await publish(publisher, 25)
    async with reading(service, max_batch=10) as batches:
        found = await take(batches, 25)
    assert max(map(len, found)) <= 10
    assert positions(found) == list(range(1, 26))


async def test_a_reader_leaves_nothing_behind(servers: Servers, publisher: Client, service: Client) -> None:
    await publish(publisher, 1)
    async with reading(service) as batches:
        await take(batches, 1)
        assert len(await _consumers(servers)) == 1
    assert await _consumers(servers) == []
    assert len(service._subs) <= 1, "the one for replies stays"


async def test_a_consumer_that_is_deleted_interrupts(servers: Servers, publisher: Client, service: Client) -> None:
    await publish(publisher, 1)
    async with reading(service) as batches:
        await take(batches, 1)
        async with on_nats(servers.nats_url("provision")) as admin:
            for name in await _consumers(servers):
                await admin.jetstream().delete_consumer(STREAM, name)
        with pytest.raises(Interrupted):
            await take(batches, 1)


async def test_without_its_stream_a_reader_fails_and_leaves_no_subscription(servers: Servers, service: Client) -> None:
    async with on_nats(servers.nats_url("provision")) as admin:
        await admin.jetstream().delete_stream(STREAM)
    for _ in range(3):
        with pytest.raises(Exception, match="stream not found"):
            async with reading(service) as batches:
                await anext(batches)
    assert len(service._subs) <= 1, "the one for replies stays"


async def test_a_restarted_server_interrupts_and_reading_goes_on(
    servers: Servers, publisher: Client, service: Client
) -> None:
    await publish(publisher, 2)
    async with reading(service) as batches:
        await take(batches, 2)
        await asyncio.to_thread(servers.restart, "nats")
        with pytest.raises(Interrupted):
            await take(batches, 1)
    await publish(publisher, 2)
    async with reading(service, after=2) as batches:
        assert positions(await take(batches, 2)) == [3, 4]


async def _consumers(servers: Servers) -> list[str]:
    async with on_nats(servers.nats_url("provision")) as admin:
        return [info.name for info in await admin.jetstream().consumers_info(STREAM)]
