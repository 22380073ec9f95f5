"""The history of an item tells what was done to its batch, that of an upload what was launched of it: by indexes."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from services.ingest import listings
from services.ingest.app import DEFINITION
from shared.events import (
    BatchCancelled,
    BatchPaused,
    EnrichmentReceived,
    LaunchContinued,
    StepScheduled,
)
from shared.ids import from_hex, to_hex
from shared.runtime.queries import Queries
from tests.integration.folding import fold
from tests.integration.log_harness import append, connected, registrations, settings_of
from tests.running_servers import Servers
from tests.unit.dispatching import company_id
from tests.unit.facts import BATCH, COMPANY_STEP, NEXT_BATCH, TENANT, UPLOAD, added, fact, item_id, launched

ACME = company_id("acme.com")


@pytest.fixture
async def queries(servers: Servers, database: str) -> AsyncIterator[Queries]:
    """Of a log with two batches of one upload, each with an item."""
    events = [
        launched(COMPANY_STEP),
        added(1),
        fact(StepScheduled(0, "enrich_company"), item=1, entity_id=ACME),
        launched(COMPANY_STEP, batch_id=NEXT_BATCH),
        added(2, batch_id=NEXT_BATCH),
        fact(BatchPaused("no money")),
        fact(LaunchContinued(UPLOAD, 4)),
        fact(BatchCancelled("other"), batch_id=NEXT_BATCH),
        fact(EnrichmentReceived("enrich_company", None, True, {}), batch_id=None, entity_id=ACME),
    ]
    await fold(servers, database, DEFINITION, events)
    queries = Queries(settings_of(servers, database, "ingest"), "ingest", DEFINITION.reads)
    yield queries
    await queries.close()


async def told(queries: Queries, subject: str) -> list[int]:
    return [event["position"] for event in await listings.history(queries, TENANT, subject, 0, 100)]


async def test_a_history_tells_what_was_done_to_all_of_the_batch(queries: Queries) -> None:
    assert await told(queries, item_id(1)) == [1, 2, 3, 6]
    assert await told(queries, item_id(2)) == [4, 5, 8]
    assert await told(queries, from_hex("lead", to_hex(item_id(1)))) == [1, 2, 3, 6, 9]
    assert await told(queries, BATCH) == [1, 6, 7]
    assert await told(queries, UPLOAD) == [1, 4]


async def test_a_batch_is_told_with_its_items_where_they_are_wanted(queries: Queries) -> None:
    async def told(after: int, limit: int) -> list[int]:
        events = await listings.history(queries, TENANT, BATCH, after, limit, items=True)
        return [event["position"] for event in events]

    assert await told(0, 100) == [1, 2, 3, 6, 7]
    assert [await told(0, 2), await told(2, 2), await told(6, 2), await told(7, 2)] == [[1, 2], [3, 6], [7], []]


@pytest.mark.parametrize("prefix", ["item", "lead", "import", "batch with items"])
async def test_no_history_goes_over_the_log(servers: Servers, database: str, queries: Queries, prefix: str) -> None:
    await append(servers, database, registrations(3_000))
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("ANALYZE log.events")
    subject = {"import": UPLOAD, "batch with items": BATCH}.get(prefix, item_id(1))
    about = listings.HISTORY.get(prefix, listings.WITH_ITEMS)
    statement = f"EXPLAIN SELECT position, body FROM log.events WHERE {about} AND position > 0"
    asked = {"id": to_hex(subject), "after": 0, "limit": 1000}
    async with queries.as_tenant(TENANT) as connection:
        found = await connection.execute(text(f"{statement} ORDER BY position LIMIT 1000"), asked)
        plan = "\n".join(row[0] for row in found)
    assert "Seq Scan on events" not in plan, plan
