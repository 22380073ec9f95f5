"""The relay: copies the log to the stream EVENTS, in order, so that stream sequence = log position.

It resumes from the stream's own last message and publishes with that sequence as the expected last one, so a second
relay cannot interleave and a repeated batch is refused, not doubled. Among replicas one leads, by a lease.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import nats
import orjson
import psycopg
import structlog
import uvloop
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from shared.ids import from_hex
from shared.runtime.cancellation import end_if_cancelled, end_now, within
from shared.runtime.database import Connection, connect, one_or_none
from shared.runtime.integrity import BROKEN
from shared.runtime.lease import take
from shared.runtime.leaving import leave
from shared.runtime.log_rows import window
from shared.runtime.memory import return_freed_memory
from shared.runtime.patrol import patrol
from shared.runtime.process_logs import configure_logging
from shared.runtime.settings import Settings, configured
from shared.runtime.watchdog import Watchdog
from shared.subjects import STREAM, subject

BATCH: Final = 1_000
BATCH_BYTES: Final = 4 * 1024 * 1024
ATOMIC_FROM: Final = 8
LINGER_SECONDS: Final = 0.012
LEADER_LOCK: Final = 0x6C656164_00000001
ACK_SECONDS: Final = 10.0
BROKEN_SECONDS: Final = 5.0
LEAVING_SECONDS: Final = 5.0
# Before the next try: longer each time, unless it went well for a while.
SHORTEST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 2.0
WELL_SECONDS: Final = 30.0
WRONG_LAST: Final = 10071  # JetStream's code for another last sequence than the one that was expected
NEXT: Final = window("position, encode(uuid_send(id), 'hex'), type, slot, body", "position > %s")
Logged = tuple[int, str, str, int, str]
logger = structlog.get_logger()


class Refused(Exception):
    """The stream did not take a batch: its last sequence is not the one we know."""


class WrongSequence(Refused):
    """The stream's last sequence is another one."""


class Stuck(Refused):
    """The stream refuses what follows the very sequence that it says it ends at: it has lost messages."""


class Diverged(RuntimeError):
    """The stream holds something the log does not; the relay never overwrites it."""


def main() -> None:
    """Run until SIGTERM, as one of any number of replicas."""
    settings = configured(Settings)
    return_freed_memory()
    configure_logging(settings, "relay")
    try:
        uvloop.run(_until_told(settings))
    except Diverged as error:
        sys.exit(f"relay: {error}")


async def _until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = asyncio.create_task(Watchdog(lambda _: None).run())
    try:
        await run_until(settings, stop)
    finally:
        watching.cancel()


