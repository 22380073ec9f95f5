"""A service's fold over a log, and its leader's loops beside it, without a process around them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from shared.envelope import Event
from shared.runtime import log
from shared.runtime.database import Connection
from shared.runtime.definition import Definition
from shared.runtime.lease import Lease, take
from shared.runtime.machine import Machine
from shared.runtime.tables import ddl
from tests.integration.log_harness import connected, logged
from tests.running_servers import Servers


async def fold(servers: Servers, database: str, definition: Definition[Any], events: list[Event]) -> None:
    """Write the events into the log, and then whatever follows, and fold all of it live."""
    async with connected(servers.admin_url(database), autocommit=True) as admin:
        await admin.execute(
            "INSERT INTO log.writer SELECT DISTINCT session_user, type FROM log.writer ON CONFLICT DO NOTHING"
        )
        await log.append(admin, events)
    async with _connected(servers, database, definition) as connection:
        for statement in ddl(definition.metadata, reader=f"{definition.name}_reader"):
            await connection.execute(statement.encode())
        machine: Machine[Any] = Machine(definition)
        await machine.start(connection)
        while await _fold_on(servers, database, machine, connection):
            pass


async def taken(connection: Connection, lock: int) -> Lease:
    """The lease: PostgreSQL takes its time over the end of the session that had it before."""
    async with asyncio.timeout(10):
        while (lease := await take(connection, lock)) is None:  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(0.02)
    return lease


@asynccontextmanager
async def leading(
    servers: Servers,
    database: str,
    definition: Definition[Any],
    effect: Callable[[Machine[Any]], Coroutine[Any, Any, None]],
) -> AsyncIterator[Machine[Any]]:
    """A leader over what was folded: its fold, and its effect. Killed, not asked to end."""
    async with _connected(servers, database, definition) as connection:
        lease = await taken(connection, 1)
        machine: Machine[Any] = Machine(definition, term=lease.term)
        await machine.start(connection)
        ending = asyncio.Event()

        async def follow() -> None:
            while not ending.is_set():
                if not await _fold_on(servers, database, machine, connection):
                    await asyncio.sleep(0.02)

        following, working = asyncio.create_task(follow()), asyncio.create_task(effect(machine))
        try:
            yield machine
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            ending.set()
            await asyncio.gather(following, return_exceptions=True)


def _connected(servers: Servers, database: str, definition: Definition[Any]) -> Any:
    return connected(servers.role_url(definition.name, database), search_path=definition.name, autocommit=True)


async def _fold_on(servers: Servers, database: str, machine: Machine[Any], connection: Connection) -> bool:
    """Fold what the log has and the machine has not; whether there was anything."""
    found = await logged(servers, database, machine.definition.reads)
    messages = [message for message in found if message[0] > machine.position]
    if messages:
        await machine.apply(connection, messages)
    return bool(messages)
