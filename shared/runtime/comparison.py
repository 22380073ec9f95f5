"""The log against its copy in the stream: as many, the same bytes, in the same places."""

from dataclasses import dataclass
from typing import Any

import nats

from shared.runtime import log
from shared.runtime.database import connect
from shared.runtime.reader import StreamReader
from shared.subjects import STREAM


@dataclass(frozen=True)
class StreamVerdict:
    """What the stream holds; `differs_at` is the first position where it is not the log, with the reason."""

    messages: int
    log_head: int
    differs_at: int | None = None
    reason: str = ""

    @property
    def identical(self) -> bool:
        """Whether the stream is an exact copy of the log, up to the last message it has."""
        return self.differs_at is None


async def compare(admin_url: str, nats_url: str) -> StreamVerdict:
    """Read both from the beginning, as far as the stream goes now. What is not copied yet is no difference."""
    client = await nats.connect(nats_url, name="verify", max_reconnect_attempts=3)
    try:
        async with await connect(admin_url, name="verify stream", autocommit=True) as connection:
            state = (await client.jetstream().stream_info(STREAM)).state
            head = await log.head(connection)
            if wrong := _counts(state, head):
                return StreamVerdict(state.messages, head, *wrong)
            streamed = StreamReader(client, ["events.>"], 0, 1_000).batches()
            try:
                wrong = await _first_difference(connection, streamed, state.last_seq)
            finally:
                await streamed.aclose()
            return StreamVerdict(state.messages, head, *(wrong or ()))
    finally:
        await client.close()


def _counts(state: Any, head: int) -> tuple[int, str] | None:
    if state.last_seq > head:
        return head + 1, f"the stream goes on to {state.last_seq}, the log ends at {head}"
    if state.last_seq and (state.first_seq != 1 or state.messages != state.last_seq):
        return (
            state.first_seq,
            f"{state.messages} messages between {state.first_seq} and {state.last_seq}: some are gone",
        )
    return None


async def _first_difference(connection: Any, streamed: Any, last: int) -> tuple[int, str] | None:
    if not last:
        return None
    logged = log.bodies(connection, None, after=0, upto=last, chunk=1_000)
    waiting: list[tuple[int, bytes]] = []
    async for batch in streamed:
        for message in batch:
            if message[0] > last:
                return None
            if not waiting:
                waiting = (await anext(logged, []))[::-1]
            if not waiting or waiting.pop() != message:
                return message[0], "the stream's message is not the log's event"
        if batch[-1][0] >= last:
            return None
    return None
