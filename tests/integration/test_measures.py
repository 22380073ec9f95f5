"""The measures of waiting that alarms go by, read from tables that were folded: each has the value that it names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.examination import _dispatcher
from services.dispatcher.app import DEFINITION as DISPATCHER
from services.dispatcher.store import MEASURES as OF_DISPATCHER
from services.sequencer.app import DEFINITION as SEQUENCER
from services.sequencer.store import MEASURES as OF_SEQUENCER
from shared.envelope import Event
from shared.events import BatchPaused
from shared.runtime.definition import Definition
from tests.integration.folding import fold
from tests.integration.log_harness import connected
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, BETA, LATER, at_company, current, dispatcher, scheduled, sent
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, START, fact, launched

MEASURES = {measure.name.removeprefix("leadstream_"): measure for measure in (*OF_DISPATCHER, *OF_SEQUENCER)}


async def measured(
    servers: Servers, database: str, definition: Definition[Any], events: list[Event], *names: str
) -> list[Any]:
    """What these measures say once the service has folded the events: a number, or numbers by label."""
    await fold(servers, database, definition, events)
    found: list[Any] = []
    async with connected(servers.role_url(definition.name, database), search_path=definition.name) as connection:
        for measure in map(MEASURES.__getitem__, names):
            rows = await (await connection.execute(measure.statement.encode())).fetchall()
            found.append(dict(rows) if measure.label else rows[0][0] and float(rows[0][0]))
    return found


def seconds_since(moment: datetime) -> Any:
    return pytest.approx((datetime.now(UTC) - moment).total_seconds(), abs=60)


async def test_who_waits_longest_and_which_answer_is_most_overdue(servers: Servers, database: str) -> None:
    """One call is due since START, the other's answer since LATER."""
    given = [*at_company(ACME, BETA), scheduled(0), scheduled(1, hours=1)]
    names = ("oldest_waiting_seconds", "answer_overdue_seconds", "dispatches")
    nothing = await measured(servers, database, DISPATCHER, given[:-2], *names)
    assert nothing == [0, 0, {"DUE": 0, "SENT": 0}]
    events = [*given[-2:], sent(current(dispatcher(*given), BETA), hours=1)]
    assert await measured(servers, database, DISPATCHER, events, *names) == [
        seconds_since(START), seconds_since(LATER), {"DUE": 1, "SENT": 1},
    ]  # fmt: skip
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS sequencer")
        await connection.execute("CREATE TABLE sequencer.batch (batch_id uuid, status text)")
        found = {finding.code: finding.text async for finding in _dispatcher(connection)}
    assert found["answers_overdue"].startswith("1 answers are overdue"), "the doctor says so too"


async def test_how_long_the_oldest_batch_has_been_running(servers: Servers, database: str) -> None:
    """None that a person has paused."""
    names = ("oldest_batch_seconds", "batches")
    first, next_ = launched(COMPANY_STEP), launched(COMPANY_STEP, batch_id=NEXT_BATCH, hours=2)
    assert await measured(servers, database, SEQUENCER, [first, next_], *names) == [
        seconds_since(START), {"running": 2, "paused": 0},
    ]  # fmt: skip
    assert await measured(servers, database, SEQUENCER, [fact(BatchPaused("rest"), hours=3)], *names) == [
        seconds_since(LATER), {"running": 1, "paused": 1},
    ]  # fmt: skip
