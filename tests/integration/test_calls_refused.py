"""A webhook that takes nothing shows: in the metric, and by the doctor with what it said last."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cli.examination import REFUSED, _dispatcher
from services.dispatcher.app import DEFINITION
from services.dispatcher.store import MEASURES
from shared.envelope import Event
from shared.ids import to_hex
from tests.integration.folding import fold
from tests.integration.log_harness import connected
from tests.running_servers import Servers
from tests.unit.dispatching import (
    ACME,
    BETA,
    FLOW,
    GAMMA,
    LATER,
    at_company,
    current,
    dispatcher,
    refused,
    scheduled,
    sent,
    timed_out,
)  # fmt: skip
from tests.unit.facts import CLIENT, START

(STATEMENT,) = [measure.statement for measure in MEASURES if measure.name == "leadstream_calls_refused"]


async def named(servers: Servers, database: str) -> list[tuple[int, str]]:
    """How many calls the doctor says were refused and wait, and with which reason, of those there are."""
    async with connected(servers.admin_url(database)) as connection:
        return [(calls, reason) for _, _, calls, reason in await (await connection.execute(REFUSED)).fetchall()]


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ([timed_out], []),
        ([refused, timed_out], [(1, "new")]),
        ([timed_out, refused], [(1, "new")]),
    ],
)
async def test_what_an_earlier_call_for_a_company_was_refused_for_is_not_told_of_a_later_one(
    servers: Servers, database: str, again: list[Callable[..., Event]], told: list[tuple[int, str]]
) -> None:
    """The first call is refused twice, and given up; the second ends its attempts as `again` has it, and waits."""
    events = [*at_company(ACME), scheduled(0)]
    batch = dispatcher(*at_company(ACME)).when(scheduled(0))

    def happens(event: Event) -> None:
        nonlocal batch
        events.append(event)
        batch = batch.when(event)

    happens(refused(current(batch, ACME), retry_at=START, reason="old"))
    happens(refused(current(batch, ACME), reason="old"))
    happens(scheduled(0, hours=1))
    for number, outcome in enumerate(again, 1):
        dispatch, retry_at = current(batch, ACME), START + timedelta(hours=1 + number)
        if outcome is timed_out:
            happens(sent(dispatch))
        happens(outcome(dispatch, retry_at=retry_at, **{"reason": "new"} if outcome is refused else {}))
    await fold(servers, database, DEFINITION, events)
    assert await named(servers, database) == told


async def test_calls_that_were_refused_and_wait_are_counted_and_named(servers: Servers, database: str) -> None:
    """Of three calls the first is refused twice, the second's answer is missing, the third is answered to be sent."""
    batch = dispatcher(*at_company(ACME, BETA, GAMMA)).when(scheduled(0), scheduled(1), scheduled(2))
    events = [*at_company(ACME, BETA, GAMMA), scheduled(0), scheduled(1), scheduled(2)]
    for _ in range(2):
        events.append(refused(current(batch, ACME), retry_at=LATER))
        batch = batch.when(events[-1])
    events += [sent(current(batch, BETA)), timed_out(current(batch, BETA), retry_at=LATER)]
    await fold(servers, database, DEFINITION, events)
    async with connected(servers.admin_url(database), search_path="dispatcher") as connection:
        assert await (await connection.execute(STATEMENT.encode())).fetchone() == (1,)
        ((client, workflow, calls, reason),) = await (await connection.execute(REFUSED)).fetchall()
        assert (str(client).replace("-", ""), workflow, calls, reason) == (to_hex(CLIENT), FLOW, 1, "no")
        await connection.execute("CREATE SCHEMA IF NOT EXISTS sequencer")
        await connection.execute("CREATE TABLE sequencer.batch (batch_id uuid, status text)")
        found = {finding.code: finding.text async for finding in _dispatcher(connection)}
    assert (
        found["calls_refused"]
        == f"calls of {FLOW} for client {CLIENT} that were refused and wait to be tried again: 1; the last said: no"
    )
