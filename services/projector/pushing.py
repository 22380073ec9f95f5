"""Leads POSTed to webhooks: a loop over the pushes that are due, one parcel of each at a time. At least once.

A parcel is noted in `pushing` before its POST. An attempt that was noted and has no outcome was cut off by a crash: it
goes out again under the same `Idempotency-Key`, and its event says `in_doubt`. What came of a POST is appended; the
fold, reading it back, moves the push on.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import psycopg
import structlog
from sqlalchemy import exc
from structlog.contextvars import bind_contextvars

from services.projector import parcels
from services.projector.parameters import Unaskable
from services.projector.parcels import POLICY, Parcel, TooLarge
from services.projector.pushes import Push
from services.projector.store import PUSHES
from shared.envelope import Event
from shared.ids import to_hex
from shared.outcomes import Refusal, next_try
from shared.runtime import clock
from shared.runtime.appender import Appender
from shared.runtime.cancellation import to_the_end
from shared.runtime.database import Connection, connect, uuid_array
from shared.runtime.lease import Fence, Lost
from shared.runtime.machine import Machine
from shared.runtime.outgoing import Outcomes, caught_up, end, read_back, session
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings

EVERY_SECONDS: Final = 0.5
ENDING_SECONDS: Final = 3.0
AT_ONCE: Final = 8  # pushes; each has one POST out at most
# None that waits behind a dead letter: what came of its parcel would wait too, and it would look due for ever.
_DUE: Final = f"""
SELECT {PUSHES.names} FROM push WHERE status = 'running' AND due_at <= now() AND NOT push_id = ANY(%s::uuid[])
"""
DUE: Final = f"{_DUE} AND NOT push_id = ANY(%s::uuid[]) ORDER BY due_at LIMIT %s"
STILL_DUE: Final = f"{_DUE} AND push_id = %s"
FORGET: Final = """
DELETE FROM pushing USING push WHERE push.push_id = pushing.push_id AND push.status IN ('completed', 'cancelled')
"""
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, exc.OperationalError, exc.InterfaceError)
logger = structlog.get_logger()


async def push_due(settings: Settings, machine: Machine[Any], queries: Queries, outcomes: Outcomes) -> None:
    """Send what is due, for as long as this replica leads."""
    url = settings.database_url.get_secret_value()
    appender = Appender(url, "projector", term=machine.term)
    async with (
        await connect(url, name="projector pushing", search_path="projector", autocommit=True) as connection,
        session(settings) as client,
    ):
        fence = Fence(connection, machine.term)
        pusher = Pusher(settings, client, appender, queries, connection, machine, fence, outcomes)
        try:
            await outcomes.record_the_rest(appender)
            await caught_up(connection, machine)
            await connection.execute(FORGET)
            await pusher.run()
        finally:
            await to_the_end(pusher.stop())


@dataclass
class Pusher:
    """The pushes in this process's hands; `out`: those of which a parcel is.

    `most`: how many leads the webhook takes at once, of pushes of which a parcel was too large.
    """

    settings: Settings
    client: aiohttp.ClientSession
    appender: Appender
    queries: Queries
    connection: Connection
    machine: Machine[Any]
    fence: Fence
    outcomes: Outcomes
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    most: dict[str, int] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look for pushes that are due, and take up as many as there is room for."""
        while True:
            held, stuck = uuid_array(self.tasks), self._stuck()
            for push in await PUSHES.select(self.connection, DUE, (stuck, held, AT_ONCE - len(self.tasks))):
                self.tasks[push.push_id] = asyncio.create_task(self._push(push))
            await asyncio.sleep(EVERY_SECONDS)

    async def stop(self) -> None:
        """Begin no parcel, and record what comes of those that are out; then close.

        What has no outcome after a while is in doubt, and the next leader says so.
        """
        self.ended.set()
        tasks = dict(self.tasks)
        for push_id, task in tasks.items():
            if push_id not in self.out:
                task.cancel()
        await end(tasks.values(), ENDING_SECONDS)
        await self.appender.close()

    async def _push(self, push: Push) -> None:
        """Parcel after parcel, until the push has to wait, fails or ends."""
        due = [push]
        bind_contextvars(push_id=push.push_id, client_id=push.client_id, correlation_id=push.push_id)
        try:
            while due:
                position = await self.outcomes.record(self.appender, push.push_id, await self._attempt(due[0]))
                self.out.discard(push.push_id)
                if self.ended.is_set():
                    break
                await read_back(self.machine, position)
                due = await PUSHES.select(self.connection, STILL_DUE, (self._stuck(), to_hex(push.push_id)))
        except (*AWAY, Lost) as error:
            logger.warning("a push is left to whoever leads next", error=repr(error)[:300])
        finally:
            self.out.discard(push.push_id)
            self.tasks.pop(push.push_id, None)
            if not due:  # it has ended, or waits
                self.most.pop(push.push_id, None)

    def _stuck(self) -> list[str]:
        return self.machine.letters.subjects("push")

    async def _attempt(self, push: Push) -> Event:
        parcel = Parcel([])
        try:
            parcel = await parcels.take(self.connection, self.queries, push, self.most.get(push.push_id, push.size))
            parcel, refusal = await self._sent(push, parcel) if parcel.leads else (parcel, None)
        except Unaskable as error:
            refusal = Refusal("CONFIGURATION", str(error), None)
        except (*AWAY, Lost):
            raise
        except Exception as error:
            logger.exception("a parcel ended in an error of our own")
            refusal = Refusal("INTERNAL", repr(error)[:500], next_try(push.tries, POLICY, clock.now(), 1.0))
        if refusal is not None:
            logger.warning("a parcel was refused", code=refusal.code, why=refusal.reason)
        return parcels.recorded(push, parcel, refusal, clock.now())

    async def _sent(self, push: Push, parcel: Parcel) -> tuple[Parcel, Refusal | None]:
        """POST a parcel, or as much of it as the webhook takes at once. Raises Lost where none is to begin any more.

        What is noted is out: else it would look as if it may have been sent.
        """
        while True:
            await self.fence.insist()
            if self.ended.is_set():
                raise Lost("this replica leads no more")
            self.out.add(push.push_id)
            await parcels.note(self.connection, push, parcel)
            try:
                return parcel, await parcels.post(self.client, self.settings, push, parcel)
            except TooLarge:
                parcel = parcels.halved(parcel)
                self.most[push.push_id] = len(parcel.leads)
                await parcels.note(self.connection, push, parcel, sent=False)
