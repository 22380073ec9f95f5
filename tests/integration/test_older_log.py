"""A log that came back older than the stream, from a backup or a replica: no service goes on before it is repaired."""

import asyncio

import pytest

from shared.runtime import follower
from shared.runtime.follower import Ahead, Follower
from shared.runtime.log import Message
from shared.runtime.repair import Contradiction, repair
from tests.integration.counting import NAME, counting
from tests.integration.damaging import tamper
from tests.integration.log_harness import (
    append,
    connected,
    eventually,
    logged,
    on_nats,
    registrations,
    relaying,
    settings_of,
)
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
OLDER = (
    "DELETE FROM log.events WHERE position > 3",
    "UPDATE log.head SET (position, chain) = (SELECT position, chain FROM log.events WHERE position = 3)",
)


async def test_services_wait_for_the_repair_of_an_older_log(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "AHEAD_SECONDS", 0.1)
    await append(servers, database, registrations(5))
    whole = await logged(servers, database)
    async with relaying(servers, database), on_nats(servers.nats_url("service")) as client:
        await eventually(lambda: _last(client), lambda last: last == 5)
    await tamper(servers, database, *OLDER)
    read: list[Message] = []
    waiting = Follower(counting(), settings_of(servers, database, NAME))

    async def deliver(messages: list[Message]) -> None:
        read.extend(messages)

    async with on_nats(servers.nats_url("service")) as client:
        with pytest.raises(Ahead, match="the log ends at 3 and the stream at 5: run `leadstream repair`"):
            await waiting._term(client, deliver)
        running = asyncio.create_task(waiting.run(client, deliver))
        await asyncio.sleep(0.5)
        assert (waiting.leading, read) == (False, [])
        await repair(servers.admin_url(database), servers.nats_url("provision"))
        await eventually(lambda: _so_many(read), lambda count: count == 5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert read == whole
    async with connected(servers.admin_url(database)) as admin:
        assert (await (await admin.execute("SELECT position FROM log.head")).fetchone()) == (5,)


async def test_a_log_that_went_on_another_way_is_not_extended(servers: Servers, database: str) -> None:
    """Somebody has appended to it before it was repaired: what the stream has after that does not follow."""
    await append(servers, database, registrations(5))
    async with relaying(servers, database), on_nats(servers.nats_url("service")) as client:
        await eventually(lambda: _last(client), lambda last: last == 5)
    await tamper(servers, database, *OLDER)
    await append(servers, database, registrations(1))
    ours = await logged(servers, database)
    urls = servers.admin_url(database), servers.nats_url("provision")
    with pytest.raises(Contradiction, match="at position 4 the stream has another event"):
        await repair(*urls)
    assert await logged(servers, database) == ours
    done = await repair(*urls, trust_log=True)
    assert (done.appended, done.copied) == (0, 4)
    assert await logged(servers, database) == ours


async def _last(client) -> int:  # type: ignore[no-untyped-def]
    return int((await client.jetstream().stream_info("EVENTS")).state.last_seq)


async def _so_many(read: list[Message]) -> int:
    return len(read)
