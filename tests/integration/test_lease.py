"""A leader that stands still loses its lease soon, in a batch or between two, and what it does later is refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from shared.runtime import lease, log, machine
from shared.runtime.appender import Appender
from shared.runtime.database import Connection
from shared.runtime.follower import Follower
from shared.runtime.lease import Fence, Lease, Lost, take
from tests.integration.counting import NAME, Faults, counting, in_its_schema
from tests.integration.folding import taken
from tests.integration.log_harness import append, connected, logged, registrations, settings_of
from tests.running_servers import Servers

LOCK = 7


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "SILENT_SECONDS", 1.0)


@contextlib.asynccontextmanager
async def leading(servers: Servers, database: str) -> AsyncIterator[Lease]:
    async with connected(servers.role_url("ingest", database), autocommit=False) as connection:
        yield await taken(connection, LOCK)


@contextlib.asynccontextmanager
async def _nothing_in_a_pipeline(connection: Connection) -> AsyncIterator[None]:
    for _ in range(20):  # one of them ends with a Flush, after which PostgreSQL counts no silence
        async with connection.pipeline(), connection.transaction():
            await connection.execute("SELECT 1")
    yield


@contextlib.asynccontextmanager
async def _in_a_pipeline(connection: Connection) -> AsyncIterator[None]:
    async with connection.pipeline(), connection.transaction():
        yield


STANDING_STILL: dict[str, Callable[[Connection], contextlib.AbstractAsyncContextManager[Any]]] = {
    "between two batches": contextlib.nullcontext,
    "after a pipeline": _nothing_in_a_pipeline,
    "in a transaction": lambda connection: connection.transaction(),
    "in a pipeline": _in_a_pipeline,
}


async def _stand_still(leader: Connection, where: str, next_one: "asyncio.Task[Lease]") -> None:
    """Say nothing until another leads, and then go on as if nothing had been."""
    async with asyncio.timeout(20), STANDING_STILL[where](leader):
        if where.startswith("in "):
            await (await leader.execute("UPDATE checkpoint SET position = 1 RETURNING 1")).fetchone()
        await next_one
        await leader.execute("UPDATE checkpoint SET position = 1")
        await leader.commit()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("where", STANDING_STILL)
async def test_a_leader_that_stands_still_loses_its_lease(servers: Servers, database: str, where: str) -> None:
    settings = settings_of(servers, database, NAME)
    async with in_its_schema(servers, database) as first, in_its_schema(servers, database) as second:
        await Follower(counting(), settings)._become_leader(first)
        await Follower(counting(), settings).machine.start(first)
        next_one = asyncio.create_task(Follower(counting(), settings)._become_leader(second))
        with pytest.raises(psycopg.OperationalError, match=r"terminating connection|closed the connection"):
            await _stand_still(first, where, next_one)
        assert next_one.result(), "another leads"
        cursor = await second.execute("SELECT position FROM checkpoint")
        assert await cursor.fetchone() == (0,)


@pytest.mark.usefixtures("impatient")
async def test_a_leader_whose_statement_takes_long_is_not_silent(servers: Servers, database: str) -> None:
    async with (
        in_its_schema(servers, database) as first,
        connected(servers.role_url(NAME, database)) as second,
    ):
        assert await take(first, LOCK) is not None
        working = asyncio.create_task(first.execute("SELECT pg_sleep(2.5)"))
        while not working.done():
            assert await take(second, LOCK) is None
            await asyncio.sleep(0.1)
        await working


@pytest.mark.parametrize("how", [{"apart": ("ClientRegistered",)}, {"touched": lambda state, event: 150_000}])
async def test_a_leader_whose_event_takes_long_is_not_silent(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any]
) -> None:
    monkeypatch.setattr(lease, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(machine, "BEAT_SECONDS", 0.2)
    await append(servers, database, registrations(1))
    follower = Follower(replace(counting(Faults(seconds=5)), **how), settings_of(servers, database, NAME))
    async with (
        in_its_schema(servers, database) as first,
        connected(servers.role_url(NAME, database)) as second,
    ):
        follower._connection, follower._lease = first, await take(first, LOCK)
        await follower.machine.start(first)
        applying, asked = asyncio.create_task(follower.apply(await logged(servers, database))), 0
        while not applying.done():
            assert await take(second, LOCK) is None
            await asyncio.sleep(0.1)
            asked += 1
        await applying
        assert asked > 10, "the event loop stood still: nobody else was asked"


async def test_a_leader_that_has_nothing_to_do_keeps_its_lease(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(lease, "SILENT_SECONDS", 3.0)
    async with leading(servers, database) as held, connected(servers.role_url("ingest", database)) as other:
        keeping = asyncio.create_task(held.keep())
        for _ in range(45):
            assert await take(other, LOCK) is None
            await asyncio.sleep(0.1)
        assert not keeping.done()
        async with held.working():  # while a batch is worked on nothing comes between its statements
            await asyncio.sleep(0.5)
        keeping.cancel()


async def test_what_is_done_beside_the_fold_is_refused_once_the_lease_is_lost(servers: Servers, database: str) -> None:
    url = servers.role_url("ingest", database)
    async with connected(url) as beside:
        async with leading(servers, database) as held:
            fence, appender = Fence(beside, held.term), Appender(url, "test", term=held.term)
            await fence.insist()
            assert await appender.append(registrations(2)) == 2
        # PostgreSQL takes its time over the end of a session.
        await beside.execute("SELECT pg_advisory_lock(%s)", (held.term,))
        await beside.execute("SELECT pg_advisory_unlock(%s)", (held.term,))
        fence._asked = float("-inf")  # a second later
        with pytest.raises(Lost):
            await fence.insist()
        with pytest.raises(Lost):
            await appender.append(registrations(1))
        with pytest.raises(Lost):
            await log.append_in_term(beside, registrations(1), held.term)
        await appender.close()
    assert len(await logged(servers, database)) == 2


async def test_another_term_is_no_excuse(servers: Servers, database: str) -> None:
    async with connected(servers.role_url("ingest", database)) as beside:
        async with leading(servers, database) as first:
            pass
        async with leading(servers, database) as second:
            await Fence(beside, second.term).insist()
            with pytest.raises(Lost):
                await Fence(beside, first.term).insist()
