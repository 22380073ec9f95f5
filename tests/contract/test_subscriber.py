"""Our subscriber against the pinned FastStream: driven like the framework's own ones, and it loses nothing."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from faststream import AsyncAPI, BaseMiddleware, FastStream, StreamMessage
from faststream.nats import NatsBroker

from shared.runtime import service
from shared.runtime.embedded import Nats
from shared.runtime.follower import Follower
from shared.runtime.log import Message
from shared.runtime.ports import free_ports
from shared.runtime.subscriber import LogSubscriber, subscribe
from shared.subjects import STREAM, filters
from tests.integration.counting import NAME, Faults, checkpoint, counting, counts
from tests.integration.log_harness import (
    append,
    connected,
    eventually,
    on_nats,
    registered,
    registrations,
    relaying,
    settings_of,
)
from tests.integration.test_integrity import running as alive
from tests.running_servers import NATS_USERS, Servers

pytestmark = pytest.mark.usefixtures("streams")
COUNTED = f'leadstream_nats_errors_total{{service="{NAME}"}}'.encode()
Handle = Callable[[Follower, list[Message]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _a_closed_connection_is_wanted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose NATS connection is closed ends its process, unless it is stopping anyway."""
    monkeypatch.setattr(service, "_unless_stopping", lambda _: None)


async def apply(follower: Follower, messages: list[Message]) -> None:
    """What every service's handler does."""
    await follower.apply(messages)


def subscribed(
    servers: Servers, database: str, handle: Handle = apply, faults: Faults | None = None
) -> tuple[NatsBroker, LogSubscriber]:
    """A broker as the services have it, with the counting service's handler on it; not started."""
    settings = settings_of(servers, database, NAME)
    follower = Follower(counting(faults), settings)
    broker = service.broker_of(settings, NAME)
    subscriber = subscribe(broker, follower)

    @subscriber
    async def follow(messages: list[Message]) -> None:
        await handle(follower, messages)

    return broker, subscriber


@asynccontextmanager
async def running(servers: Servers, database: str, broker: NatsBroker) -> AsyncIterator[None]:
    """The broker started as a service starts it, beside a relay."""
    app = FastStream(broker, logger=None)
    async with relaying(servers, database):
        await app.start()
        try:
            yield
        finally:
            await app.stop()


async def counted(servers: Servers, database: str, total: int) -> dict[str, int]:
    """What is counted, once it is so many."""

    async def found() -> dict[str, int]:
        try:
            return await counts(servers, database)
        except psycopg.errors.UndefinedTable:
            return {}

    return await eventually(found, lambda counts: sum(counts.values()) >= total)


async def test_the_handler_gets_batches_of_positions_and_bodies(servers: Servers, database: str) -> None:
    batches: list[list[Message]] = []

    async def note(follower: Follower, messages: list[Message]) -> None:
        batches.append(messages)
        await follower.apply(messages)

    events = registrations(120)
    await append(servers, database, events)
    broker, subscriber = subscribed(servers, database, note)
    async with running(servers, database, broker):
        assert sum((await counted(servers, database, 120)).values()) == 120
        assert subscriber.follower.leading
    delivered = [message for batch in batches for message in batch]
    assert [position for position, _ in delivered] == list(range(1, 121))
    assert [json.loads(body)["id"] for _, body in delivered] == [event.id for event in events]
    assert len(batches) < 60


async def test_the_batch_that_was_begun_is_committed_before_the_service_leaves(servers: Servers, database: str) -> None:
    begun = asyncio.Event()

    async def take_a_while() -> None:
        begun.set()
        await asyncio.sleep(0.5)

    await append(servers, database, registrations(3))
    broker, _ = subscribed(servers, database, faults=Faults(on_save=take_a_while))
    async with running(servers, database, broker):
        await begun.wait()
    assert len(await counts(servers, database)) == await checkpoint(servers, database) > 0


async def test_a_raising_handler_is_delivered_the_same_events_again_and_in_order(
    servers: Servers, database: str
) -> None:
    firsts: list[int] = []

    async def fail_twice(follower: Follower, messages: list[Message]) -> None:
        firsts.append(messages[0][0])
        if len(firsts) <= 2:
            raise psycopg.OperationalError("the connection is lost")
        await follower.apply(messages)

    await append(servers, database, [registered("a"), registered("b"), registered("a")])
    broker, _ = subscribed(servers, database, fail_twice)
    async with running(servers, database, broker):
        assert await counted(servers, database, 3) == {"a": 2, "b": 1}
    assert firsts[:3] == [1, 1, 1]


