"""Reading the stream in exact order from a position: a thin puller over nats-py.

The consumer is ephemeral and acknowledges nothing; the reader's checkpoint is in the database. Messages are pushed
into a buffer while requests are kept outstanding at the server; `batches` yields whatever has accumulated. Only under
load, when the batch before was a full handful, does it linger a few milliseconds first: a lone event never waits.

The consumer's own sequence shows a gap at once: then, and when the server has lost the consumer, the reader ends with
`Interrupted` and its caller starts anew from the checkpoint.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from shared.runtime.cancellation import end_if_cancelled, within
from shared.runtime.direct_delivery import deliver
from shared.runtime.leaving import leave
from shared.subjects import STREAM

REQUEST: Final = 1_000
# More than the longest message there can be, 8 MB (max_payload): a request for less would never be answered.
BUFFER_BYTES: Final = 10 * 1024 * 1024
BATCH_BYTES: Final = 2 * 1024 * 1024
HEARTBEAT_SECONDS: Final = 2.0
EXPIRES_SECONDS: Final = 20.0
BUSY: Final = 8
LINGER_SECONDS: Final = 0.02
NANO: Final = 1_000_000_000


class Interrupted(Exception):
    """The flow of messages broke; read again from the checkpoint."""


class StreamReader:
    """One pass over the stream: messages of `subjects` after `position`, in order, without gaps."""

    def __init__(self, nats: Client, subjects: Sequence[str], position: int, max_batch: int) -> None:
        self.nats = nats
        self.subjects = list(subjects)
        self.position = position
        self.max_batch = max_batch
        self._buffer: list[tuple[int, bytes]] = []
        self._wake = asyncio.Event()
        self._buffered = 0
        self._delivered = 0
        self._requested = 0
        self._last_size = 0
        self._broken: str | None = None

    async def batches(self) -> AsyncGenerator[list[tuple[int, bytes]], None]:
        """Lists of (position, body), each as long as what had accumulated, at most `max_batch` and BATCH_BYTES."""
        inbox = self.nats.new_inbox()
        name = await self._create_consumer()
        subscription = await self.nats.subscribe(inbox, cb=self._status, pending_msgs_limit=-1, pending_bytes_limit=-1)
        leave_off = deliver(self.nats, subscription, self._message)
        try:
            await self._request(name, inbox)
            while True:
                batch = await self._next(name, inbox)
                if batch:
                    yield batch
        finally:
            leave_off()
            await leave(subscription.unsubscribe())
            await leave(self.nats.jetstream().delete_consumer(STREAM, name))

    async def _create_consumer(self) -> str:
        info = await self.nats.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.position + 1,
                ack_policy=AckPolicy.NONE,
                filter_subjects=self.subjects,
                mem_storage=True,
                num_replicas=1,
                inactive_threshold=60,
            ),
        )
        return str(info.name)

    async def _next(self, name: str, inbox: str) -> list[tuple[int, bytes]]:
        end_if_cancelled()
        if not await within(HEARTBEAT_SECONDS * 2.5, self._wake):
            raise Interrupted("no message and no heartbeat from the server")
        if self._last_size >= BUSY and len(self._buffer) < self.max_batch:
            await asyncio.sleep(LINGER_SECONDS)
        self._wake.clear()
        if self._broken:
            raise Interrupted(self._broken)
        count = self._fitting()
        batch, self._buffer = self._buffer[:count], self._buffer[count:]
        self._buffered -= sum(len(body) for _, body in batch)
        self._last_size = len(batch)
        if self._buffer:
            self._wake.set()
        if self._requested - len(self._buffer) < REQUEST // 2 or self._requested <= 0:
            await self._request(name, inbox)
        return batch

    def _fitting(self) -> int:
        """How many of the messages that are here make a batch: a long one may be alone."""
        total = 0
        for count, (_, body) in enumerate(self._buffer[: self.max_batch]):
            total += len(body)
            if total > BATCH_BYTES and count:
                return count
        return min(len(self._buffer), self.max_batch)

    async def _request(self, name: str, inbox: str) -> None:
        if len(self._buffer) >= REQUEST or self._buffered >= BUFFER_BYTES:
            return
        self._requested += REQUEST
        wanted = {
            "batch": REQUEST,
            "max_bytes": BUFFER_BYTES,
            "expires": int(EXPIRES_SECONDS * NANO),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANO),
        }
        await self.nats.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}", orjson.dumps(wanted), reply=inbox)

    def _message(self, reply: bytes, body: bytes) -> None:
        tokens = reply.split(b".")
        position, delivered = int(tokens[-4]), int(tokens[-3])
        self._wake.set()
        if delivered != self._delivered + 1 or position <= self.position:
            self._broken = f"message {position} came out of order (delivery {delivered} after {self._delivered})"
            return
        self._delivered = delivered
        self.position = position
        self._requested -= 1
        self._buffer.append((position, body))
        self._buffered += len(body)

    async def _status(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status", "")
        if status in {"408", "409", "404"} and "Nats-Pending-Messages" in headers:
            self._requested -= int(headers["Nats-Pending-Messages"])
        elif status != "100":
            self._broken = f"the server ended the request: {status} {headers.get('Description', '')}"
        self._wake.set()
