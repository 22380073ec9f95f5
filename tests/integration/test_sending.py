"""What came of a POST, told late: by a leader that another has followed meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import orjson
import pytest
from aiohttp import web
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from services.dispatcher import due
from services.dispatcher.app import DEFINITION
from services.dispatcher.configuration import webhook_id
from services.dispatcher.sending import STATEMENT_SECONDS
from shared.runtime.database import Connection
from shared.runtime.lease import Fence, Lost
from tests.integration.folding import fold
from tests.integration.hook import Hook, listening
from tests.integration.log_harness import connected, eventually, logged
from tests.integration.replica import Replica, kinds
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, at_company, scheduled
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, added, launched


def busy() -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "60"})


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as found:
        found.seconds = 1.0
        yield found


async def a_call_is_due(servers: Servers, database: str, hook: Hook) -> None:
    settings = {"webhook_url": hook.url, "timeout_seconds": 3600}
    await fold(servers, database, DEFINITION, [*at_company(ACME, **settings), scheduled(0)])


async def test_a_refusal_that_is_told_late_of_what_was_sent_since_makes_no_second_call(
    servers: Servers, database: str, hook: Hook
) -> None:
    hook.replies = [busy()]
    await a_call_is_due(servers, database, hook)
    first, second = Replica(servers, database), Replica(servers, database)
    await first.leads_until_the_database_goes(hook, requests=1)
    await second.leads_until_told(["StepDispatched"])
    await first.leads_until_told(["StepDispatched"])
    assert hook.keys[0] == hook.keys[1]
    assert len(hook.requests) == 2


async def test_nor_does_one_of_what_was_sent_and_is_not_told_yet(servers: Servers, database: str, hook: Hook) -> None:
    hook.replies = [busy()]
    await a_call_is_due(servers, database, hook)
    first, second = Replica(servers, database), Replica(servers, database)
    await first.leads_until_the_database_goes(hook, requests=1)
    await second.leads_until_the_database_goes(hook, requests=2)
    await first.leads_until_told(["StepDispatched"])
    await second.leads_until_told(["StepDispatched"])
    assert len(set(hook.keys)) == 1
    assert len(hook.requests) == 3


async def test_a_refusal_that_is_told_late_of_what_is_still_due_is_told(
    servers: Servers, database: str, hook: Hook
) -> None:
    hook.replies = [busy()]
    await a_call_is_due(servers, database, hook)
    replica = Replica(servers, database)
    await replica.leads_until_the_database_goes(hook, requests=1)
    await replica.leads_until_told(["DispatchRefused"])
    assert len(hook.requests) == 1


async def test_a_success_that_is_told_late_is_told_once(servers: Servers, database: str, hook: Hook) -> None:
    await a_call_is_due(servers, database, hook)
    replica = Replica(servers, database)
    await replica.leads_until_the_database_goes(hook, requests=1)
    await replica.leads_until_told(["StepDispatched"])
    assert len(hook.requests) == 1


async def test_a_webhook_at_a_private_address_is_a_mistake_of_the_settings(
    servers: Servers, database: str, hook: Hook
) -> None:
    await a_call_is_due(servers, database, hook)
    with capture_logs([merge_contextvars]) as said:
        await Replica(servers, database, private_webhooks=False).leads_until_told(["DispatchRefused"])
    ((_, body),) = await logged(servers, database, ["DispatchRefused"])
    event = orjson.loads(body)
    refused = event["payload"]
    assert (refused["code"], refused["retry_at"], hook.requests) == ("CONFIGURATION", None, [])
    (told,) = (line for line in said if line["event"] == "a POST was refused")
    assert (told["code"], told["why"], told["dispatch_id"]) == (
        "CONFIGURATION",
        refused["reason"],
        refused["dispatch_id"],
    )
    for name in ("batch_id", "item_id", "correlation_id"):
        assert told[name] == event[name]


async def test_a_post_that_is_not_answered_counts_as_made_and_says_so(
    servers: Servers, database: str, hook: Hook
) -> None:
    hook.answering.clear()
    settings = {"webhook_url": hook.url, "max_attempts": 1, "credits": 3}
    await fold(servers, database, DEFINITION, [*at_company(ACME, **settings), scheduled(0)])
    replica = Replica(servers, database)
    async with replica.leads():

        async def asked() -> int:
            return len(hook.requests)

        await eventually(asked, lambda count: count == 1)
        for transport in hook.transports:
            transport.abort()
        await eventually(lambda: kinds(servers, database), lambda found: found == ["DispatchRefused"])
    ((_, body),) = await logged(servers, database, ["DispatchRefused"])
    refused = orjson.loads(body)["payload"]
    assert (refused["in_doubt"], refused["webhook_id"]) == (True, webhook_id(hook.url))
    await replica.leads_until_told(["DispatchRefused"])
    async with connected(servers.admin_url(database), search_path="dispatcher") as connection:
        taken = await (await connection.execute("SELECT taken FROM webhook")).fetchall()
        reserved = await (await connection.execute("SELECT reserved FROM batch")).fetchall()
    assert (taken, reserved) == ([(1,)], [(3.0,)])


async def test_an_answer_without_an_end_is_not_listened_to(servers: Servers, database: str, hook: Hook) -> None:
    told = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal told
        while True:
            told += 65_536
            yield bytes(65_536)

    hook.replies = [web.Response(body=endless())]
    await a_call_is_due(servers, database, hook)
    await Replica(servers, database).leads_until_told(["StepDispatched"])
    assert told < 64 << 20


async def test_a_webhook_that_is_down_holds_up_none_that_a_batch_has_of_its_own(
    servers: Servers, database: str, hook: Hook
) -> None:
    """Launched with another webhook because the first is down: same client, workflow and workstream."""
    calls, hook.seconds = 50, 0.0
    hook.replies = [web.Response(status=503) for _ in range(calls)]
    async with listening() as another:
        firms = [f"firm{n}.com" for n in range(calls)]
        own = {FLOW: {"webhook_url": another.url}}
        later = [
            launched(COMPANY_STEP, items=calls, batch_id=NEXT_BATCH, config=own),
            *(added(100 + n, batch_id=NEXT_BATCH, company_domain=f"other{n}.com") for n in range(calls)),
        ]
        asked = [scheduled(n) for n in range(calls)] + [scheduled(100 + n, batch_id=NEXT_BATCH) for n in range(calls)]
        settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "rate_per_second": 0, "circuit_seconds": 600}
        await fold(servers, database, DEFINITION, [*at_company(*firms, **settings), *later, *asked])

        async def taken() -> int:
            return len(another.requests)

        async with Replica(servers, database).leads():
            await eventually(taken, lambda count: count == calls)
    assert 0 < len(hook.requests) < calls


@pytest.mark.parametrize("step", ["note", "withdraw"])
async def test_a_leader_that_is_told_to_leave_whenever_leaves_nothing_in_doubt_that_it_has_not_sent(
    servers: Servers, database: str, hook: Hook, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Told while PostgreSQL has noted POSTs and has not said so, or is about to take the notes of others back."""
    at_it, statement = asyncio.Event(), getattr(due, step)

    async def slow(connection: Connection, names: Collection[str]) -> object:
        done = await statement(connection, names) if step == "note" else None
        at_it.set()
        await asyncio.sleep(0.2)
        return done or await statement(connection, names)

    calls, hook.replies = 20, [web.Response(status=503)]
    settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "in_flight": 4}
    failing = {"circuit_failures": 1, "circuit_seconds": 1, "retry_base_seconds": 0.1}
    due_ones = [*at_company(*(f"firm{n}.com" for n in range(calls)), **settings, **failing)]
    await fold(servers, database, DEFINITION, [*due_ones, *(scheduled(n) for n in range(calls))])
    monkeypatch.setattr(due, step, slow)
    async with Replica(servers, database).leads():
        await asyncio.wait_for(at_it.wait(), 20)
    monkeypatch.undo()
    hook.seconds = 0

    async def told() -> list[Any]:
        found = await logged(servers, database, ["StepDispatched", "DispatchRefused"])
        return [orjson.loads(body) for _, body in found]

    async with Replica(servers, database).leads():
        found = await eventually(told, lambda those: len(those) == len(hook.requests) == calls + 1)
    assert [event for event in found if event["payload"]["in_doubt"]] == []


