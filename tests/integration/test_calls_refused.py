"""A webhook that takes nothing shows: in the metric, and by the doctor with what it said last."""

from cli.examination import REFUSED, _dispatcher
from services.dispatcher.app import DEFINITION
from services.dispatcher.store import MEASURES
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
from tests.unit.facts import CLIENT

(STATEMENT,) = [measure.statement for measure in MEASURES if measure.name == "leadstream_calls_refused"]


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
