"""A service as small as can be: counts the clients of each name, and says when a count is even.

To the database it is the sequencer. `Faults` are the ways in which it can be made to fail.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import Column, Integer, MetaData, Table, Text

from shared.envelope import Emit, Event
from shared.events import BatchCompleted
from shared.runtime.database import Connection, Rows
from shared.runtime.definition import Definition
from shared.runtime.tables import Id, checkpoint_table, ddl
from shared.state import Tracked
from tests.integration.log_harness import connected
from tests.running_servers import Servers

NAME = "sequencer"
METADATA = MetaData()
checkpoint_table(METADATA)
COUNTER = Table(
    "counter",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("tenant_id", Id("tenant"), nullable=False),
    Column("count", Integer, nullable=False),
)
Table("note", METADATA, Column("text", Text, primary_key=True), info={"derived": False})


@dataclass(frozen=True, slots=True)
class Counter:
    name: str
    tenant_id: str
    count: int


COUNTERS = Rows(COUNTER, Counter)


@dataclass
class State:
    counters: Tracked[str, Counter] = field(default_factory=Tracked)


@dataclass
class Faults:
    """`poison`: the name that cannot be counted. `seconds`: what counting one takes. `on_save`: called in the
    transaction, before it saves.
    """

    poison: str | None = None
    seconds: float = 0.0
    on_save: Callable[[], Awaitable[None]] | None = None
    attempts: int = 0


def counting(faults: Faults | None = None) -> Definition[State]:
    """The service's definition, with these faults."""
    faults = faults or Faults()

    def evolve(state: State, event: Event) -> None:
        name = event.payload.name
        time.sleep(faults.seconds)
        if name == faults.poison:
            faults.attempts += 1
            raise ValueError(f"{name} cannot be counted")
        known = state.counters.get(name) or Counter(name, event.tenant_id, 0)
        state.counters[name] = replace(known, count=known.count + 1)

    async def save(connection: Connection, state: State) -> None:
        if faults.on_save is not None:
            await faults.on_save()
        await COUNTERS.save(connection, state.counters)

    return Definition(NAME, ("ClientRegistered",), METADATA, State, _load, save, evolve, _decide)


async def _load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    names = state.counters.unknown(event.payload.name for event in events)
    rows = await COUNTERS.read(connection, "name", names)
    state.counters.loaded(names, ((row.name, row) for row in rows))


def _decide(state: State, event: Event) -> Iterator[Emit]:
    count = state.counters[event.payload.name].count
    if count % 2 == 0:
        yield Emit(BatchCompleted(completed=count, failed=0))


@asynccontextmanager
async def in_its_schema(servers: Servers, database: str) -> AsyncIterator[Connection]:
    """A connection as the service has it, its tables made."""
    url = servers.role_url(NAME, database)
    async with connected(url, search_path=NAME, name=NAME) as connection:
        for statement in ddl(METADATA, reader=f"{NAME}_reader"):
            await connection.execute(statement.encode())
        yield connection


async def counts(servers: Servers, database: str) -> dict[str, int]:
    """What is counted, as committed."""
    async with connected(servers.admin_url(database)) as connection:
        cursor = await connection.execute(f"SELECT name, count FROM {NAME}.counter ORDER BY name".encode())
        return dict(await cursor.fetchall())


async def checkpoint(servers: Servers, database: str) -> int:
    """The position the service stands at, as committed."""
    async with connected(servers.admin_url(database)) as connection:
        row = await (await connection.execute(f"SELECT position FROM {NAME}.checkpoint".encode())).fetchone()
        assert row is not None
        return int(row[0])
