"""Following the log as the leading replica of a service: lease, reader, machine, effects.

The lease is on the very connection that the transactions use (`shared.runtime.lease`): when that connection dies, so
does the lease, and another replica goes on from the checkpoint. Effects (POSTs, timers) run only while this replica
leads.
"""

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

import psycopg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.runtime.database import Connection, connect
from shared.runtime.dead_letters import retry_due
from shared.runtime.definition import Definition
from shared.runtime.lease import Lease, Lost, take
from shared.runtime.log import Message
from shared.runtime.log_rows import ends_of, is_another
from shared.runtime.machine import Machine
from shared.runtime.reader import Interrupted, StreamReader
from shared.runtime.settings import Settings
from shared.runtime.tables import ddl
from shared.subjects import STREAM, filters

Effect = Callable[[Settings, Machine[Any]], Coroutine[Any, Any, None]]
Deliver = Callable[[list[Message]], Awaitable[object]]
IDLE_IN_BATCH_SECONDS = 8
AHEAD_SECONDS = 5.0
# Before the next try, once it led; twice as long each time that it did not come to lead.
SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 2.0


class Ahead(Exception):
    """The stream, or the service's tables, hold events that the log has not: what it has in their place is another
    story, and would be left out or folded over them."""


TRANSIENT = (psycopg.Error, NatsError, OSError, TimeoutError, Interrupted, Lost, Ahead)
logger = structlog.get_logger()


class Follower:
    """One replica of one service."""

    def __init__(self, definition: Definition[Any], settings: Settings, effects: Sequence[Effect] = ()) -> None:
        self.definition = definition
        self.settings = settings
        self.effects = effects
        self.leading = False
        self.machine: Machine[Any] = Machine(
            definition, retry_attempts=settings.retry_attempts, retry_base_seconds=settings.retry_base_seconds
        )
        self._connection: Connection | None = None
        self._lease: Lease | None = None

    async def run(self, nats: Client, deliver: Deliver) -> None:
        """Lead, or stand by until the leader is gone; for ever, through restarts of either server."""
        pause = SHORTEST_PAUSE_SECONDS
        while True:
            try:
                await self._term(nats, deliver)
            except* TRANSIENT as errors:
                causes = ", ".join(repr(error) for error in errors.exceptions)
                logger.warning("interrupted; starting again from the checkpoint", error=causes[:500])
            finally:
                led, self.leading = self.leading, False
            pause = SHORTEST_PAUSE_SECONDS if led else min(2 * pause, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(random.uniform(pause / 5, pause))  # noqa: S311 - jitter

    async def apply(self, messages: Sequence[Message]) -> None:
        """Apply one batch; called back by way of the framework's handler."""
        assert self._connection is not None
        assert self._lease is not None
        async with self._lease.working():
            await self.machine.apply(self._connection, messages)

    async def _term(self, nats: Client, deliver: Deliver) -> None:
        url, name = self.settings.database_url.get_secret_value(), self.definition.name
        async with await connect(url, name=name, search_path=name, autocommit=True) as connection:
            self._lease = lease = await self._become_leader(connection)
            await self._make_tables(connection)
            self._connection, self.machine.term = connection, lease.term
            position = await self.machine.start(connection)
            await _insist_on_all_of_the_log(nats, connection, name, position)
            self.leading = True
            logger.info("leading", service=name, after=position)
            async with asyncio.TaskGroup() as group:
                group.create_task(lease.keep())
                group.create_task(retry_due(url, self.machine.letters))
                for effect in self.effects:
                    group.create_task(effect(self.settings, self.machine))
                group.create_task(self._read(nats, deliver, position))

    async def _become_leader(self, connection: Connection) -> Lease:
        lock = zlib.crc32(f"leadstream/{self.definition.name}/0".encode())
        while True:
            if lease := await take(connection, lock):
                break
            await asyncio.sleep(self.settings.lease_poll_seconds)
        # For when nobody stands by: stopped outside of a pipeline it may hold the log's end, and every append waits.
        await connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE_IN_BATCH_SECONDS * 1_000}")
        return lease

    async def _make_tables(self, connection: Connection) -> None:
        """Only where they are missing: it locks them, and whoever reads them for long would keep everybody waiting."""
        if not await self.machine.has_tables(connection):
            async with connection.transaction():
                for statement in ddl(self.definition.metadata, reader=f"{self.definition.name}_reader"):
                    await connection.execute(statement)

    async def _read(self, nats: Client, deliver: Deliver, position: int) -> None:
        reader = StreamReader(nats, filters(self.definition.reads), position, self.settings.max_batch)
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                await deliver(batch)


async def _insist_on_all_of_the_log(nats: Client, connection: Connection, service: str, folded: int) -> None:
    """Raise Ahead, after a pause, where the log has come back older than its copy or than what was made of it.

    Or where it was older, and has gone on otherwise since.
    """
    streamed = (await nats.jetstream().stream_info(STREAM)).state.last_seq
    ends, another = await ends_of(connection), await is_another(connection, service)
    if streamed > ends.last:
        found = f"the log ends at {ends.last} and the stream at {streamed}: run `leadstream repair`"
    elif folded > ends.end:
        found = f"the log ends at {ends.end} and {service} has folded {folded}: run `leadstream rebuild {service}`"
    elif another:
        found = f"{service} has folded another event {folded} than the log holds: run `leadstream rebuild {service}`"
    else:
        return
    await asyncio.sleep(AHEAD_SECONDS)
    raise Ahead(found)
