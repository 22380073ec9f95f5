"""A log that came back older than the stream, from a backup or a replica: no service goes on before it is repaired."""

import asyncio

import pytest

from shared.runtime import follower
from shared.runtime.follower import Ahead, Follower
from shared.runtime.log import Message
from shared.runtime.repair import Contradiction, repair
from shared.runtime.stream_comparison import compare
from shared.subjects import STREAM
from tests.integration.counting import NAME, counting
from tests.integration.damaging import copied, is_whole, repaired, tamper
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

pytestmark = [
    pytest.mark.usefixtures("streams"),
    # A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
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


async def _publish(servers: Servers, position: int, body: bytes) -> None:
    """Say something to the stream that is not in the log there."""
    async with on_nats(servers.nats_url("relay")) as client:
        assert (await client.jetstream().publish("events.1.ClientRegistered", body)).seq == position


@pytest.mark.parametrize("said", ["no event", "what the log has"])
async def test_what_cannot_follow_in_the_log_is_named_and_given_up_if_the_log_is_trusted(
    servers: Servers, database: str, said: str
) -> None:
    await append(servers, database, registrations(5))
    await copied(servers, database, 5)
    whole = await logged(servers, database)
    await tamper(servers, database, *OLDER)
    await _publish(servers, 6, b'{"id": "another"}' if said == "no event" else whole[1][1])
    with pytest.raises(Contradiction, match="at position 6 the stream has what cannot follow in the log"):
        await repaired(servers, database)
    assert await logged(servers, database) == whole, "what stands before it is the log's"
    done = await repaired(servers, database, trust_log=True)
    assert (done.appended, done.copied, done.lost) == (0, 5, [])
    assert await is_whole(servers, database, 5)


@pytest.fixture
async def with_a_hole(servers: Servers, database: str) -> list[Message]:
    """A log of six events, and a stream that has lost the fifth of them; the log."""
    async with on_nats(servers.nats_url("provision")) as client:
        config = (await client.jetstream().stream_info(STREAM)).config
        config.deny_delete = False
        await client.jetstream().delete_stream(STREAM)
        await client.jetstream().add_stream(config)
        await append(servers, database, registrations(6))
        await copied(servers, database, 6)
        await client.jetstream().delete_msg(STREAM, 5)
    return await logged(servers, database)


async def test_what_the_stream_has_after_a_hole_is_lost_or_given_up(
    servers: Servers, database: str, with_a_hole: list[Message]
) -> None:
    await tamper(servers, database, *OLDER)
    done = await repaired(servers, database)
    assert done.appended == 1
    assert [(damage.side, damage.first, damage.last) for damage in done.lost] == [("stream", 5, 6)]
    assert "--trust-log" in done.lost[0].reason
    done = await repaired(servers, database, trust_log=True)
    assert (done.appended, done.copied, done.lost) == (0, 4, [])
    assert await logged(servers, database) == with_a_hole[:4]
    assert await is_whole(servers, database, 4)


async def test_another_story_is_told_before_anything_of_it_is_taken(
    servers: Servers, database: str, with_a_hole: list[Message]
) -> None:
    """Where the log ends the stream has nothing to compare with, and what it has after that is no part of this log."""
    await tamper(servers, database, *OLDER)
    await append(servers, database, registrations(2))
    ours = await logged(servers, database)
    with pytest.raises(Contradiction, match="at position 4 the stream has another event"):
        await repaired(servers, database)
    assert await logged(servers, database) == ours


async def test_what_the_stream_has_more_is_no_damage_of_the_stream(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(5))
    await copied(servers, database, 5)
    await tamper(servers, database, *OLDER)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.identical, verdict.more, verdict.findings.damages) == (False, 2, [])


async def _last(client) -> int:  # type: ignore[no-untyped-def]
    return int((await client.jetstream().stream_info("EVENTS")).state.last_seq)


async def _so_many(read: list[Message]) -> int:
    return len(read)
