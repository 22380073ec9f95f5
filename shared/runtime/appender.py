"""Group commit: events of concurrent callers, appended in one transaction for all that wait.

`append` returns once the events are on disk. While one transaction runs, the callers that come collect for the next.
Under load, when the group before was a handful, the next one collects a few milliseconds more; a lone caller never
waits.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import errors

from shared.envelope import Event
from shared.runtime import log
from shared.runtime.database import Connection, connect

MAX_EVENTS = 1_000
BUSY = 4
LINGER_SECONDS = 0.012
# Whatever is written: the server is away, or goes, or is another one's copy since a failover.
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction)
# Of what else the log says this is about the event. The rest is about itself: a broken block, a table that is gone.
OF_THE_EVENT: Final = (psycopg.DataError, psycopg.IntegrityError, errors.InsufficientPrivilege)
_Waiting = tuple[Sequence[Event], asyncio.Future[int]]


class Unavailable(Exception):
    """The log cannot be reached or written to; nothing was appended, or it is unknown whether it was."""


class Appender:
    """One connection, shared by everything in a process that appends outside of the fold.

    `term`: that of a lease, for what only its holder may append: `append` raises Lost when it is held no more.
    """

    def __init__(self, url: str, name: str, patience_seconds: float = 5.0, term: int | None = None) -> None:
        self._url = url
        self._name = f"{name} append"
        self._patience = patience_seconds
        self._term = term
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._connection: Connection | None = None
        self._given_up: set[asyncio.Task[None]] = set()

    async def append(self, events: Sequence[Event]) -> int:
        """Append together and return the log's last position. Raises Unavailable."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await done

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=self._patience)
        if self._connection is not None:
            await self._connection.close()

    async def _work(self) -> None:
        size = 0
        while self._waiting:
            if size >= BUSY:
                await asyncio.sleep(LINGER_SECONDS)
            group = self._take()
            size = len(group)
            await self._settle(group)

    async def _settle(self, group: Sequence[_Waiting]) -> None:
        """Tell every caller of the group. An event that the log refuses must not take its neighbours with it."""
        writing = asyncio.create_task(self._write_anew(group))
        await asyncio.wait([writing], timeout=self._patience)
        if not writing.done():
            return self._give_up(writing, group)
        try:
            writing.result()
        except (*AWAY, OSError) as error:
            await self._drop()
            _fail(group, Unavailable(f"the log cannot be reached: {error}"))
        except Exception as error:  # noqa: BLE001 - handed to the callers that wait
            if len(group) == 1:
                return await self._refuse(group, error)
            for waiting in group:
                await self._settle([waiting])
        return None

    async def _refuse(self, group: Sequence[_Waiting], error: Exception) -> None:
        if isinstance(error, psycopg.Error) and not isinstance(error, OF_THE_EVENT):
            await self._drop()
            error = Unavailable(f"the log cannot be written to: {error}")
        _fail(group, error)

    def _give_up(self, writing: asyncio.Task[None], group: Sequence[_Waiting]) -> None:
        """Wait no longer for a server that does not answer, nor does anybody who has come meanwhile.

        Its connection goes with it: psycopg asks such a server for up to ten seconds more to leave off.
        """
        connection, self._connection = self._connection, None

        async def leave() -> None:
            writing.cancel()
            await asyncio.wait([writing])
            if connection is not None:
                await connection.close()

        leaving = asyncio.create_task(leave())
        self._given_up.add(leaving)
        leaving.add_done_callback(self._given_up.discard)
        waiting, self._waiting = self._waiting, []
        _fail([*group, *waiting], Unavailable(f"the log has not answered for {self._patience:g} s"))

    def _take(self) -> list[_Waiting]:
        size = count = 0
        for events, _ in self._waiting:
            size += len(events)
            count += 1
            if size >= MAX_EVENTS:
                break
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _write_anew(self, group: Sequence[_Waiting]) -> None:
        """Write; on a connection that broke while it was idle, once more on a new one. Ids make that harmless."""
        try:
            await self._write(group)
        except AWAY:
            await self._drop()
            await self._write(group)

    async def _write(self, group: Sequence[_Waiting]) -> None:
        if self._connection is None:
            self._connection = await connect(self._url, name=self._name, autocommit=True)
        events = [event for events, _ in group for event in events]
        if self._term is None:
            position = await log.append(self._connection, events)
        else:
            position = await log.append_in_term(self._connection, events, self._term)
        for _, done in group:
            if not done.done():
                done.set_result(position)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for _, done in group:
        if not done.done():
            done.set_exception(error)
