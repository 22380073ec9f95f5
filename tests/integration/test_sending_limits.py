"""Several settings name one webhook: of each limit the strictest holds, whoever's call it is."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import orjson
import pytest
from aiohttp import web

from cli.story import summary
from services.dispatcher.app import DEFINITION
from shared.ids import named_id
from tests.integration.folding import fold
from tests.integration.hook import listening
from tests.integration.log_harness import eventually, logged
from tests.integration.replica import Replica, kinds
from tests.integration.test_sending_held import Stage, asked
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, at_company, configured, scheduled
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, OTHER_CLIENT, added, launched

CALLS = 6
OTHER_TENANT = named_id("tenant", "rival")


@pytest.mark.parametrize(
    ("another", "own", "taken"),
    [
        ({"in_flight": 1, "max_submissions": 2 * CALLS - 3}, {}, 2 * CALLS - 3),
        ({}, {"in_flight": 1, "rate_per_second": 10_000}, 2 * CALLS),
    ],
    ids=["settings for which nothing is due", "settings of a batch"],
)
async def test_a_webhook_goes_by_the_strictest_of_all_that_name_it(
    servers: Servers, database: str, another: dict[str, Any], own: dict[str, Any], taken: int
) -> None:
    async with listening() as hook:
        hook.seconds = 0.1
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "rate_per_second": 0, "burst": 99, "in_flight": 4}
        events = [configured("another", **settings | another), *at_company(*firms("firm"), **settings)]
        events.append(launched(COMPANY_STEP, batch_id=NEXT_BATCH, config={FLOW: own} if own else None))
        for n, firm in enumerate(firms("other")):
            events += [added(100 + n, batch_id=NEXT_BATCH, company_domain=firm)]
            events += [scheduled(n), scheduled(100 + n, batch_id=NEXT_BATCH)]
        await fold(servers, database, DEFINITION, events)
        async with Replica(servers, database).leads():
            told = await eventually(lambda: kinds(servers, database), lambda those: len(those) == 2 * CALLS)
        assert told.count("StepDispatched") == len(hook.requests) == taken
        began = [at for at, _, _ in hook.requests]
        assert min(after - before for before, after in pairwise(began)) > 0.09, "one at a time"


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {"Retry-After": "86400"}), (503, {})], ids=["as it asks", "because it fails"]
)
async def test_what_waits_at_a_webhook_that_is_left_alone_goes_to_the_one_that_is_set_in_its_place(
    servers: Servers, database: str, status: int, headers: dict[str, str]
) -> None:
    async with listening() as hook, listening() as better:
        hook.replies = [web.Response(status=status, headers=headers)]
        settings = {"timeout_seconds": 3600, "in_flight": 1, "circuit_failures": 1, "circuit_seconds": 600}
        due = [scheduled(n) for n in range(CALLS)]
        await fold(servers, database, DEFINITION, [*at_company(*firms("firm"), webhook_url=hook.url, **settings), *due])
        async with Replica(servers, database).leads() as machine:
            told = await eventually(lambda: kinds(servers, database), bool)
            await Stage(servers, database).say(machine, configured(nth=1, webhook_url=better.url, **settings))
            await eventually(asked(better), lambda count: count == CALLS - 1)
    assert (told, len(hook.requests)) == (["DispatchRefused"], 1)


def firms(name: str) -> list[str]:
    return [f"{name}{n}.com" for n in range(CALLS)]


async def test_no_tenant_s_settings_limit_the_calls_of_another_that_names_the_same_webhook(
    servers: Servers, database: str
) -> None:
    async with listening() as hook:
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600}
        full = replace(configured(client_id=OTHER_CLIENT, **settings, max_submissions=0), tenant_id=OTHER_TENANT)
        events = [full, *at_company(*firms("firm"), **settings), *map(scheduled, range(CALLS))]
        await fold(servers, database, DEFINITION, events)
        async with Replica(servers, database).leads():
            told = await eventually(lambda: kinds(servers, database), lambda those: len(those) == CALLS)
    assert told == ["StepDispatched"] * CALLS


async def test_calls_that_wait_for_a_webhook_that_works_no_more_end(servers: Servers, database: str) -> None:
    """One POST shows that it does not work; of what has waited for too long no more is sent."""
    async with listening() as hook:
        hook.replies = [web.Response(status=503)] * CALLS
        settings = {"webhook_url": hook.url, "circuit_failures": 1, "circuit_seconds": 600, "retry_span_seconds": 1}
        due = [scheduled(n) for n in range(CALLS)]
        await fold(servers, database, DEFINITION, [*at_company(*firms("firm"), in_flight=1, **settings), *due])
        async with Replica(servers, database).leads():
            failed = await eventually(partial(logged, servers, database, ["StepFailed"]), lambda f: len(f) == CALLS)
    reasons = {orjson.loads(body)["payload"]["reason"] for _, body in failed}
    assert reasons == {"the webhook has taken nothing since 2026-02-01 09:00 UTC, and calls are not tried for longer"}
    assert len(hook.requests) == 1


async def test_a_cell_that_no_webhook_takes_fails_nobody_at_its_company(servers: Servers, database: str) -> None:
    async with listening() as hook:
        rows = [added(0, company_domain=ACME, company_description="x" * 200_000), added(1, company_domain=ACME)]
        settings = configured(webhook_url=hook.url, timeout_seconds=3600)
        events = [settings, launched(COMPANY_STEP, items=2), *rows, scheduled(0), scheduled(1)]
        await fold(servers, database, DEFINITION, events)
        async with Replica(servers, database).leads():
            types = ["StepDispatched", "DispatchRefused"]
            ((_, body),) = await eventually(partial(logged, servers, database, types), bool)
    event = orjson.loads(body)
    assert (event["type"], event["payload"]["left_out"]) == ("StepDispatched", ["company_description"])
    assert "too long to be sent: company_description" in summary(event)
    (sent,) = hook.bodies
    assert sent["company_domain"] == ACME
    assert "company_description" not in sent
