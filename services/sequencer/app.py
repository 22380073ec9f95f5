"""The sequencer as a process: its parts put together."""

from services.sequencer import api, domain, state, store
from shared.runtime.definition import Definition
from shared.runtime.queries import Queries
from shared.runtime.service import Service, run
from shared.runtime.settings import Settings

DEFINITION = Definition(
    name="sequencer",
    consumes=domain.CONSUMES,
    metadata=store.METADATA,
    new_state=state.State,
    load=store.load,
    save=store.save,
    evolve=domain.evolve,
    decide=domain.decide,
    apart=domain.OF_WHOLE_BATCHES,
)


def build(settings: Settings) -> Service:
    """Everything wired up, nothing started."""
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    return Service(settings, DEFINITION, api.build(settings, queries), closing=[queries.close], measures=store.MEASURES)


def main() -> None:
    """Run until SIGTERM."""
    run(DEFINITION.name, lambda settings: build(settings).http)
