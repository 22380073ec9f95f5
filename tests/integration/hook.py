"""A webhook as a real HTTP server, which notes what it was sent and answers as it is told to."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

Json = dict[str, Any]


class Hook:
    """A webhook that answers with `replies` in turn, then 200, after `seconds`; None is no answer at all.

    While `answering` is not set, nobody gets an answer.
    """

    def __init__(self) -> None:
        self.replies: list[web.Response | None] = []
        self.requests: list[tuple[float, dict[str, str], Json]] = []
        self.transports: list[asyncio.Transport] = []
        self.url = ""
        self.seconds = 0.0
        self.answering = asyncio.Event()
        self.answering.set()

    async def take(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((time.monotonic(), headers, body))
        if request.transport is not None:
            self.transports.append(request.transport)
        await asyncio.sleep(self.seconds)
        await self.answering.wait()
        reply = self.replies.pop(0) if self.replies else web.Response()
        if reply is None:
            await asyncio.sleep(60)
        return reply or web.Response()

    @property
    def bodies(self) -> list[Json]:
        return [body for _, _, body in self.requests]

    @property
    def keys(self) -> list[str]:
        return [headers["idempotency-key"] for _, headers, _ in self.requests]

    @property
    def rows(self) -> list[list[int]]:
        return [[lead["row"] for lead in body["leads"]] for body in self.bodies]


@asynccontextmanager
async def listening() -> AsyncIterator[Hook]:
    """One on a free port."""
    found = Hook()
    async with posted_to(found.take) as found.url:
        yield found


@asynccontextmanager
async def posted_to(take: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """An HTTP server on a free port that has POSTs taken so; the URL for them."""
    app = web.Application()
    app.router.add_post("/leads", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/leads"
    finally:
        await runner.cleanup()
