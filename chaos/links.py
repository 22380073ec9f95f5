"""TCP in between: every connection of the product to a server goes through a link that can be cut, held or slowed.

The links of a run live on one event loop in a thread of their own; everything here may be called from any thread.
"""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

CHUNK = 256 * 1024
T = TypeVar("T")


@dataclass
class Link:
    """One listening port of 127.0.0.1 before one server's port.

    `held` and `delayed` count bytes, those that arrived while the link was silent and those that were slowed down;
    `kept_waiting` the connections that somebody tried to make while it was silent.
    """

    name: str
    server_port: int
    port: int = 0
    delay: float = 0.0
    held: int = 0
    delayed: int = 0
    kept_waiting: int = 0
    connections: set[asyncio.StreamWriter] = field(default_factory=set)
    passing: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> asyncio.Server:
        """Listen."""
        self.passing.set()
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=CHUNK)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def cut(self) -> int:
        """Reset every connection; how many there were."""
        cut = list(self.connections)
        for writer in cut:
            writer.transport.abort()
        return len(cut) // 2

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.passing.is_set():
            self.kept_waiting += 1
            await self.passing.wait()
        try:
            there = await asyncio.open_connection("127.0.0.1", self.server_port, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, there[1]}
        self.connections |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, there[1]))
                group.create_task(self._pump(there[0], writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(CHUNK):
            if not self.passing.is_set():
                self.held += len(chunk)
                await self.passing.wait()
            if self.delay:
                self.delayed += len(chunk)
                await asyncio.sleep(self.delay)
            sink.write(chunk)
            await sink.drain()
        raise ConnectionResetError("one side has closed")


class Links:
    """All links of a run, by name."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self.by_name: dict[str, Link] = {}

    def __enter__(self) -> "Links":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def add(self, name: str, server_port: int) -> Link:
        """A new link; its `port` is where to connect to instead of `server_port`."""
        link = self.by_name[name] = Link(name, server_port)
        self._servers.append(self._on_loop(link.open()))
        return link

    def cut(self, name: str) -> int:
        """Reset every connection of a link; how many there were."""
        return self._on_loop(self.by_name[name].cut())

    def silence(self, name: str) -> None:
        """From now on bytes arrive and go nowhere; new connections are taken and lead nowhere."""
        self._loop.call_soon_threadsafe(self.by_name[name].passing.clear)

    def pass_on(self, name: str) -> None:
        """What was held goes on its way."""
        self._loop.call_soon_threadsafe(self.by_name[name].passing.set)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for link in self.by_name.values():
            await link.cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)