async def run_until(settings: Settings, stop: asyncio.Event) -> None:
    """As `run`, and end soon after `stop` is set even where a server stands still: what is cut off is copied again."""
    copying, told = asyncio.create_task(run(settings, stop)), asyncio.create_task(stop.wait())
    await asyncio.wait([copying, told], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait([copying], timeout=LEAVING_SECONDS)
    told.cancel()
    await end_now(copying)
    if not copying.cancelled():
        copying.result()


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Copy until `stop` is set, through restarts of either server."""
    told = {"database": settings.source("database_url"), "nats": settings.source("nats_url")}
    pause = SHORTEST_PAUSE_SECONDS
    while not stop.is_set():
        began = time.monotonic()
        try:
            await _lead(settings, stop)
        except (psycopg.Error, NatsError, OSError, TimeoutError, Refused) as error:
            logger.warning("relay interrupted; starting again from the stream", error=repr(error), **told)
            told.clear()  # once is enough
            if time.monotonic() - began > WELL_SECONDS:
                pause = SHORTEST_PAUSE_SECONDS
            await within(pause, stop)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _lead(settings: Settings, stop: asyncio.Event) -> None:
    async with await connect(settings.database_url.get_secret_value(), name="relay", autocommit=True) as database:
        while (lease := await take(database, LEADER_LOCK)) is None:
            await within(settings.lease_poll_seconds, stop)
            if stop.is_set():
                return
        keeping = asyncio.create_task(lease.keep())
        try:
            await _copy_and_patrol(database, settings, stop)
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])


async def _copy_and_patrol(database: Connection, settings: Settings, stop: asyncio.Event) -> None:
    client = await nats.connect(settings.nats_url.get_secret_value(), name="relay", max_reconnect_attempts=5)
    patrolling = asyncio.create_task(patrol(settings, client))
    try:
        await _copy_what_can_be_read(database, client, stop)
    finally:
        patrolling.cancel()
        await asyncio.wait([patrolling])
        await leave(client.close())


async def _copy_what_can_be_read(database: Connection, client: Client, stop: asyncio.Event) -> None:
    """Copy. Where a block of either side is broken, go on leading: the patrol beside it has to name what is lost."""
    while not stop.is_set():
        try:
            await copy(database, client, stop)
        except BROKEN as error:
            logger.error("the log cannot be read; run `leadstream repair`", error=repr(error))
            await within(BROKEN_SECONDS, stop)
        except Stuck as error:
            logger.error("the stream takes no more events; run `leadstream repair`", error=str(error))
            await within(BROKEN_SECONDS, stop)


async def copy(database: Connection, client: Client, stop: asyncio.Event) -> None:
    """Copy from where the stream ends. Raises Refused, and changes nothing, where somebody else copies too."""
    await database.execute("LISTEN log")
    position = await _resume(database, client)
    logger.info("relay copies the log to the stream", after=position)
    while not stop.is_set():
        end_if_cancelled()
        rows = await _after(database, position)
        if rows:
            await _publish(client, rows, position)
            position = rows[-1][0]
        if not _is_full(rows):
            if not await _news(database) and not rows:
                await _still_there(client, position)
            if len(rows) >= ATOMIC_FROM:
                await asyncio.sleep(LINGER_SECONDS)


async def copy_some(database: Connection, client: Client) -> None:
    """Copy the next events once, whoever else copies. Raises Refused, of which Stuck and WrongSequence say why."""
    position = await _resume(database, client)
    if rows := await _after(database, position):
        await _publish(client, rows, position)


def _is_full(rows: Sequence[Logged]) -> bool:
    """Whether more is waiting, as far as a batch can tell: half of the bytes, or a next one did not fit."""
    return len(rows) == BATCH or 2 * sum(len(row[4].encode()) for row in rows) > BATCH_BYTES


async def _news(database: Connection) -> bool:
    """Whether an append is announced within a second."""
    async for _ in database.notifies(timeout=1.0, stop_after=1):
        return True
    return False


async def _still_there(client: Client, position: int) -> None:
    """Raises Refused when the stream is not the one that was copied to: somebody has made it anew."""
    last = await last_sequence(client)
    if last != position:
        raise Refused(f"the stream stands at {last}, and {position} were copied to it")


async def _resume(database: Connection, client: Client) -> int:
    """The stream's last sequence, after making sure that it is the log's event of that position."""
    last = await last_sequence(client)
    if last == 0:
        return 0
    try:
        message = await client.jetstream().get_msg(STREAM, seq=last)
    except NotFoundError:
        raise Diverged(f"message {last} of {STREAM} is gone; the stream has to be made anew from the log") from None
    row = await one_or_none(database, "SELECT id FROM log.events WHERE position = %s", (last,))
    streamed = orjson.loads(message.data or b"{}").get("id")
    if row is None or from_hex("evt", str(row[0])) != streamed:
        raise Diverged(f"sequence {last} of {STREAM} is {streamed}, which is not the log's event at that position")
    return last


async def last_sequence(client: Client) -> int:
    """Where the stream ends. Raises NotFoundError without one."""
    return int((await client.jetstream().stream_info(STREAM)).state.last_seq)


async def _after(database: Connection, position: int) -> list[Logged]:
    """The next events, at most BATCH, and BATCH_BYTES unless the first alone is longer."""
    cursor = await database.execute(NEXT.encode(), (position, BATCH, BATCH_BYTES))
    return await cursor.fetchall()


async def _publish(client: Client, rows: Sequence[Logged], position: int) -> None:
    publish = _publish_atomically if len(rows) >= ATOMIC_FROM else _publish_singly
    try:
        async with asyncio.timeout(ACK_SECONDS):
            last = await publish(client, rows, position)
    except TimeoutError:
        raise Refused(f"no acknowledgement of {rows[0][0]}..{rows[-1][0]} in {ACK_SECONDS} s") from None
    except WrongSequence as error:
        if await last_sequence(client) != position:
            raise
        raise Stuck(f"it says that it ends at {position}, and refuses {position + 1}: {error}") from None
    if last != rows[-1][0]:
        raise Refused(f"the stream stands at {last} after {rows[-1][0]} was published")


async def _publish_singly(client: Client, rows: Sequence[Logged], position: int) -> int:
    """A few messages, sent at once: each expects the one before, so none is stored where one is missing."""
    requests = []
    for last, (_, event_id, kind, slot, body) in zip((position, *(row[0] for row in rows)), rows, strict=False):
        headers = {"Nats-Msg-Id": event_id, "Nats-Expected-Last-Sequence": str(last)}
        requests.append(client.request(subject(slot, kind), body.encode(), headers=headers, timeout=ACK_SECONDS))
    return [_acknowledged(reply.data) for reply in await asyncio.gather(*requests)][-1]


async def _publish_atomically(client: Client, rows: Sequence[Logged], position: int) -> int:
    batch = uuid4().hex
    for number, (_, event_id, kind, slot, body) in enumerate(rows[:-1], start=1):
        headers = {"Nats-Msg-Id": event_id, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        if number == 1:
            headers["Nats-Expected-Last-Sequence"] = str(position)
        await client.publish(subject(slot, kind), body.encode(), headers=headers)
    _, event_id, kind, slot, body = rows[-1]
    headers = {
        "Nats-Msg-Id": event_id,
        "Nats-Batch-Id": batch,
        "Nats-Batch-Sequence": str(len(rows)),
        "Nats-Batch-Commit": "1",
    }
    reply = await client.request(subject(slot, kind), body.encode(), headers=headers, timeout=ACK_SECONDS)
    return _acknowledged(reply.data)


def _acknowledged(data: bytes) -> int:
    answer = orjson.loads(data)
    if "error" in answer:
        code = answer["error"].get("err_code")
        raise (WrongSequence if code == WRONG_LAST else Refused)(f"{code}: {answer['error'].get('description')}")
    return int(answer["seq"])
