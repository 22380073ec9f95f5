"""Which messages of the stream are whole, a thousand for a few milliseconds: only their headers are sent.

To send a message's headers the server reads all of it and compares the checksum that it keeps with it; one that does
not agree is left out. Here a message is then not even parsed: the connection, which serves for nothing else, steps from
one to the next and notes the sequence.
"""

import asyncio
import re
from typing import Any, Final

import nats
import orjson
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

from shared.runtime.cancellation import within
from shared.runtime.leaving import leave
from shared.subjects import STREAM

SILENCE_SECONDS: Final = 2.0
_MESSAGE: Final = re.compile(rb"HMSG \S+ \d+ (?:(\S+) )?\d+ (\d+)\r\n")


class Skimmer:
    """A connection of its own that tells which sequences the stream can give."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._steps = _Steps(client)
        # What reads from the socket hands every piece to this attribute, whatever it is; a contract test insists on it.
        client._ps = self._steps

    @classmethod
    async def connect(cls, url: str) -> "Skimmer":
        """`url`: of the user `relay`. Raises NatsError, OSError."""
        return cls(await nats.connect(url, name="patrol", max_reconnect_attempts=5))

    async def aclose(self) -> None:
        """Close the connection."""
        await leave(self._client.close())

    async def missing(self, first: int, last: int) -> list[int]:
        """The sequences from `first` to `last` that the server does not give. Raises NatsError, TimeoutError."""
        stream = self._client.jetstream(timeout=SILENCE_SECONDS)
        consumer = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=first, ack_policy=AckPolicy.NONE,
            headers_only=True, mem_storage=True, num_replicas=1, inactive_threshold=10,
        )  # fmt: skip
        name = (await stream.add_consumer(STREAM, consumer)).name
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox)
        try:
            seen = await self._count(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}", inbox, last - first + 1)
        finally:
            await leave(subscription.unsubscribe())
            await leave(stream.delete_consumer(STREAM, str(name)))
        return [sequence for sequence in range(first, last + 1) if sequence not in seen]

    async def _count(self, subject: str, inbox: str, wanted: int) -> set[int]:
        seen = self._steps.begin(wanted)
        try:
            await self._client.publish(subject, orjson.dumps({"batch": wanted, "no_wait": True}), reply=inbox)
            before = -1
            while not self._steps.over.is_set() and len(seen) > before:
                before = len(seen)
                await within(SILENCE_SECONDS, self._steps.over)
        finally:
            self._steps.end()
        return seen


class _Steps(Parser):
    """nats-py's parser, which steps over messages while it counts."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.over = asyncio.Event()
        self._seen: set[int] | None = None
        self._wanted = 0

    def begin(self, wanted: int) -> set[int]:
        """Count from here on; the set is filled with what is stepped over, and `over` set when it is all."""
        self.over.clear()
        self._seen, self._wanted = set(), wanted
        return self._seen

    def end(self) -> None:
        """Parse again what comes."""
        self._seen = None

    async def parse(self, data: bytes = b"") -> Any:
        """Take what the socket gave."""
        if self._seen is None or self.state != AWAITING_CONTROL_LINE:
            return await super().parse(data)
        self.buf.extend(data)
        at, whole = 0, bytes(self.buf)
        while (message := _MESSAGE.match(whole, at)) and (end := message.end() + int(message[2]) + 2) <= len(whole):
            at = end
            self._note(message[1])
        del self.buf[:at]
        # A message that is not all here begins with its own line; anything else is for the connection.
        if self.buf and not self.buf.startswith(b"H"):
            return await super().parse()
        return None

    def _note(self, reply: bytes | None) -> None:
        assert self._seen is not None
        if reply is None or reply.count(b".") < 8:
            self.over.set()  # the server's word that there are no more
            return
        self._seen.add(int(reply.rsplit(b".", 4)[1]))
        if len(self._seen) >= self._wanted:
            self.over.set()