async def test_nothing_is_lost_or_doubled_however_often_the_handler_fails_after_its_work(
    servers: Servers, database: str
) -> None:
    deliveries = 0

    async def fail_late(follower: Follower, messages: list[Message]) -> None:
        nonlocal deliveries
        deliveries += 1
        await follower.apply(messages)
        if deliveries in (2, 3, 5):
            raise psycopg.OperationalError("gone after the commit")

    broker, _ = subscribed(servers, database, fail_late)
    async with running(servers, database, broker):
        rounds = 0
        async with asyncio.timeout(30):
            while deliveries <= 5 or rounds < 10:
                for number in range(4):
                    await append(servers, database, [registered(f"client {number}")])
                    await asyncio.sleep(0.03)
                rounds += 1
        found = await counted(servers, database, 4 * rounds)
    assert found == {f"client {number}": rounds for number in range(4)}


async def test_middlewares_run_around_the_handler(servers: Servers, database: str) -> None:
    seen: list[Any] = []

    class Noting(BaseMiddleware):
        async def consume_scope(self, call_next: Any, msg: StreamMessage[Any]) -> Any:
            seen.append((msg.message_id, [position for position, _ in msg.raw_message]))
            return await call_next(msg)

    await append(servers, database, registrations(2))
    broker, _ = subscribed(servers, database)
    broker.add_middleware(Noting)
    async with running(servers, database, broker):
        await counted(servers, database, 2)
    assert [position for _, positions in seen for position in positions] == [1, 2]
    assert seen[0][0] == "1"


CONNECTED = """
import asyncio
from shared.runtime.service import broker_of
from shared.runtime.settings import Settings

async def main():
    await broker_of(Settings(), "sequencer").start()
    print("connected", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_process_that_nats_refuses_on_its_return_ends(servers: Servers, database: str, tmp_path: Path) -> None:
    """The framework raises what it is told into nats-py, which then reconnects no more, and says nothing."""

    def server(password: str) -> Nats:
        return Nats(tmp_path / "nats", port, dict.fromkeys(NATS_USERS, password))

    (port,) = free_ports(1)
    told = {
        "LEADSTREAM_DATABASE_URL": servers.role_url(NAME, database),
        "LEADSTREAM_NATS_URL": server("right").url("service"),
    }
    with alive(server("right")):
        process = subprocess.Popen(
            (sys.executable, "-c", CONNECTED), env=os.environ | told, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
    with process, alive(server("another")):
        try:
            assert process.wait(60) == 1
        finally:
            process.kill()


async def test_every_event_type_has_a_documented_channel(servers: Servers, database: str) -> None:
    broker, _ = subscribed(servers, database)
    document = json.loads(AsyncAPI(broker).to_specification().to_json())
    assert [channel["address"] for channel in document["channels"].values()] == filters(counting().reads)


async def test_stop_ends_it_and_leaves_nothing(servers: Servers, database: str) -> None:
    broker, subscriber = subscribed(servers, database)
    async with running(servers, database, broker):
        await append(servers, database, registrations(1))
        await counted(servers, database, 1)
        (task,) = subscriber.tasks
    assert task.done()
    assert not subscriber.follower.leading
    async with connected(servers.admin_url(database)) as connection, on_nats(servers.nats_url("provision")) as client:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"

        async def sessions() -> tuple[int] | None:
            """PostgreSQL takes its time over the end of one."""
            return await (await connection.execute(query, (NAME,))).fetchone()

        await eventually(sessions, lambda found: found == (0,))
        assert await client.jetstream().consumers_info(STREAM) == []


async def test_stop_and_start_go_on_from_the_checkpoint(servers: Servers, database: str) -> None:
    for total in (1, 2, 3):
        broker, _ = subscribed(servers, database)
        async with running(servers, database, broker):
            await append(servers, database, [registered("a")])
            assert await counted(servers, database, total) == {"a": total}


async def test_an_error_that_is_no_interruption_ends_the_process(servers: Servers, database: str) -> None:
    async def break_down(*_: object) -> None:
        raise ValueError("a fault of the program")

    broker, subscriber = subscribed(servers, database)
    subscriber.follower.run = break_down  # type: ignore[method-assign]
    await broker.connect()
    try:
        with pytest.raises(SystemExit):
            await subscriber._follow()
    finally:
        await broker.stop()


async def test_nats_is_never_given_up_and_what_it_does_not_permit_is_counted(servers: Servers, database: str) -> None:
    """Whoever waits for an answer to it sees a time-out and no more."""
    process = service.Service(settings_of(servers, database, NAME), counting(), FastAPI())

    async def told() -> bytes:
        return next(line for line in process.telemetry.text().splitlines() if line.startswith(COUNTED))

    assert await told() == COUNTED + b" 0.0"
    async with process.broker:
        assert process.nats().options["max_reconnect_attempts"] < 0, "NATS is never given up, however long it is away"
        await process.nats().publish("events.forged", b"")
        await eventually(told, lambda line: line == COUNTED + b" 1.0")
