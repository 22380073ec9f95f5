"""Callbacks as a process: its parts put together."""

import asyncio
import contextlib

from services.callbacks import api, domain, inbox, state, store
from services.callbacks.handlers import Receiver
from services.callbacks.secrets import Secrets
from shared.runtime.appender import Appender
from shared.runtime.definition import Definition
from shared.runtime.logs import configure_logging
from shared.runtime.queries import Queries
from shared.runtime.service import Service, serve, signing_keys
from shared.runtime.settings import Settings, configured

DEFINITION = Definition(
    name="callbacks",
    consumes=domain.CONSUMES,
    metadata=store.METADATA,
    new_state=state.State,
    load=store.load,
    save=store.save,
    evolve=domain.evolve,
    decide=domain.decide,
)


def build(settings: Settings) -> tuple[Service, Receiver]:
    """Everything wired up, nothing started."""
    url = settings.database_url.get_secret_value()
    appender = Appender(url, DEFINITION.name, patience_seconds=2.0)
    secrets = Secrets(settings)
    receiver = Receiver(settings, signing_keys(settings), secrets, appender)
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    http = api.build(receiver, queries)
    service = Service(settings, DEFINITION, http, effects=(inbox.drain,), either_server=True)
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        receiver.nats = service.nats()
        tasks.append(asyncio.create_task(secrets.refresh_for_ever()))

    async def stop() -> None:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    service.stream.after_startup(start)
    service.closing = [stop, appender.close, queries.close]
    return service, receiver


def main() -> None:
    """Run until SIGTERM."""
    settings = configured(Settings)
    configure_logging(settings, DEFINITION.name)
    service, receiver = build(settings)
    serve(settings, api.front(receiver, service.http))
