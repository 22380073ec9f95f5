"""The log against its copy in the stream: as many, the same bytes, in the same places."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from shared.runtime.database import Connection, connect
from shared.runtime.integrity import Damage, Findings, readable_ends
from shared.runtime.log import Message
from shared.runtime.reader import Interrupted, StreamReader
from shared.subjects import STREAM

CHUNK: Final = 1_000
SILENCES: Final = 2
SILENCE_SECONDS: Final = 6.0
OTHER_EVENT: Final = "the message is not the log's event"
GONE: Final = "the message is gone"


@dataclass
class StreamVerdict:
    """What the stream holds, how far it and the log go, and where it is not the log's copy.

    `other_at`: the first position at which it has another event than the log.
    """

    messages: int
    last: int
    log_head: int
    findings: Findings = field(default_factory=Findings)
    other_at: int | None = None

    @property
    def more(self) -> int:
        """How many events it has after the log's last one: the log lost them, or came back older."""
        return max(0, self.last - self.log_head)

    @property
    def identical(self) -> bool:
        """Whether the stream is an exact copy of the log, up to the last message it has."""
        return not self.findings.positions and not self.more


async def compare(
    admin_url: str, nats_url: str, progress: Callable[[int, int], None] = lambda *_: None
) -> StreamVerdict:
    """Read both from the beginning, as far as the stream goes now. What is not copied yet is no difference."""
    client = await nats.connect(nats_url, name="verify", max_reconnect_attempts=3)
    try:
        async with await connect(admin_url, name="verify stream", autocommit=True) as connection:
            state = await _state(client)
            head = (await readable_ends(connection)).by_head
            if state is None:
                verdict = StreamVerdict(0, 0, head)
                if head:
                    verdict.findings.add(Damage("stream", 1, head, "the stream is gone"))
                return verdict
            verdict = StreamVerdict(state.messages, state.last_seq, head)
            await _read_both(connection, client, min(state.last_seq, head), verdict, progress)
            return verdict
    finally:
        await client.close()


async def _state(client: Client) -> Any:
    try:
        return (await client.jetstream().stream_info(STREAM)).state
    except NotFoundError:
        return None


async def _read_both(
    connection: Connection, client: Client, upto: int, verdict: StreamVerdict, progress: Callable[[int, int], None]
) -> None:
    position = 0
    async with aclosing(_streamed(client, upto)) as batches:
        async for batch in batches:
            logged = await _logged(connection, batch)
            for at, body in batch:
                if at > position + 1:
                    verdict.findings.add(Damage("stream", position + 1, at - 1, GONE))
                position = at
                if logged.get(at, body) != body:  # what the log has not is the log's damage
                    verdict.findings.add(Damage("stream", at, at, OTHER_EVENT))
                    verdict.other_at = verdict.other_at or at
            progress(position, upto)
    if position < upto:
        verdict.findings.add(Damage("stream", position + 1, upto, GONE))


async def _streamed(client: Client, upto: int) -> AsyncGenerator[list[Message], None]:
    """The stream's messages up to a position; where it lacks the last ones, an end after some silence, twice.

    A server that is away is no silence: raises NatsError.
    """
    position = silences = 0
    while position < upto and silences < SILENCES:
        async with aclosing(StreamReader(client, ["events.>"], position, CHUNK).batches()) as batches:
            while position < upto:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        batch = await anext(batches)
                except (TimeoutError, Interrupted):
                    break
                position, silences = batch[-1][0], 0
                yield [message for message in batch if message[0] <= upto]
        if position < upto:
            silences += 1
            await client.jetstream().stream_info(STREAM)


async def _logged(connection: Connection, batch: Sequence[Message]) -> dict[int, bytes]:
    """The log's bodies at the positions of these messages, of those that the log has."""
    statement = "SELECT position, convert_to(body, 'UTF8') FROM log.events WHERE position = ANY(%s)"
    cursor = await connection.execute(statement, ([at for at, _ in batch],), binary=True)
    return dict(await cursor.fetchall())
