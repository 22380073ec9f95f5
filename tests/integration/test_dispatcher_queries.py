"""What the dispatcher's API tells of calls, read from the tables that events have made."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.dispatcher import handlers
from services.dispatcher.app import DEFINITION
from services.dispatcher.configuration import webhook_id
from services.dispatcher.webhooks import Webhooks
from shared.ids import named_id
from shared.runtime.queries import Queries
from tests.integration.folding import fold
from tests.integration.log_harness import settings_of
from tests.running_servers import Servers
from tests.unit.dispatching import (
    ACME,
    BETA,
    FLOW,
    GAMMA,
    LATER,
    answered,
    at_company,
    configured,
    current,
    dispatcher,
    refused,
    scheduled,
    sent,
)
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, OTHER_CLIENT, TENANT, added, launched

FIRMS = (ACME, BETA, GAMMA, "delta.com")
HOOK = named_id("wh", "hook")


@pytest.fixture
async def queries(servers: Servers, database: str) -> AsyncIterator[Queries]:
    found = Queries(settings_of(servers, database, "dispatcher"), "dispatcher", DEFINITION.reads)
    yield found
    await found.close()


async def test_a_batch_has_cost_what_was_taken_and_what_may_have_been(
    servers: Servers, database: str, queries: Queries
) -> None:
    """One call is taken, one answered before its POST is recorded, one refused and one without a reply: both again."""
    rows = [added(n, company_domain=firm) for n, firm in enumerate(FIRMS)]
    launch = launched(replace(COMPANY_STEP, credits=2.0), items=len(FIRMS))
    events = [configured(), launch, *rows, *map(scheduled, range(len(FIRMS)))]
    batch = dispatcher(*events)
    taken, quick, refusing, doubtful = (current(batch, firm) for firm in FIRMS)
    words = [refused(refusing, retry_at=LATER), refused(doubtful, retry_at=LATER, webhook_id=HOOK)]
    await fold(servers, database, DEFINITION, [*events, sent(taken), answered(quick), *words])
    found = await handlers.costs(queries, TENANT, BATCH)
    assert found is not None
    assert found["steps"] == [{"workflow": FLOW, "calls": 3, "credits": 6.0, "held": 0}]
    assert (found["credits"], found["reserved"]) == (6.0, 10.0), "two more are to be made"


async def test_a_webhook_takes_the_least_that_the_settings_say_which_name_it(
    servers: Servers, database: str, queries: Queries
) -> None:
    """Whichever of them was set last."""
    said = [{"max_submissions": most} for most in (10, 1_000, "many")]
    settings = [configured(f"flow_{n}", webhook_url="https://hook.example", **each) for n, each in enumerate(said)]
    batch = dispatcher(*at_company(*FIRMS), *map(scheduled, range(len(FIRMS))))
    calls = [sent(current(batch, firm), webhook_id=webhook_id("https://hook.example")) for firm in FIRMS]
    events = [*at_company(*FIRMS), *map(scheduled, range(len(FIRMS))), *calls]
    await fold(servers, database, DEFINITION, [*settings, *events])
    (found,) = await handlers.webhooks(queries, TENANT, Webhooks())
    assert (found["taken"], found["limit"], found["nearly_full"]) == (4, 10, False)
    assert sorted(user["workflow"] for user in found["used_by"]) == ["flow_0", "flow_1", "flow_2"]


async def test_each_tenant_sees_how_many_submissions_of_its_own_a_webhook_has_taken(
    servers: Servers, database: str, queries: Queries
) -> None:
    rival, url = named_id("tenant", "rival"), "https://hook.example"
    batch = dispatcher(*at_company(*FIRMS), *map(scheduled, range(len(FIRMS))))
    first, *others = [sent(current(batch, firm), webhook_id=webhook_id(url)) for firm in FIRMS]
    ours = configured(webhook_url=url)
    theirs = replace(configured(client_id=OTHER_CLIENT, webhook_url=url, max_submissions=2), tenant_id=rival)
    events = [*at_company(*FIRMS), ours, theirs, *map(scheduled, range(len(FIRMS)))]
    await fold(servers, database, DEFINITION, [*events, *others, replace(first, tenant_id=rival)])
    found = [await handlers.webhooks(queries, tenant, Webhooks()) for tenant in (TENANT, rival)]
    told = [(row["taken"], row["limit"], [user["client_id"] for user in row["used_by"]]) for (row,) in found]
    assert told == [(3, 50_000, [CLIENT]), (1, 2, [OTHER_CLIENT])]


async def test_a_webhook_that_only_a_batch_names_is_listed_with_the_batch(
    servers: Servers, database: str, queries: Queries
) -> None:
    url = "https://own.example"
    batch = launched(COMPANY_STEP, config={FLOW: {"webhook_url": url, "max_submissions": 7}})
    await fold(servers, database, DEFINITION, [configured(), batch, added(0, company_domain=FIRMS[0]), scheduled(0)])
    (found,) = [row for row in await handlers.webhooks(queries, TENANT, Webhooks()) if row["webhook_url"] == url]
    assert (found["webhook_id"], found["taken"], found["limit"]) == (webhook_id(url), 0, 7)
    (user,) = found["used_by"]
    assert (user["workflow"], user["batch_id"], user["client_id"]) == (FLOW, BATCH, CLIENT)