async def test_what_is_not_sent_because_the_lease_is_lost_is_not_in_doubt(
    servers: Servers, database: str, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def lost(_: Fence) -> None:
        asked.set()
        raise Lost("another replica leads")

    monkeypatch.setattr(Fence, "insist", lost)
    await a_call_is_due(servers, database, hook)
    async with Replica(servers, database).leads():
        await asyncio.wait_for(asked.wait(), 20)
    monkeypatch.undo()
    await Replica(servers, database).leads_until_told(["StepDispatched"])
    ((_, body),) = await logged(servers, database, ["StepDispatched"])
    assert not orjson.loads(body)["payload"]["in_doubt"]


async def test_a_leader_that_is_told_to_leave_waits_for_no_note_that_the_database_does_not_take(
    servers: Servers, database: str, hook: Hook
) -> None:
    await a_call_is_due(servers, database, hook)
    async with connected(servers.admin_url(database), autocommit=False) as holding:
        await holding.execute("LOCK TABLE dispatcher.sending IN EXCLUSIVE MODE")

        async def waits() -> bool:
            return (await (await holding.execute("SELECT FROM pg_locks WHERE NOT granted")).fetchone()) is not None

        async with Replica(servers, database).leads():
            await eventually(waits, bool)
            began = time.monotonic()
        assert time.monotonic() - began < 3 * STATEMENT_SECONDS
        await holding.rollback()
    await Replica(servers, database).leads_until_told(["StepDispatched"])


async def test_a_post_that_began_ever_so_often_begins_once_more(servers: Servers, database: str, hook: Hook) -> None:
    await a_call_is_due(servers, database, hook)
    async with connected(servers.role_url("dispatcher", database), search_path="dispatcher") as connection:
        await connection.execute("INSERT INTO sending SELECT dispatch_id, 32767 FROM dispatch")
    await Replica(servers, database).leads_until_told(["StepDispatched"])
