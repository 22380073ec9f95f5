"""The skeleton of a service process: FastStream over NATS, HTTP, health, logs, graceful stop.

`app.py` of each service puts its own parts in; nothing here knows any of them.
"""

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI
from faststream import AckPolicy, FastStream
from faststream.nats import NatsBroker
from faststream.nats.broker.broker import UNRECOVERABLE_CONNECT_ERRORS
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from shared.runtime.cancellation import end_now
from shared.runtime.database import ask_the_time
from shared.runtime.definition import Definition
from shared.runtime.follower import Effect, Follower
from shared.runtime.log import Message
from shared.runtime.process_logs import configure_logging
from shared.runtime.settings import Settings, configured
from shared.runtime.subscriber import subscribe
from shared.runtime.telemetry import Measure, Telemetry
from shared.runtime.watchdog import Watchdog

# For requests, for the batch that was begun, and for what is under way (STOP_SECONDS of the subscriber): 12 s, of 15.
REQUEST_SECONDS: Final = 4
BATCH_SECONDS: Final = 3.0
logger = structlog.get_logger()


@dataclass
class Service:
    """One service process: its settings, its follower of the log and its HTTP application.

    `beside`: what runs for as long as the process serves. `either_server`: it does its work for others with one of
    PostgreSQL and NATS, and is ready with one.
    """

    settings: Settings
    definition: Definition[Any]
    http: FastAPI
    effects: Sequence[Effect] = ()
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    closing: Sequence[Callable[[], Awaitable[None]]] = ()
    measures: Sequence[Measure] = ()
    either_server: bool = False

    def __post_init__(self) -> None:
        self.follower = Follower(self.definition, self.settings, self.effects)
        self.telemetry = Telemetry(self.follower.machine, lambda: self.follower.leading, self.measures)
        errors = self.telemetry.counter("nats_errors", "Errors that NATS has told, such as of what it does not permit.")
        self.broker = broker_of(self.settings, self.definition.name, errors.inc)
        self.stream = FastStream(self.broker, logger=None)
        handler = subscribe(self.broker, self.follower)

        @handler
        async def follow(messages: list[Message]) -> None:
            await self.follower.apply(messages)

        self.http.router.lifespan_context = self._lifespan
        self.http.add_route("/health/live", self._live, include_in_schema=False)
        self.http.add_route("/health/ready", self._ready, include_in_schema=False)
        self.http.add_route("/metrics", self._metrics, include_in_schema=False)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        if not await ask_the_time(self.settings.database_url.get_secret_value()):
            logger.info("PostgreSQL is awaited", address=self.settings.source("database_url"))
        beside = (
            self._follow_the_stream(),
            Watchdog(self.telemetry.stalled).run(),
            self.telemetry.run(self.settings, self.nats),
            *(task() for task in self.beside),
        )
        tasks = [asyncio.create_task(each) for each in beside]
        try:
            yield
        finally:
            await asyncio.gather(*map(end_now, tasks))
            try:
                await self.stream.stop()
            except NatsError as error:
                logger.info("NATS is away and is not told goodbye", error=repr(error))
            for close in self.closing:
                await close()
            await asyncio.to_thread(self.telemetry.close)

    async def _follow_the_stream(self) -> None:
        """Begin as soon as NATS is there; what HTTP asks for is served meanwhile."""
        try:
            await self.stream.start()
        except Exception:
            logger.exception("the service cannot begin")
            raise SystemExit(1) from None

    async def _live(self, _: Request) -> JSONResponse:
        return JSONResponse({"service": self.definition.name, "live": True})

    async def _metrics(self, _: Request) -> Response:
        return Response(self.telemetry.text(), media_type=CONTENT_TYPE_LATEST)

    def nats(self) -> Client:
        """The connection that the broker has made. Raises NoServersError until it has made one."""
        state = self.broker.config.connection_state
        if not state:
            raise NoServersError
        connected: Client = state.connection
        return connected

    async def _ready(self, _: Request) -> JSONResponse:
        connected = await self.broker.ping(timeout=1.0)
        state = {
            "service": self.definition.name,
            "leading": self.follower.leading,
            "position": self.follower.machine.position,
            "nats": connected,
            **self.telemetry.known,
        }
        enough = any if self.either_server else all
        return JSONResponse(state, status_code=200 if enough((connected, state["database"])) else 503)


def broker_of(settings: Settings, name: str, count: Callable[[], object] = lambda: None) -> NatsBroker:
    """The service's NATS connection. It reconnects for ever; if it is closed all the same, the process ends.

    `count` is called at each error that NATS tells: what waits for an answer that it refuses only sees a time-out.
    """

    async def closed() -> None:
        logger.error("the NATS connection is closed for good; ending, to be started again")
        os._exit(1)

    told = {"address": settings.source("nats_url")}

    async def failed(error: Exception) -> None:
        count()
        logger.warning("NATS", error=repr(error), **told)
        told.clear()  # once is enough
        if str(error).removeprefix("nats: ").strip("'").lower() in UNRECOVERABLE_CONNECT_ERRORS:
            await _unless_stopping(refused)()

    async def refused() -> None:
        # The framework raises it next, which ends nats-py's task that reconnects, and nothing would say so.
        logger.error("NATS refuses this process; ending, to be started again")
        os._exit(1)

    return NatsBroker(
        settings.nats_url.get_secret_value(),
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=5,
        graceful_timeout=BATCH_SECONDS,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        apply_types=False,
        logger=None,
        closed_cb=_unless_stopping(closed),
        error_cb=failed,
    )


def _unless_stopping(closed: Any) -> Any:
    async def callback() -> None:
        if not _stopping.is_set():
            await closed()

    return callback


_stopping = asyncio.Event()


def run(name: str, build: Callable[[Settings], ASGIApp]) -> None:
    """Run what `build` makes, an HTTP application with the service in its lifespan, until SIGTERM or SIGINT."""
    settings = configured(Settings)
    configure_logging(settings, name)
    http = build(settings)
    warn_where_everybody_may_ask(settings)
    config = uvicorn.Config(
        http,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        loop="uvloop",
        http="httptools",
        ws="none",
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=REQUEST_SECONDS,
        backlog=4096,
    )
    # What was imported stays for ever, and a batch makes thousands of short-lived objects: look for cycles less often.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
    server = _Server(config)
    server.run()
    if not server.started:
        sys.exit(1)


def warn_where_everybody_may_ask(settings: Settings) -> None:
    """Say so in the log where other machines reach the API and it asks for no token."""
    if not (settings.api_tokens or _is_loopback(settings.host)):
        logger.warning(
            "EVERYBODY WHO REACHES THIS PORT MAY DO EVERYTHING: set LEADSTREAM_API_TOKENS before others can",
            host=settings.host, tenant=settings.tenant,
        )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: Any) -> None:
        if not self.started:
            os._exit(128 + sig)  # it waits for a server and holds nothing yet
        _stopping.set()
        super().handle_exit(sig, frame)
