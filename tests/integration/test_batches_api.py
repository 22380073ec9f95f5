"""Batches and dispatches over HTTP: a page at a time, what steps have skipped and why, and what nobody launched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from services.dispatcher import api as dispatcher
from services.dispatcher import app as dispatching
from services.dispatcher.webhooks import Webhooks
from services.sequencer import api
from services.sequencer.app import DEFINITION
from shared.envelope import Event
from shared.events import FailedItemsRetried, ItemCompleted, SkipReason, StepFailed
from shared.ids import named_id
from shared.runtime.queries import Queries
from tests.integration.folding import fold
from tests.integration.log_harness import connected, settings_of
from tests.running_servers import Servers
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, OTHER_CLIENT, added, fact, launched

STEP = COMPANY_STEP.workflow


OTHERS = """
INSERT INTO sequencer.batch SELECT (jsonb_populate_record(b, jsonb_build_object(
    'batch_id', gen_random_uuid(), 'workstream', CASE WHEN n > 3 THEN 'crm_data' ELSE b.workstream END,
    'status', CASE n WHEN 1 THEN 'cancelled' ELSE 'running' END,
    'launched_at', '2026-05-01T00:00:00Z'::timestamptz + make_interval(days => n / 2)))).*
FROM sequencer.batch b, generate_series(1, 6) n
"""
ATTEMPTS = """
INSERT INTO dispatcher.dispatch
SELECT gen_random_uuid(), tenant_id, client_id, batch_id, gen_random_uuid(), 0, 'company_' || repeat('0', 26),
       CASE WHEN n > 4 THEN 'another' ELSE 'enrich' END, 'apollo_scrape', 'default', 1, 'TIMED_OUT',
       '2026-05-01T00:00:00Z'::timestamptz + make_interval(mins => n / 3), NULL, NULL, false, NULL, NULL, 0, 0, now()
FROM dispatcher.batch, generate_series(1, 7) n
"""


@asynccontextmanager
async def asked(servers: Servers, database: str, service: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_of(servers, database, service).model_copy(update={"tenant": "agency"})
    reads = (DEFINITION if service == "sequencer" else dispatching.DEFINITION).reads
    queries = Queries(settings, service, reads)
    app = (
        api.build(settings, queries) if service == "sequencer" else dispatcher.build(settings, queries, Webhooks(), {})
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
        yield http
    await queries.close()


async def all_of(http: httpx.AsyncClient, path: str, key: str, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Every row of a list, a page at a time."""
    found: list[dict[str, Any]] = []
    while True:
        after = {"after": found[-1][key]} if found else {}
        page = (await http.get(path, params={**query, **after, "limit": limit})).raise_for_status().json()
        if not page:
            return found
        assert len(page) <= limit
        found += page


@pytest.fixture
async def batches(servers: Servers, database: str) -> AsyncIterator[httpx.AsyncClient]:
    """Seven batches: two a day from the first of May on, and one of another time."""
    await fold(servers, database, DEFINITION, [launched(COMPANY_STEP, items=1)])
    async with connected(servers.admin_url(database)) as admin:
        await admin.execute(OTHERS)
    async with asked(servers, database, "sequencer") as http:
        yield http


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_every_batch_is_listed_once_the_newest_first(batches: httpx.AsyncClient, limit: int) -> None:
    found = await all_of(batches, "/v1/batches", "batch_id", limit)
    assert len({batch["batch_id"] for batch in found}) == len(found) == 7
    times = [batch["launched_at"] for batch in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(("query", "count"), [
    ({"status": "cancelled"}, 1), ({"workstream": "crm_data"}, 3), ({"workstream": "none"}, 0),
    ({"since": "2026-05-03", "until": "2026-05-03"}, 2), ({"since": "2026-05-01", "until": "2026-05-04"}, 6),
    ({"until": "9999-12-31"}, 7), ({"client_id": CLIENT}, 7), ({"client_id": OTHER_CLIENT}, 0),
    ({"client_id": CLIENT, "workstream": "crm_data", "until": "2026-05-03"}, 2),
])  # fmt: skip
async def test_which_batches(batches: httpx.AsyncClient, query: dict[str, str], count: int) -> None:
    assert len(await all_of(batches, "/v1/batches", "batch_id", 2, **query)) == count


@pytest.mark.parametrize("query", [{"after": named_id("batch", "nobody")}, {"after": "x"}, {"since": "soon"}])
async def test_what_is_no_place_in_a_list_is_refused(batches: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await batches.get("/v1/batches", params=query)
    assert answer.status_code == 422
    assert (answer.json()["error"]["code"] == "invalid_cursor") == (query.get("after", "x") != "x")


async def test_every_missing_answer_can_be_listed(servers: Servers, database: str) -> None:
    await fold(servers, database, dispatching.DEFINITION, [launched(COMPANY_STEP)])
    async with connected(servers.admin_url(database)) as admin:
        await admin.execute(ATTEMPTS)
    async with asked(servers, database, "dispatcher") as http:
        for query, count in (({}, 7), ({"workflow": "another"}, 3), ({"client_id": OTHER_CLIENT}, 0)):
            found = await all_of(http, "/v1/dispatches", "dispatch_id", 2, status="TIMED_OUT", **query)
            assert len({each["dispatch_id"] for each in found}) == len(found) == count


def skipped(item: int, why: SkipReason) -> Event:
    return fact(ItemCompleted(0, STEP, skipped=why), item=item, hours=1)


async def test_what_is_skipped_is_told_by_reason(servers: Servers, database: str) -> None:
    rows = [added(n, company_domain="acme.com") for n in range(1, 5)]
    ends = [
        fact(ItemCompleted(0, STEP), item=4, hours=1), skipped(1, "company_already_enriched"),
        skipped(2, "fields_already_there"), fact(StepFailed(0, STEP, "TIMEOUT", "", True, 1), item=3, hours=1),
    ]  # fmt: skip
    by_hand = fact(FailedItemsRetried(everything=True, skip=True), hours=2)
    await fold(servers, database, DEFINITION, [launched(COMPANY_STEP, items=4), *rows, *ends, by_hand])
    async with asked(servers, database, "sequencer") as http:
        (step,) = (await http.get(f"/v1/batches/{BATCH}")).json()["steps"]
        assert step["counts"] == {"COMPLETED": 1, "SKIPPED": 3}
        assert step["skipped"] == {"company_already_enriched": 1, "fields_already_there": 1, "by_hand": 1}
        assert len((await http.get(f"/v1/batches/{BATCH}/items")).json()) == 4
        assert (await http.get(f"/v1/batches/{BATCH}/items?status=failed")).json() == []
        assert (await http.get(f"/v1/batches/{named_id('batch', 'nobody')}/items")).status_code == 404


async def test_dispatches_are_those_of_a_batch_that_is_there(servers: Servers, database: str) -> None:
    await fold(servers, database, dispatching.DEFINITION, [launched(COMPANY_STEP)])
    async with asked(servers, database, "dispatcher") as http:
        for path in ("/v1/dispatches", "/v1/dispatches/counts"):
            assert (await http.get(path, params={"batch_id": BATCH})).json() == []
            assert (await http.get(path, params={"batch_id": named_id("batch", "nobody")})).status_code == 404
            assert (await http.get(path, params={"batch_id": ""})).status_code == 422
        assert (await http.get("/v1/dispatches")).json() == []
