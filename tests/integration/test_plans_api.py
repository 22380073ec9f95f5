"""Plans, claims and what is waited for over HTTP, of a real log; what is not there, or cannot be, is refused."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.dispatcher import api
from services.dispatcher.app import DEFINITION
from services.dispatcher.webhooks import Webhooks
from shared.events import RowsStaged, StagedRow, UploadReceived, WorkflowConfigured
from shared.ids import named_id
from shared.runtime.queries import Queries
from tests.integration.folding import fold
from tests.integration.log_harness import settings_of
from tests.running_servers import Servers
from tests.unit.facts import CLIENT, COMPANY_STEP, OTHER_CLIENT, UPLOAD, added, fact, item_id, launched

SLUG = COMPANY_STEP.workflow
STEP = {"workflow": SLUG, "kind": "ASYNC", "scope": "company", "credits": 2}
PLAN = {"client_id": CLIENT, "upload_id": UPLOAD, "workstream": "apollo_scrape", "blueprint": [STEP]}


@pytest.fixture
async def http(servers: Servers, database: str) -> AsyncIterator[httpx.AsyncClient]:
    received = UploadReceived(UPLOAD, "apollo_scrape", "a.csv", 1, "0" * 64, "a", ["Company"], {}, [], 2, 0, [])
    rows = [StagedRow(n, [], {"company_domain": f"acme{n}.com"}) for n in (1, 2)]
    about = {"batch_id": None, "entity_id": UPLOAD}
    events = [fact(received, **about), fact(RowsStaged(UPLOAD, rows), **about)]
    events += [launched(COMPANY_STEP), added(1, company_domain="acme1.com")]
    events.append(fact(WorkflowConfigured(SLUG, "apollo_scrape", {"credits": 3}), batch_id=None))
    await fold(servers, database, DEFINITION, events)
    settings = settings_of(servers, database, "dispatcher").model_copy(update={"tenant": "agency"})
    queries = Queries(settings, "dispatcher", DEFINITION.reads)
    transport = httpx.ASGITransport(api.build(settings, queries, Webhooks(), {}))
    async with httpx.AsyncClient(transport=transport, base_url="http://dispatcher") as found:
        yield found
    await queries.close()


async def test_what_a_plan_goes_by_is_what_a_call_can_be_made_by(http: httpx.AsyncClient) -> None:
    async def asked(**about: Any) -> httpx.Response:
        return await http.post("/v1/plans", json=PLAN | about)

    assert [(await asked(config={SLUG: {"credits": price}})).json()["credits"] for price in (0, 2.5)] == [0, 5.0]
    assert (await asked()).json()["credits"] == 6.0
    here = {"workflow": "shout", "kind": "SYNC", "scope": "item"}
    unable = (await asked(blueprint=[STEP, here])).json()
    assert (unable["credits"], [said.split()[0] for said in unable["missing"]]) == (6.0, ["shout"])
    for settings in ({"freshness_days": "x"}, {"freshness_days": 1e300}, {"credits": -1}, {"force_refresh": 1}):
        refused = await asked(config={SLUG: settings})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_settings")
        assert refused.json()["error"]["message"].startswith(f"{SLUG}: {next(iter(settings))} cannot be that")
    for about in ({"client_id": OTHER_CLIENT}, {"upload_id": named_id("import", "nobody's")}):
        unknown = await asked(**about)
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_upload")


@pytest.mark.parametrize(("path", "status", "code"), [
    ("claims/hello", 422, "invalid_id"), (f"claims/{CLIENT}", 422, "invalid_id"), ("claims/item_1", 422, "invalid_id"),
    (f"claims/{named_id('company', 'nobody')}", 404, "not_found"), (f"claims/{item_id(9)}", 404, "not_found"),
    (f"items/{item_id(9)}/waiting", 404, "not_found"),
])  # fmt: skip
async def test_of_what_nobody_knows_nothing_is_told(http: httpx.AsyncClient, path: str, status: int, code: str) -> None:
    refused = await http.get(f"/v1/{path}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


async def test_what_waits_for_nothing_is_told_as_that(http: httpx.AsyncClient) -> None:
    for path in (f"claims/{item_id(1).lower()}", f"items/{item_id(1)}/waiting"):
        assert (await http.get(f"/v1/{path}")).json() == []
