"""State is a function of the log and not of how it is cut: the real stores, over histories that mix everything.

`make fuzz` cuts more of them (LEADSTREAM_CUTS).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import psycopg
import pytest

from services.callbacks.app import DEFINITION as CALLBACKS
from services.dispatcher.app import DEFINITION as DISPATCHER
from services.projector.app import DEFINITION as PROJECTOR
from services.sequencer.app import DEFINITION as SEQUENCER
from shared.envelope import Event, to_json
from shared.runtime import log
from shared.runtime.database import Connection
from shared.runtime.definition import Definition
from shared.runtime.log import Message
from shared.runtime.machine import Machine
from shared.runtime.tables import ddl
from tests.integration.log_harness import connected
from tests.running_servers import Servers
from tests.unit.engine import Engine

DEFINITIONS = pytest.mark.parametrize(
    "definition", [CALLBACKS, DISPATCHER, PROJECTOR, SEQUENCER], ids=lambda definition: definition.name
)
SEEDS = pytest.mark.parametrize("seed", range(int(os.environ.get("LEADSTREAM_CUTS", "3"))))


@asynccontextmanager
async def in_its_schema(servers: Servers, database: str, definition: Definition[Any]) -> AsyncIterator[Connection]:
    """A connection as the service has it, with empty tables."""
    url = servers.role_url(definition.name, database)
    async with connected(url, search_path=definition.name, autocommit=False) as connection:
        for statement in ddl(definition.metadata, reader=f"{definition.name}_reader"):
            await connection.execute(statement.encode())
        names = ", ".join(f'"{name}"' for name in definition.metadata.tables)
        await connection.execute(f"TRUNCATE {names}".encode())
        await connection.commit()
        yield connection


async def write_down(servers: Servers, database: str, events: list[Event]) -> None:
    """Put the events into the log, where services find again what their tables do not repeat."""
    async with connected(servers.admin_url(database), autocommit=True) as connection:
        await connection.execute("INSERT INTO log.writer SELECT DISTINCT session_user, type FROM log.writer")
        await log.append(connection, events)


async def folded(
    connection: Connection, definition: Definition[Any], messages: list[Message], size: int, life: int
) -> dict[str, list[Any]]:
    """Every row of the service's tables after the messages, `size` at a time, each memory lasting `life` batches."""
    for number, first in enumerate(range(0, len(messages), size)):
        if number % life == 0:
            machine = Machine(definition, replay=True)
            await machine.start(connection)
        await machine.apply(connection, messages[first : first + size])
    return await rows_of(connection, definition)


async def folded_through_crashes(
    connection: Connection, definition: Definition[Any], messages: list[Message], chance: Random
) -> dict[str, list[Any]]:
    """The same, cut by chance, where every third batch dies with its process once what it changed was written."""

    async def save(connection: Connection, state: Any) -> None:
        await definition.save(connection, state)
        if chance.random() < 1 / 3:
            raise psycopg.OperationalError("the server closed the connection")

    machine, at = Machine(replace(definition, save=save), replay=True), 0
    while at < len(messages):
        size = chance.randint(1, 40)
        try:
            if chance.random() < 1 / 3 or at == 0:
                await machine.start(connection)
            await machine.apply(connection, messages[at : at + size])
        except psycopg.OperationalError:
            await connection.rollback()
        at = sum(position <= machine.position for position, _ in messages)
    return await rows_of(connection, definition)


async def rows_of(connection: Connection, definition: Definition[Any]) -> dict[str, list[Any]]:
    """Every derived row of the service's tables, as JSON."""
    rows = {}
    for name, table in definition.metadata.tables.items():
        if table.info.get("derived", True):
            cursor = await connection.execute(f'SELECT to_jsonb(t) FROM "{name}" t ORDER BY 1'.encode())
            rows[name] = [row[0] for row in await cursor.fetchall()]
    await connection.commit()
    return rows


@SEEDS
@DEFINITIONS
async def test_the_tables_are_the_same_however_the_log_is_cut(
    servers: Servers, database: str, definition: Definition[Any], seed: int
) -> None:
    events = Engine(seed, items=4).run(150).log
    await write_down(servers, database, events)
    messages = [(n, to_json(event)) for n, event in enumerate(events, start=1) if event.type in definition.consumes]
    found = []
    for size, life in ((len(messages), 1), (1, 1), (1, 10), (1, 1_000), (7, 1), (3, 4)):
        async with in_its_schema(servers, database, definition) as connection:
            found.append(await folded(connection, definition, messages, size, life))
    async with in_its_schema(servers, database, definition) as connection:
        found.append(await folded_through_crashes(connection, definition, messages, Random(seed)))
    assert any(found[0].values())
    for other in found[1:]:
        assert other == found[0]
