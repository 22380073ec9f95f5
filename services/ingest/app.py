"""Ingest as a process: its parts put together."""

from functools import partial

from services.ingest import api, artifacts, domain, state, store
from services.ingest.handlers import Handlers
from shared.runtime.appender import Appender
from shared.runtime.definition import Definition
from shared.runtime.memory import return_freed_memory
from shared.runtime.queries import Queries
from shared.runtime.service import Service, run
from shared.runtime.settings import Settings

DEFINITION = Definition(
    name="ingest",
    consumes=domain.CONSUMES,
    metadata=store.METADATA,
    new_state=state.State,
    load=store.load,
    save=store.save,
    evolve=domain.evolve,
    decide=domain.decide,
)


def build(settings: Settings) -> Service:
    """Everything wired up, nothing started."""
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    appender = Appender(settings.database_url.get_secret_value(), DEFINITION.name)
    http = api.build(Handlers(settings, queries, appender))
    beside = [partial(artifacts.remove_left, settings.artifacts)]
    return Service(settings, DEFINITION, http, beside=beside, closing=[appender.close, queries.close])


def main() -> None:
    """Run until SIGTERM."""
    return_freed_memory()  # staged rows are the widest events there are
    run(DEFINITION.name, lambda settings: build(settings).http)
