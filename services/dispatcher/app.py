"""The dispatcher as a process: its parts put together."""

from functools import partial
from importlib.metadata import entry_points
from typing import Final

import structlog

from services.dispatcher import api, domain, state, store
from services.dispatcher.deadlines import record_overdue
from services.dispatcher.sending import send_due
from services.dispatcher.steps import Workflow
from services.dispatcher.webhooks import Webhooks
from shared.runtime.definition import Definition
from shared.runtime.outgoing import Outcomes
from shared.runtime.queries import Queries
from shared.runtime.service import Service, run
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import signing_keys

logger = structlog.get_logger()


def installed_workflows() -> dict[str, Workflow]:
    """The SYNC workflows that are installed: the entry points of group `leadstream.workflows`, by name.

    One that cannot be loaded is left out, so that its own steps fail and nobody else's.
    """
    found = {}
    for entry in entry_points(group="leadstream.workflows"):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # noqa: BLE001 - a third party's package
            logger.error("a workflow cannot be loaded", workflow=entry.name, at=entry.value, error=repr(error))
    return found


WORKFLOWS: Final = installed_workflows()
DEFINITION = Definition(
    name="dispatcher",
    consumes=domain.CONSUMES,
    metadata=store.METADATA,
    new_state=state.State,
    load=store.load,
    save=store.save,
    evolve=domain.evolve,
    decide=partial(domain.decide, workflows=WORKFLOWS),
    apart=domain.OF_WHOLE_BATCHES,
    touched=domain.waiters,
)


def build(settings: Settings) -> Service:
    """Everything wired up, nothing started."""
    signing_keys(settings)
    queries = Queries(settings, DEFINITION.name, DEFINITION.reads)
    webhooks = Webhooks()
    http = api.build(settings, queries, webhooks, WORKFLOWS)
    effects = (partial(send_due, webhooks=webhooks, outcomes=Outcomes()), record_overdue)
    return Service(settings, DEFINITION, http, effects, closing=[queries.close], measures=store.MEASURES)


def main() -> None:
    """Run until SIGTERM."""
    run(DEFINITION.name, lambda settings: build(settings).http)
