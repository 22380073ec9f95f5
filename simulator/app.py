"""The simulator as an HTTP server: its routes, how it starts and how it ends.

POST  /webhook/{anything}   a submission: 200, 400, 401, 413, 429 or 503
GET   /health /stats /ledger
POST  /reset                start over: empty ledger, seed drawn anew
PATCH /settings             other knobs; 422 names the one that cannot be
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.clay import Clay
from simulator.settings import KnobRefused, SimulatorSettings
from simulator.webhook import WEBHOOKS, answer_post
from simulator.wire import Poster

log = logging.getLogger("simulator")


class Simulator(Starlette):
    """A Starlette application whose webhooks, nearly all of its traffic, go around the router."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(WEBHOOKS):
            await answer_post(self.state.clay, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build(settings: SimulatorSettings) -> Starlette:
    """The application. Raises UnusableAnswers."""
    poster = Poster()
    clay = Clay(settings, poster)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await app.state.clay.close()
        await poster.close()

    routes = [
        Route("/health", health),
        Route("/stats", stats),
        Route("/ledger", ledger),
        Route("/reset", reset, methods=["POST"]),
        Route("/settings", change_settings, methods=["PATCH"]),
    ]
    app = Simulator(routes=routes, lifespan=lifespan)
    app.state.clay, app.state.poster = clay, poster
    return app


async def health(_request: Request) -> Response:
    """It serves."""
    return _json({"status": "ok"})


async def stats(request: Request) -> Response:
    """The counts of this run."""
    return _json(request.app.state.clay.ledger.stats())


async def ledger(request: Request) -> Response:
    """Every submission of this run, in order."""
    return _json(request.app.state.clay.ledger.entries)


async def reset(request: Request) -> Response:
    """Begin a new run with the present knobs; answers still to be sent are dropped."""
    state = request.app.state
    old, state.clay = state.clay, Clay(state.clay.settings, state.poster)
    await old.close()
    return Response(status_code=204)


async def change_settings(request: Request) -> Response:
    """Change knobs for the submissions that come, all of them or, if one is refused, none."""
    clay: Clay = request.app.state.clay
    try:
        clay.configure(clay.settings.changed(_knobs(await request.body())))
    except KnobRefused as refused:
        return _json({"knob": refused.knob, "reason": refused.reason}, 422)
    return _json(clay.settings.model_dump(mode="json"))


def _knobs(body: bytes) -> dict[str, Any]:
    with suppress(orjson.JSONDecodeError):
        if isinstance(knobs := orjson.loads(body), dict):
            return knobs
    raise KnobRefused("", "a JSON object of knobs is wanted")


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            log.info("simulator listening on %s", url_of(listener))


def server(settings: SimulatorSettings) -> tuple[uvicorn.Server, socket.socket]:
    """A server that does not run yet, and the socket, bound to its port, to run it on."""
    application = build(settings)
    listener = socket.create_server((settings.host, settings.port), backlog=1024)
    # A reply leaves in two writes: without this the second waits 40 ms for the first one's acknowledgement,
    # since asyncio sets it only on sockets made with an explicit protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        application, http="httptools", ws="none", access_log=False, log_config=None, log_level="warning",
        server_header=False, date_header=False, proxy_headers=False, timeout_graceful_shutdown=3,
    )  # fmt: skip
    return _Server(config), listener


def url_of(listener: socket.socket) -> str:
    """`http://host:port` of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@asynccontextmanager
async def running(settings: SimulatorSettings) -> AsyncIterator[str]:
    """The simulator inside this process, on this event loop, for as long as the block lasts; its URL."""
    listening, listener = server(settings)
    with listener:
        task = asyncio.create_task(listening.serve(sockets=[listener]))
        try:
            yield url_of(listener)
        finally:
            listening.should_exit = True
            await task


def run(settings: SimulatorSettings) -> None:
    """Serve until SIGTERM or SIGINT, then end the process' work in order and exit with 0."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")  # unless the caller has set up logging
    listening, listener = server(settings)
    # The server ends in order and then raises the signal again for whoever handled it before: us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Collecting less often saves a twentieth of the CPU: the ledger only grows, and little here is cyclic.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with listener, suppress(KeyboardInterrupt):
        listening.run(sockets=[listener])


def main() -> None:
    """Run with the settings of the environment."""
    run(SimulatorSettings())
