"""The least HTTP/1.1 that posts a callback: one POST at a time per connection, connections kept alive.

A general client costs three times the CPU, which whoever measures a pipeline on the same machine would pay.
No redirects and no proxies; of a reply only the status is read.
"""

import asyncio
import ssl
from collections import defaultdict
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools


class NoReply(OSError):
    """The connection ended before the reply began."""


class Origin(NamedTuple):
    """Where a connection goes to."""

    host: str
    port: int
    secure: bool


class Connection(asyncio.Protocol):
    """One connection; `closed` once it can take no further request."""

    closed = False
    _status = 0
    _reply: asyncio.Future[int] | None = None
    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)

    async def post(self, request: bytes, patience: float) -> int:
        """Send a whole request and return the reply's status; `NoReply` if there is none.

        `patience` is in seconds; past it, `TimeoutError`.
        """
        loop = asyncio.get_running_loop()
        self._status, self._reply = 0, loop.create_future()
        deadline = loop.call_later(patience, self._fail, TimeoutError())
        self._transport.write(request)
        try:
            return await self._reply
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            deadline.cancel()

    def close(self) -> None:
        """Close it now, whatever is under way."""
        self.closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls the two methods below."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(NoReply(f"the reply is not HTTP: {error}"))

    def on_headers_complete(self) -> None:
        """Note the status."""
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        """Hand over the status, unless more is to come after it."""
        if self._status >= 200:
            self.closed = self.closed or not self._parser.should_keep_alive()
            self._succeed()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection may be the end of the reply, or there is none."""
        self.closed = True
        if self._status >= 200:
            self._succeed()
        self._fail(NoReply(str(exc or "the receiver closed the connection")))

    def _succeed(self) -> None:
        if self._reply and not self._reply.done():
            self._reply.set_result(self._status)

    def _fail(self, error: Exception) -> None:
        if self._reply and not self._reply.done():
            self._reply.set_exception(error)
        self.close()


class Poster:
    """Posts JSON on the connection that was last freed, else on a new one."""

    def __init__(self, patience: float = 30) -> None:
        self._patience = patience
        self._free: defaultdict[Origin, list[Connection]] = defaultdict(list)

    async def post(self, url: str, body: bytes) -> int:
        """The reply's status; `OSError`, `TimeoutError`, or `ValueError` if there is no such URL."""
        origin, head = _head(url)
        request = b"%b%d\r\n\r\n%b" % (head, len(body), body)
        free = self._free[origin]
        while free:
            connection = free.pop()
            # One that the receiver closed meanwhile says nothing about the receiver: take the next.
            if not connection.closed and (status := await self._try(connection, request)):
                return self._freed(origin, connection, status)
        connection = await self._connect(origin)
        return self._freed(origin, connection, await connection.post(request, self._patience))

    async def close(self) -> None:
        """Close all connections that are free."""
        for connection in [one for free in self._free.values() for one in free]:
            connection.close()
        await asyncio.sleep(0)

    async def _try(self, connection: Connection, request: bytes) -> int:
        try:
            return await connection.post(request, self._patience)
        except NoReply:
            return 0

    async def _connect(self, origin: Origin) -> Connection:
        context = ssl.create_default_context() if origin.secure else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._patience):
            _, made = await loop.create_connection(Connection, origin.host, origin.port, ssl=context)
        return made

    def _freed(self, origin: Origin, connection: Connection, status: int) -> int:
        if connection.closed:
            connection.close()
        else:
            self._free[origin].append(connection)
        return status


def _head(url: str) -> tuple[Origin, bytes]:
    """A request's first lines, up to the number of bytes; path and query exactly as they came."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an HTTP URL: {url}")
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = (
        f"POST {target} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n"
        "user-agent: leadstream-simulator\r\ncontent-type: application/json\r\ncontent-length: "
    )
    return Origin(parts.hostname, parts.port or (443 if secure else 80), secure), lines.encode()
