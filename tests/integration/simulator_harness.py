"""A running simulator, whoever submits to it, and whoever takes its answers, all over real HTTP."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import orjson
from aiohttp import web

from simulator.app import running
from simulator.settings import SimulatorSettings
from tests.integration.log_harness import eventually

Json = dict[str, Any]


class Reply(NamedTuple):
    status: int
    retry_after: str | None
    content: Any


class Receiver:
    """Where the answers go; replies with `statuses` in turn, then 202."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.queries: list[str] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.queries.append(request.rel_url.raw_query_string)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    @property
    def answers(self) -> list[Json]:
        return [orjson.loads(body) for body in self.bodies]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/answers", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/answers"
    yield receiver
    await runner.cleanup()


class Sender:
    """Submits to a running simulator and asks it how things went."""

    def __init__(self, http: aiohttp.ClientSession, receiver: Receiver) -> None:
        self.http = http
        self.receiver = receiver

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        async with self.http.request(method, path, **options) as reply:
            body = await reply.read()
            return Reply(reply.status, reply.headers.get("Retry-After"), orjson.loads(body) if body else None)

    async def submit(self, number: int, path: str = "/webhook/person", **headers: str) -> Reply:
        fields = {
            "dispatch_id": f"disp_{number}",
            "item_id": f"item_{number}",
            "person_id": f"person_{number}",
            "linkedin_url": f"https://www.linkedin.com/in/p{number}",
            "company_domain": "www.brightforge-1.example",
            "callback_url": f"{self.receiver.url}?token=v1.{number}%2Fa+b",
        }
        return await self.call("POST", path, json=fields, headers=headers)

    async def submit_many(self, count: int) -> Counter[int]:
        return Counter([(await self.submit(number)).status for number in range(count)])

    async def get(self, path: str) -> Any:
        return (await self.call("GET", path)).content

    async def settled(self) -> Json:
        """The counts, once no answer is on its way any more."""
        return await eventually(lambda: self.get("/stats"), lambda stats: not stats["pending"])


@asynccontextmanager
async def simulating(receiver: Receiver, **knobs: Any) -> AsyncIterator[Sender]:
    settings = SimulatorSettings(**{"port": 0, "callback_backoff_ms": 1, **knobs})
    async with running(settings) as url, aiohttp.ClientSession(url) as http:
        yield Sender(http, receiver)
