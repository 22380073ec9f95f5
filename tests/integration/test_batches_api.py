"""Batches over HTTP: how many items each step has skipped and why, and batches that nobody launched."""

import httpx

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
from tests.integration.log_harness import settings_of
from tests.running_servers import Servers
from tests.unit.facts import BATCH, COMPANY_STEP, added, fact, launched

STEP = COMPANY_STEP.workflow


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
    settings = settings_of(servers, database, "sequencer").model_copy(update={"tenant": "agency"})
    queries = Queries(settings, "sequencer", DEFINITION.reads)
    transport = httpx.ASGITransport(api.build(settings, queries))
    async with httpx.AsyncClient(transport=transport, base_url="http://sequencer") as http:
        (step,) = (await http.get(f"/v1/batches/{BATCH}")).json()["steps"]
        assert step["counts"] == {"COMPLETED": 1, "SKIPPED": 3}
        assert step["skipped"] == {"company_already_enriched": 1, "fields_already_there": 1, "by_hand": 1}
        assert len((await http.get(f"/v1/batches/{BATCH}/items")).json()) == 4
        assert (await http.get(f"/v1/batches/{BATCH}/items?status=failed")).json() == []
        assert (await http.get(f"/v1/batches/{named_id('batch', 'nobody')}/items")).status_code == 404
    await queries.close()


async def test_dispatches_are_those_of_a_batch_that_is_there(servers: Servers, database: str) -> None:
    await fold(servers, database, dispatching.DEFINITION, [launched(COMPANY_STEP)])
    settings = settings_of(servers, database, "dispatcher").model_copy(update={"tenant": "agency"})
    queries = Queries(settings, "dispatcher", dispatching.DEFINITION.reads)
    transport = httpx.ASGITransport(dispatcher.build(settings, queries, Webhooks(), {}))
    async with httpx.AsyncClient(transport=transport, base_url="http://dispatcher") as http:
        for path in ("/v1/dispatches", "/v1/dispatches/counts"):
            assert (await http.get(path, params={"batch_id": BATCH})).json() == []
            assert (await http.get(path, params={"batch_id": named_id("batch", "nobody")})).status_code == 404
            assert (await http.get(path, params={"batch_id": ""})).status_code == 422
        assert (await http.get("/v1/dispatches")).json() == []
    await queries.close()
