"""Callbacks as a process: its parts put together."""

from starlette.types import ASGIApp

from services.callbacks import api, domain, inbox, state, store
from services.callbacks.handlers import Receiver
from services.callbacks.secrets import Secrets
from shared.runtime.appender import Appender
from shared.runtime.definition import Definition
from shared.runtime.queries import Queries
from shared.runtime.service import Service, run
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import signing_keys

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
    appender = Appender(settings.database_url.get_secret_value(), DEFINITION.name, patience_seconds=2.0)
    secrets = Secrets(settings)
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    receiver = Receiver(settings, signing_keys(settings), secrets, appender)
    service = Service(
        settings, DEFINITION, api.build(receiver, queries), effects=(inbox.drain,), beside=(secrets.refresh_for_ever,),
        closing=(appender.close, queries.close), either_server=True,
    )  # fmt: skip

    told = "Refusals of strangers that were not recorded."
    receiver.unrecorded = service.telemetry.counter("refusals_unrecorded", told).inc

    async def connected() -> None:
        receiver.nats = service.nats()

    service.stream.after_startup(connected)
    return service, receiver


def main() -> None:
    """Run until SIGTERM."""
    run(DEFINITION.name, _front)


def _front(settings: Settings) -> ASGIApp:
    service, receiver = build(settings)
    return api.front(receiver, service.http)
