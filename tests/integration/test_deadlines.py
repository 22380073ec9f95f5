"""An answer that was accepted is not recorded as missing: not while it waits in the inbox, nor while it is unread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from structlog.testing import capture_logs

from services.dispatcher import deadlines
from services.dispatcher.app import DEFINITION
from services.dispatcher.deadlines import record_overdue
from services.dispatcher.state import Dispatch
from shared.envelope import Event
from shared.runtime import log
from shared.runtime.machine import Machine
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT
from tests.integration.folding import fold, leading
from tests.integration.log_harness import connected, eventually, logged, on_nats, settings_of
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, answered, at_company, current, dispatcher, scheduled, sent

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def overdue(servers: Servers, database: str) -> Dispatch:
    """A call whose deadline is long past."""
    batch = dispatcher(*at_company(ACME)).when(scheduled(0))
    dispatch = current(batch, ACME)
    await fold(servers, database, DEFINITION, [*at_company(ACME), scheduled(0), sent(dispatch)])
    return dispatch


async def missing(servers: Servers, database: str) -> int:
    return len(await logged(servers, database, ["DispatchTimedOut"]))


@asynccontextmanager
async def looked_for(servers: Servers, database: str) -> AsyncIterator[None]:
    effect = partial(record_overdue, settings_of(servers, database, "dispatcher"))
    async with leading(servers, database, DEFINITION, effect):
        yield


async def test_no_answer_is_missing_while_some_wait_in_the_inbox(
    servers: Servers, database: str, overdue: Dispatch
) -> None:
    async with on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().publish(INBOX_SUBJECT, b"an answer")
        async with looked_for(servers, database):
            await asyncio.sleep(3 * deadlines.EVERY_SECONDS)
            assert await missing(servers, database) == 0
            with capture_logs() as said:
                await client.jetstream().delete_msg(INBOX_STREAM, 1)
                await eventually(partial(missing, servers, database), lambda count: count == 1)
                await asyncio.sleep(0.1)
    told = [(line["batch_id"], line["missing"]) for line in said if line["event"] == "answers are missing"]
    assert told == [(overdue.batch_id, 1)]


@pytest.mark.usefixtures("overdue")
async def test_what_stays_in_the_inbox_is_not_waited_for_for_ever(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "INBOX_SECONDS", 1.0)
    async with on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().publish(INBOX_SUBJECT, b"no event")
        async with looked_for(servers, database):
            await eventually(partial(missing, servers, database), lambda count: count == 1)


async def test_no_answer_is_missing_that_the_log_has_and_the_fold_has_not(
    servers: Servers, database: str, overdue: Dispatch
) -> None:
    url = servers.role_url("dispatcher", database)
    async with connected(url, search_path="dispatcher") as connection:
        machine: Machine[object] = Machine(DEFINITION)
        await machine.start(connection)
        await appended(servers, database, answered(overdue))
        looking = asyncio.create_task(record_overdue(settings_of(servers, database, "dispatcher"), machine))
        await asyncio.sleep(3 * deadlines.EVERY_SECONDS)
        await machine.apply(connection, (await logged(servers, database))[-1:])
        await asyncio.sleep(2 * deadlines.EVERY_SECONDS)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert await missing(servers, database) == 0


async def appended(servers: Servers, database: str, event: Event) -> None:
    async with connected(servers.admin_url(database)) as admin:
        await log.append(admin, [event])
