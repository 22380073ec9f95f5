"""The lease: of several replicas of a part one works, and one that stands still is no replica.

The lease is a session-level advisory lock on the very connection that the transactions use: losing the one is losing
the other. The connection of a process that is stopped stands for as long as the process does. So whoever leads says
something each second, and whoever stands by has PostgreSQL end a session that was silent for SILENT_SECONDS.
PostgreSQL's own limits on silence do not count in a pipeline, nor after the last Flush of one.

Whoever wakes up after that has lost its session, and with it the fold. What it does by other ways is fenced by its
term: a second lock on the session, of a number that no other term has. Where that is free the lease is gone.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from shared.runtime.database import Connection, one

# A stopped leader is replaced within ten seconds, and a pause of four costs nobody the lease.
SILENT_SECONDS = 6.0
BEAT_SECONDS: Final = 1.0
FRESH_SECONDS: Final = 1.0
# The session that holds a lock and waits for its process, and has heard nothing of it for so long.
END_THE_SILENT: Final = """
SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND a.datname = current_database()
  AND (l.classid::bigint << 32 | l.objid::bigint) = %s
  AND a.wait_event_type = 'Client'
  AND greatest(a.state_change, a.query_start) < clock_timestamp() - make_interval(secs => %s)
"""
# Whether the term holds, in the transaction of what it guards.
HOLDS: Final = "NOT pg_try_advisory_xact_lock_shared(%s)"
logger = structlog.get_logger()


class Lost(Exception):
    """Another replica leads, or may: nothing was done."""


class Lease:
    """Held for as long as the connection is; see `take`."""

    def __init__(self, connection: Connection) -> None:
        self.term = random.getrandbits(63)
        self._connection = connection
        self._turn = asyncio.Lock()
        self._said = time.monotonic()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have the connection to oneself for a transaction."""
        async with self._turn:
            yield
        self._said = time.monotonic()

    async def keep(self) -> None:
        """Say something whenever nothing else does, for ever. Raises psycopg.Error when the lease is lost."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if time.monotonic() - self._said >= BEAT_SECONDS:
                async with self.working():
                    await self._connection.execute("SELECT 1")


async def take(connection: Connection, lock: int) -> Lease | None:
    """The lease, if nobody has it; whoever has it and is silent will not have it for long. Needs autocommit."""
    (taken,) = await one(connection, "SELECT pg_try_advisory_lock(%s)", (lock,))
    lease = None
    if taken:
        lease = Lease(connection)
        await connection.execute("SELECT pg_advisory_lock(%s)", (lease.term,))
    elif (await connection.execute(END_THE_SILENT, (lock, SILENT_SECONDS))).rowcount:
        logger.warning("the leader says nothing; its session is ended", seconds=SILENT_SECONDS)
    return lease


class Fence:
    """Asks whether a term holds, over another connection (in autocommit), for what is no transaction, like a POST."""

    def __init__(self, connection: Connection, term: int) -> None:
        self._connection = connection
        self._term = term
        self._asked = float("-inf")
        self._turn = asyncio.Lock()

    async def insist(self) -> None:
        """Return within a second of a moment at which the lease was held. Raises Lost, and psycopg.Error."""
        async with self._turn:
            while (now := time.monotonic()) - self._asked > FRESH_SECONDS:
                (holds,) = await one(self._connection, f"SELECT {HOLDS}".encode(), (self._term,))
                if not holds:
                    raise Lost("another replica leads")
                self._asked = now
