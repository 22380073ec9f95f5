"""Dead letters settled by a person, as ingest takes the command."""

from collections.abc import AsyncIterator

import pytest

from services.ingest import letters
from services.ingest.app import DEFINITION
from services.ingest.letters import LetterFilter
from shared.events import EventDeadLettered
from shared.ids import new_id
from shared.runtime.appender import Appender
from shared.runtime.http import Caller, Problem
from shared.runtime.queries import Queries
from tests.integration.log_harness import TENANT, append, event, logged, settings_of
from tests.running_servers import Servers

CALLER = Caller(TENANT, "actor_00000000000000000000000000")


@pytest.fixture
async def doors(servers: Servers, database: str) -> AsyncIterator[tuple[Queries, Appender]]:
    settings = settings_of(servers, database, "ingest")
    queries, appender = (
        Queries(settings, "ingest", DEFINITION.reads),
        Appender(settings.database_url.get_secret_value(), "ingest"),
    )
    yield queries, appender
    await appender.close()
    await queries.close()


async def test_what_came_of_a_post_is_not_left_out_by_the_dispatcher(
    servers: Servers, database: str, doors: tuple[Queries, Appender]
) -> None:
    """It would send it again, or wait for an answer without an end."""
    about = [("dispatcher", "StepDispatched"), ("projector", "StepDispatched"), ("dispatcher", "ItemAdded")]
    for position, (service, kind) in enumerate(about, start=1):
        letter = EventDeadLettered(service, position, new_id("evt"), kind, 5, "KeyError", position, None)
        await append(servers, database, [event("EventDeadLettered", letter)], role=service)

    async def settle(wanted: LetterFilter, *, everything: bool = False, retry: bool = False) -> int:
        done = await letters.settle(*doors, CALLER, wanted, everything, "seen to", retry)
        return int(done["settled"])

    for wanted in (LetterFilter(position=1), LetterFilter(service="dispatcher"), LetterFilter()):
        with pytest.raises(Problem, match="retry it") as refused:
            await settle(wanted, everything=True)
        assert refused.value.status_code == 409
    assert await logged(servers, database, ["DeadLetterResolved"]) == []
    assert await settle(LetterFilter(position=2)) == 1
    assert await settle(LetterFilter(event_type="ItemAdded")) == 1
    assert await settle(LetterFilter(), everything=True, retry=True) == 1
