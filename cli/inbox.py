"""What waits in the stream INBOX, how what can never be appended is taken out of it, and whether it takes any."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NoStreamResponseError, NotFoundError

from cli.errors import Refused
from shared.envelope import UnreadableEvent, from_json
from shared.events import CATALOGUE
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT

WRITER: Final = "callbacks"
PROBE: Final = "inbox.probe"  # which no reader is given
PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Waiting:
    """A message: its number in the stream, when it came, its bytes, what it is, and why it can never be appended."""

    number: int
    at: datetime | None
    body: bytes
    what: str
    error: str | None


async def waiting(url: str, most: int) -> list[Waiting]:
    """The messages that wait, the oldest first, at most so many. Raises NatsError."""
    found: list[Waiting] = []
    async with _opened(url) as stream:
        number = 1
        while len(found) < most:
            try:
                message = await stream.get_msg(INBOX_STREAM, seq=number, subject=INBOX_SUBJECT, next=True)
            except NotFoundError:
                break
            found.append(_read(message))
            number = found[-1].number + 1
    return found


async def taken_out(url: str, number: int, keep: Callable[[bytes], object]) -> Waiting:
    """Give a message to `keep`, then take it out. Raises Refused where there is none, or it is an answer."""
    async with _opened(url) as stream:
        try:
            found = _read(await stream.get_msg(INBOX_STREAM, seq=number))
        except NotFoundError:
            raise Refused(
                f"no message {number} waits in the inbox; `leadstream inbox list` shows those that do"
            ) from None
        if found.error is None:
            raise Refused(f"message {number} is {found.what}: it stays, and is appended once the database is there")
        keep(found.body)
        await stream.delete_msg(INBOX_STREAM, number)
    return found


async def refusal(url: str) -> str | None:
    """Why the stream takes no message; None where it does, or is not there. What it is given is taken out again.

    Once it has met a full disk it takes none until NATS is started again, whatever room there is by then, and does not
    say so. `url`: of the user `provision`. Raises NatsError.
    """
    async with _opened(url) as stream:
        try:
            await stream.publish(PROBE, b"", timeout=PROBE_SECONDS)
        except NoStreamResponseError:
            return None
        except NatsError as error:
            return str(getattr(error, "description", error))
        finally:
            with suppress(NatsError):  # what was taken too late is taken out as well
                await stream.purge_stream(INBOX_STREAM, subject=PROBE)
    return None


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(url, name="inbox", max_reconnect_attempts=3)
    try:
        yield client.jetstream()
    finally:
        await client.close()


def _read(message: RawStreamMsg) -> Waiting:
    number, body = message.seq or 0, message.data or b""
    try:
        event = from_json(body)
    except UnreadableEvent as error:
        return Waiting(number, message.time, body, "no event", str(error))
    why = None if WRITER in CATALOGUE[event.type].writers else f"{WRITER} may not write {event.type}"
    return Waiting(number, message.time, body, f"{event.type} {event.id}", why)
