"""The projector as a process: its parts put together."""

from functools import partial

from services.projector import api, domain, reprojection, state, store
from services.projector.pushing import push_due
from shared.runtime.appender import Appender
from shared.runtime.definition import Definition
from shared.runtime.outgoing import Outcomes
from shared.runtime.queries import Queries
from shared.runtime.service import Service, run
from shared.runtime.settings import Settings

DEFINITION = Definition(
    name="projector",
    consumes=domain.CONSUMES,
    metadata=store.METADATA,
    new_state=state.State,
    load=store.load,
    save=store.save,
    evolve=domain.evolve,
    decide=domain.decide,
    apart=reprojection.APART,
)


def build(settings: Settings) -> Service:
    """Everything wired up, nothing started."""
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    appender = Appender(settings.database_url.get_secret_value(), DEFINITION.name)
    http = api.build(settings, queries, appender)
    effects = (partial(push_due, queries=queries, outcomes=Outcomes()),)
    return Service(settings, DEFINITION, http, effects, closing=[appender.close, queries.close])


def main() -> None:
    """Run until SIGTERM."""
    run(DEFINITION.name, lambda settings: build(settings).http)
