"""A paused batch sends nothing more, whatever was due or in hand; others that need its calls make them."""

import asyncio

import pytest

from services.dispatcher.app import DEFINITION
from shared.events import BatchCancelled, BatchPaused, BatchResumed
from tests.integration.folding import fold
from tests.integration.hook import listening
from tests.integration.log_harness import connected, eventually
from tests.integration.replica import Replica
from tests.integration.test_sending_held import Stage, asked
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, at_company, configured, next_batch, scheduled
from tests.unit.facts import BATCH, COMPANY_STEP, NEXT_BATCH, added, fact, launched

CALLS = 8


async def test_what_is_due_or_in_hand_is_not_sent_until_the_batch_is_resumed(servers: Servers, database: str) -> None:
    async with listening() as hook:
        firms = [f"firm{n}.com" for n in range(CALLS)]
        slowly = {"webhook_url": hook.url, "timeout_seconds": 3600, "rate_per_second": 2, "burst": 1}
        due_ones = [*at_company(*firms, **slowly), *(scheduled(n) for n in range(CALLS))]
        await fold(servers, database, DEFINITION, due_ones)
        stage = Stage(servers, database)
        async with Replica(servers, database).leads() as machine:
            await eventually(asked(hook), lambda count: count == 2)
            await stage.say(machine, fact(BatchPaused(calls=True)))
            await asyncio.sleep(0.5)  # one may be out as the batch is paused
            before = len(hook.requests)
            assert before < CALLS / 2
            await asyncio.sleep(1.5)
            assert len(hook.requests) == before
            assert sorted(await stage.statuses()) == ["HELD"] * (CALLS - before) + ["SENT"] * before
            await stage.say(machine, fact(BatchResumed()))
            await eventually(asked(hook), lambda count: count == CALLS)
        assert len(set(hook.keys)) == CALLS


async def test_a_dispatcher_that_has_just_started_passes_on_what_another_batch_waits_for(
    servers: Servers, database: str
) -> None:
    async with listening() as hook:
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600}
        first = [*at_company(ACME, "other.com", **settings), scheduled(0), scheduled(1), *next_batch(2, hours=0)]
        await fold(servers, database, DEFINITION, first)
        await fold(servers, database, DEFINITION, [fact(BatchPaused(calls=True))])
        async with connected(servers.role_url("dispatcher", database), search_path="dispatcher") as connection:
            cursor = await connection.execute("SELECT batch_id::text, status FROM dispatch ORDER BY status")
            (due_for, due), (held_for, held) = await cursor.fetchall()
        assert (due, held) == ("DUE", "HELD")
        assert due_for != held_for
        async with Replica(servers, database).leads():
            await eventually(asked(hook), lambda count: count == 1)
            await asyncio.sleep(0.5)
        assert [body["company_domain"] for body in hook.bodies] == [ACME]


@pytest.mark.parametrize("stop", [BatchPaused(calls=True), BatchCancelled()])
async def test_what_is_in_hand_and_passes_to_another_batch_is_sent_by_that_one_s_settings(
    servers: Servers, database: str, stop: BatchPaused | BatchCancelled
) -> None:
    async with listening() as slow, listening() as other:
        firms = [f"firm{n}.com" for n in range(CALLS)]
        own = {"webhook_url": slow.url, "timeout_seconds": 3600, "rate_per_second": 2, "burst": 1}
        first = [configured(webhook_url=other.url, timeout_seconds=3600)]
        for batch_id, config, item in ((BATCH, {FLOW: own}, 0), (NEXT_BATCH, {}, CALLS)):
            first.append(launched(COMPANY_STEP, batch_id=batch_id, config=config))
            first += [added(item + n, 0, batch_id, company_domain=firm) for n, firm in enumerate(firms)]
            first += [scheduled(item + n, batch_id=batch_id) for n in range(CALLS)]
        await fold(servers, database, DEFINITION, first)
        stage = Stage(servers, database)
        async with Replica(servers, database).leads() as machine:
            await eventually(asked(slow), lambda count: count == 2)
            await stage.say(machine, fact(stop))
            await eventually(asked(other), lambda count: count > 0)
            before = len(slow.requests)
            await asyncio.sleep(1.5)
        assert (len(slow.requests), len(other.requests)) == (before, CALLS - before)


@pytest.mark.parametrize("calls", [False, True])
async def test_only_a_pause_that_holds_calls_looks_at_all_that_its_batch_waits_for(
    servers: Servers, database: str, calls: bool
) -> None:
    await fold(servers, database, DEFINITION, [*at_company(ACME), scheduled(0)])
    state = DEFINITION.new_state()
    async with connected(servers.role_url("dispatcher", database), search_path="dispatcher") as connection:
        await DEFINITION.load(connection, state, [fact(BatchPaused(calls=calls))])
    assert (len(state.waiters), len(state.claims)) == (calls, calls)
