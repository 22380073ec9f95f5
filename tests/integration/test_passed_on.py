"""A call that passes to another batch costs what it costs there, to a dispatcher that has just started too."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiohttp import web

from services.dispatcher.app import DEFINITION
from services.dispatcher.state import Dispatch
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    BatchLaunched,
    BatchResumed,
    DeadLetterRetried,
    WorkflowConfigured,
)
from tests.integration.folding import fold
from tests.integration.hook import listening
from tests.integration.log_harness import connected, eventually, logged
from tests.integration.replica import Replica, kinds
from tests.integration.test_sending_held import Looks, Stage, asked
from tests.running_servers import Servers
from tests.unit.dispatching import (
    ACME,
    FLOW,
    LATER,
    at_company,
    claim,
    configured,
    current,
    dispatcher,
    next_batch,
    refused,
    scheduled,
    timed_out,
)
from tests.unit.facts import BATCH, COMPANY_STEP, NEXT_BATCH, UPLOAD, added, fact, item_id

DEAR = replace(COMPANY_STEP, credits=1.0, configuration="dear")


def waited_for(cap: float, cap_of_next: float, **config: Any) -> list[Event]:
    """A call of the first batch that the next one waits for too; there it costs 3."""
    launches = [
        BatchLaunched(UPLOAD, "apollo_scrape", [replace(COMPANY_STEP, credits=1.0)], 1, max_credits=cap),
        BatchLaunched(UPLOAD, "apollo_scrape", [DEAR], 1, max_credits=cap_of_next),
    ]
    dear = fact(WorkflowConfigured(FLOW, "apollo_scrape", {"credits": 3, **config}, "dear"), batch_id=None)
    rows = [added(n, 0, batch, company_domain=ACME) for n, batch in enumerate((BATCH, NEXT_BATCH))]
    asking = [scheduled(0), scheduled(1, batch_id=NEXT_BATCH)]
    first, second = (fact(launch, batch_id=row.batch_id) for launch, row in zip(launches, rows, strict=True))
    return [configured(**config), dear, first, second, *rows, *asking]


@pytest.mark.parametrize(
    ("caps", "event"),
    [
        ((0, 2), lambda call: fact(BatchCancelled())),
        ((0, 2), lambda call: fact(BatchResumed(max_credits=9), batch_id=NEXT_BATCH)),
        ((1, 9), lambda call: refused(call, retry_at=LATER)),
    ],
    ids=["cancelled", "resumed", "refused"],
)
async def test_a_call_costs_what_the_batch_s_settings_say_that_makes_it(
    servers: Servers, database: str, caps: tuple[float, float], event: Callable[[Dispatch], Event]
) -> None:
    before = [*waited_for(*caps), *([fact(BatchCancelled())] if caps[0] else [])]
    whole = dispatcher(*before)
    after = event(current(whole, ACME))
    await fold(servers, database, DEFINITION, before)
    await fold(servers, database, DEFINITION, [after])
    whole.given(after)
    made = whole.state.dispatches[str(claim(whole, ACME).dispatch_id)]
    assert (made.batch_id, made.credits) == (NEXT_BATCH, 3)
    async with connected(servers.role_url("dispatcher", database), search_path="dispatcher") as connection:
        cursor = await connection.execute("SELECT credits FROM dispatch ORDER BY attempt DESC LIMIT 1")
        assert await cursor.fetchall() == [(3.0,)]


@pytest.mark.parametrize("last", ["DispatchRefused", "StepDispatched"])
async def test_a_call_that_is_refused_while_it_is_held_has_another_try_once_its_batch_goes_on(
    servers: Servers, database: str, last: str
) -> None:
    async with listening() as hook:
        hook.answering.clear()
        hook.replies = [web.Response(status=503), web.Response(status=400 if last == "DispatchRefused" else 200)]
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "retry_base_seconds": 0.1}
        await fold(servers, database, DEFINITION, waited_for(1, 0, **settings))
        stage = Stage(servers, database)
        async with Replica(servers, database).leads() as machine:
            await eventually(asked(hook), lambda count: count == 1)
            await stage.say(machine, fact(BatchCancelled()))
            hook.answering.set()
            await eventually(lambda: kinds(servers, database), lambda found: found == ["DispatchRefused"])
            await stage.say(machine, fact(BatchResumed(max_credits=9), batch_id=NEXT_BATCH))
            await eventually(lambda: kinds(servers, database), lambda found: found == ["DispatchRefused", last])
            await stage.folds(machine, (await logged(servers, database, DEFINITION.reads))[-1][0])
            assert sorted(await stage.statuses()) == ["REFUSED", "REFUSED" if last == "DispatchRefused" else "SENT"]
        assert len(set(hook.keys)) == len(hook.requests) == 2
        found = await logged(servers, database, ["DispatchRefused", "StepDispatched"])
        told = [orjson.loads(body) for _, body in found]
        assert not any(event["payload"]["in_doubt"] for event in told), "each is counted as the one submission it is"


@pytest.mark.parametrize("status", [200, 400])
async def test_what_is_asked_for_again_while_a_cancelled_batch_s_call_is_out_is_called_for_once(
    servers: Servers, database: str, status: int
) -> None:
    async with listening() as hook:
        hook.answering.clear()
        hook.replies = [web.Response(status=status)]
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600}
        await fold(servers, database, DEFINITION, [*at_company(ACME, **settings), scheduled(0)])
        stage = Stage(servers, database)
        async with Replica(servers, database).leads() as machine:
            await eventually(asked(hook), lambda count: count == 1)
            await stage.say(machine, fact(BatchCancelled()), *next_batch(7, hours=0))
            assert sorted(await stage.statuses()) == ["CANCELLED", "DUE"]
            await asyncio.sleep(1.0)
            assert len(hook.requests) == 1
            hook.answering.set()
            calls = 1 if status == 200 else 2
            await eventually(lambda: kinds(servers, database), lambda found: len(found) == calls)
            await asyncio.sleep(0.5)
            assert sorted(await stage.statuses()) == ["SENT", "SUPERSEDED"] if calls == 1 else ["CANCELLED", "SENT"]
        assert (len(hook.requests), len(set(hook.keys))) == (calls, calls)


async def test_a_call_whose_outcome_was_held_has_another_try_of_the_same_leader(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening() as hook:
        hook.answering.clear()
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600}
        due_ones = [*at_company(ACME, **settings), scheduled(0), *next_batch(1, hours=0)]
        await fold(servers, database, DEFINITION, due_ones)
        stage, looks = Stage(servers, database), Looks(monkeypatch)
        async with Replica(servers, database).leads() as machine:
            await stage.passes_on(machine, hook, looks, monkeypatch)
            await stage.settled(machine, DeadLetterRetried)
            call = current(dispatcher(*due_ones), ACME)
            await stage.say(machine, timed_out(call, retry_at=LATER, batch_id=NEXT_BATCH, item_id=item_id(1)))
            await eventually(asked(hook), lambda count: count == 2)
