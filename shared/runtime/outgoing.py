"""What the loops that POST to the world have in common.

The HTTP client, what a reply and a failure mean, what came of POSTs until the log has it, waiting for the state.
"""

import asyncio
import contextlib
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import aiohttp
import structlog

from shared.envelope import Event, told
from shared.outcomes import Policy, Refusal, of_error
from shared.runtime.appender import Appender
from shared.runtime.cancellation import end_now, within
from shared.runtime.database import Connection, one
from shared.runtime.lease import Lost
from shared.runtime.machine import Machine
from shared.runtime.public_addresses import NotPublic, public_socket
from shared.runtime.settings import Settings

POST_SECONDS: Final = 30.0
# Less than the whole, so that a server that is not there is told from one that does not answer.
CONNECT_SECONDS: Final = 15.0
# Many servers close a connection that was idle for five seconds. One that is closed while a POST goes out on it has
# failed, and five such failures would leave a webhook alone for half a minute.
KEPT_SECONDS: Final = 4.0
LOOK_SECONDS: Final = 0.25
# Beside its status, what a webhook says is of no use and may be endless. Once it is read, the connection is used again.
HEARD_BYTES: Final = 65_536
HEARD_SECONDS: Final = 2.0
REASON_CHARACTERS: Final = 500
NOT_PUBLIC: Final = (
    "the webhook is at an address of this machine or of a private network; where that is meant, "
    "LEADSTREAM_PRIVATE_WEBHOOKS=true allows it for all tenants"
)
NOT_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
# What a POST ends in that has no answer.
UNANSWERED: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
logger = structlog.get_logger()


def session(settings: Settings) -> aiohttp.ClientSession:
    """The HTTP client of one leading replica. How many connections there are is for those who send to limit."""
    sockets = None if settings.private_webhooks else public_socket
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS, socket_factory=sockets),
        timeout=aiohttp.ClientTimeout(total=POST_SECONDS, connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


def unreachable(error: Exception, *, attempt: int, policy: Policy, now: datetime, jitter: float) -> Refusal:
    """What one of UNANSWERED means: unless there was no connection, the POST may have arrived."""
    if isinstance(error, aiohttp.InvalidURL) or not isinstance(error, aiohttp.ClientError | OSError):
        why = (error.description or "it has no host") if isinstance(error, aiohttp.InvalidURL) else str(error)
        return Refusal("CONFIGURATION", f"nothing can be POSTed with this address and secret: {why}"[:500], None)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, NotPublic):
        return Refusal("CONFIGURATION", NOT_PUBLIC, None)
    what = told(error, REASON_CHARACTERS).removesuffix(": ")  # a webhook that speaks no HTTP is quoted in it
    in_doubt = not isinstance(error, NOT_SENT)
    return of_error(what, attempt=attempt, policy=policy, now=now, jitter=jitter, in_doubt=in_doubt)


async def hear(reply: aiohttp.ClientResponse) -> None:
    """Read a reply to its end; of one that is long, or takes long, the beginning, and its connection is not kept.

    Its status stands, whatever becomes of the rest.
    """
    left = HEARD_BYTES
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(HEARD_SECONDS):
            while left > 0 and (piece := await reply.content.read(left)):
                left -= len(piece)


async def caught_up(connection: Connection, machine: Machine[Any]) -> None:
    """Until the state knows everything recorded so far: what looks due may be sent and recorded already."""
    recorded = "SELECT coalesce(max(position), 0) FROM log.events WHERE type = ANY(%s)"
    (position,) = await one(connection, recorded, (list(machine.definition.reads),))
    await read_back(machine, position)


async def read_back(machine: Machine[Any], position: int) -> None:
    """Until the state holds what was appended at `position`."""
    while machine.position < position:
        machine.committed.clear()
        await within(LOOK_SECONDS, machine.committed)


async def end(tasks: Collection["asyncio.Task[None]"], seconds: float) -> None:
    """Let the tasks come to their end for a while, and then end them."""
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
    await asyncio.gather(*map(end_now, tasks))


class Outcomes:
    """What came of POSTs, by what each was for, until the log has it. One for the life of a process.

    What could not be appended before this replica led no more is appended first when it leads again: while the database
    is away, nothing gets in doubt that has an outcome. The events' ids are those of any leader that said so since.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    async def record(self, appender: Appender, name: str, event: Event) -> int:
        """Append what came of the POST for `name`, however long the log is away; its position.

        Raises Lost: the attempt is in doubt then, and for the next leader.
        """
        self._events[name] = event
        while True:
            try:
                position = await appender.append([event])
                break
            except Lost:
                raise
            except Exception as error:  # noqa: BLE001 - nothing may lose what came of a POST
                logger.warning("cannot record a POST yet", error=repr(error))
                await asyncio.sleep(0.5)
        del self._events[name]
        return position

    def left(self) -> dict[str, Event]:
        """What an earlier term could not append, by what each POST was for."""
        return dict(self._events)

    def drop(self, name: str) -> None:
        """Leave one untold, as what it was for has gone on without it."""
        del self._events[name]

    async def record_the_rest(self, appender: Appender) -> None:
        """Append what an earlier term has left. Raises Lost."""
        await asyncio.gather(*(self.record(appender, name, event) for name, event in list(self._events.items())))
