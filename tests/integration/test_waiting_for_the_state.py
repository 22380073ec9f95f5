"""A reader sees what was recorded before it asked: it waits for the state, and not for what nobody reads."""

from collections.abc import AsyncIterator

import pytest

from shared.envelope import Event
from shared.events import BatchPaused
from shared.runtime import queries as module
from shared.runtime.database import Connection
from shared.runtime.machine import Machine
from shared.runtime.queries import NotThereYet, Queries
from tests.integration.counting import NAME, State, counting
from tests.integration.log_harness import append, event, logged, registered, settings_of
from tests.running_servers import Servers


@pytest.fixture
async def queries(servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Queries]:
    monkeypatch.setattr(module, "STRETCH", 3)
    found = Queries(settings_of(servers, database, NAME), NAME, counting().reads)
    yield found
    await found.close()


def for_others(count: int) -> list[Event]:
    return [event("BatchPaused", BatchPaused("enough")) for _ in range(count)]


async def read(connection: Connection, servers: Servers, database: str) -> None:
    """What the service does: take everything that it reads of the log."""
    machine: Machine[State] = Machine(counting())
    after = await machine.start(connection)
    messages = [one for one in await logged(servers, database, counting().reads) if one[0] > after]
    await machine.apply(connection, messages)


async def test_events_that_nobody_reads_are_not_waited_for(
    servers: Servers, database: str, connection: Connection, queries: Queries
) -> None:
    await append(servers, database, [registered("a"), registered("b")])
    await read(connection, servers, database)
    await append(servers, database, for_others(10))
    await queries.wait_for(12)
    (checkpoint,) = await (await connection.execute("SELECT position FROM checkpoint")).fetchall()
    assert checkpoint == (2,), "it stands before them all the same"
    await append(servers, database, [registered("c")])
    with pytest.raises(NotThereYet):
        await queries.wait_for(13, seconds=0.1)


async def test_a_position_that_the_log_has_not_is_the_log_s_end_and_not_remembered(
    servers: Servers, database: str, connection: Connection, queries: Queries
) -> None:
    await append(servers, database, [registered("a")])
    await read(connection, servers, database)
    await queries.wait_for(10**18)
    await append(servers, database, [registered("b")])
    for position in (2, 10**18):
        with pytest.raises(NotThereYet):
            await queries.wait_for(position, seconds=0.1)


async def test_what_is_unread_is_waited_for_wherever_it_is(
    servers: Servers, database: str, connection: Connection, queries: Queries
) -> None:
    await append(servers, database, [registered("a")])
    await read(connection, servers, database)
    await append(servers, database, [*for_others(4), registered("b"), *for_others(4)])
    await queries.wait_for(5)
    for position in (6, 10):
        with pytest.raises(NotThereYet, match=f"sequencer has not reached position {position}"):
            await queries.wait_for(position, seconds=0.1)
    await read(connection, servers, database)
    await queries.wait_for(10)
