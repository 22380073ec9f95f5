"""Each side is made whole from the other; what neither has is said; and the patrol sees damage by itself."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import count

import psycopg
import pytest
from nats.js.api import DiscardPolicy

from shared.runtime import patrol
from shared.runtime.reader import Interrupted, StreamReader
from shared.runtime.relay import Diverged
from shared.runtime.repair import Contradiction, Unfilled
from shared.runtime.stream_comparison import compare
from shared.subjects import STREAM
from tests.integration.damaging import EVENTS, copied, is_whole, repaired, tamper
from tests.integration.log_harness import (
    append,
    connected,
    event,
    eventually,
    logged,
    on_nats,
    registered,
    registrations,
    relaying,
)
from tests.running_servers import Servers

pytestmark = [
    pytest.mark.usefixtures("streams"),
    # A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DAMAGE = {
    "body": "UPDATE log.events SET body = replace(body, 'client 2', 'client 7') WHERE position = 3",
    "columns": "UPDATE log.events SET type = 'BatchPaused', tenant_id = gen_random_uuid() WHERE position IN (3, 7)",
    "no event": "UPDATE log.events SET body = 'x' WHERE position = 3",
    "no object": "UPDATE log.events SET body = '[]' WHERE position = 3",
    "hash": "UPDATE log.events SET chain = '\\x00' WHERE position = 4",
    "hashes": "UPDATE log.events SET chain = '\\x00' WHERE position IN (4, 5, 12)",
    "one gone": "DELETE FROM log.events WHERE position = 2",
    "some gone": "DELETE FROM log.events WHERE position BETWEEN 1 AND 5",
    "end gone": "DELETE FROM log.events WHERE position >= 9",
    "one gone and the next changed": "DELETE FROM log.events WHERE position = 2; "
    "UPDATE log.events SET body = replace(body, 'client 2', 'client 7') WHERE position = 3",
    "all gone": "DELETE FROM log.events",
    "head": "UPDATE log.head SET position = 3, chain = '\\x00'",
    "head gone": "DELETE FROM log.head",
}


@pytest.fixture
async def before(servers: Servers, database: str) -> list[tuple[int, bytes]]:
    """The log, with its copy in the stream."""
    await append(servers, database, registrations(EVENTS))
    await copied(servers, database)
    return await logged(servers, database)


@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE)
async def test_the_log_is_mended_from_the_stream(
    servers: Servers, database: str, before: list[tuple[int, bytes]], statement: str
) -> None:
    await tamper(servers, database, statement)
    assert not await is_whole(servers, database)
    done = await repaired(servers, database)
    assert (done.lost, done.copied) == ([], 0)
    assert await logged(servers, database) == before
    assert await is_whole(servers, database)


async def test_a_lost_log_is_taken_from_the_stream(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    """As after the database was lost and provisioned anew: no event, and a head that says so."""
    await tamper(servers, database, "DELETE FROM log.events", "UPDATE log.head SET position = 0, chain = ''")
    done = await repaired(servers, database)
    assert (done.appended, done.lost) == (EVENTS, [])
    assert await logged(servers, database) == before
    assert await is_whole(servers, database)


async def test_a_lost_stream_is_copied_again(servers: Servers, database: str, before: list[tuple[int, bytes]]) -> None:
    async with on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().delete_stream(STREAM)
    assert (await compare(servers.admin_url(database), servers.nats_url("service"))).findings.positions == EVENTS
    assert (await repaired(servers, database)).copied == EVENTS
    assert await is_whole(servers, database)


async def test_a_pause_in_reading_is_no_lost_message(
    servers: Servers, database: str, before: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NATS that restarts meanwhile: the consumer is gone, the messages are not."""
    whole, passes = StreamReader.batches, count(1)

    async def cut(reader: StreamReader) -> AsyncGenerator[list[tuple[int, bytes]], None]:
        async with aclosing(whole(reader)) as batches:
            async for batch in batches:
                yield batch[: EVENTS // 3]
                if next(passes) < 3:
                    raise Interrupted("the consumer is gone")

    monkeypatch.setattr(StreamReader, "batches", cut)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.identical, verdict.last) == (True, EVENTS)


async def test_what_was_said_again_is_named(servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = registrations(3)
    await append(servers, database, events)
    async with relaying(servers, database):
        await eventually(
            lambda: compare(servers.admin_url(database), servers.nats_url("service")), lambda verdict: verdict.last == 3
        )
    await tamper(servers, database, "DELETE FROM log.events WHERE position = 2")
    await append(servers, database, [events[1]])
    monkeypatch.setattr("shared.runtime.repair.compare", None)  # nothing more is looked at
    (damage,) = (await repaired(servers, database)).lost
    assert str(damage) == "log, position 2: the event that was here was said again at position 4, under its id"


async def test_a_stream_made_anew_is_filled_by_the_relay_that_runs(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    async with relaying(servers, database), on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().delete_stream(STREAM)
        assert (await repaired(servers, database)).copied == EVENTS
        assert await is_whole(servers, database)


async def test_a_stream_that_is_behind_is_filled(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    await append(servers, database, registrations(3))
    done = await repaired(servers, database)
    assert (done.filled, done.copied) == (3, 0)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.identical, verdict.last) == (True, EVENTS + 3)


async def test_a_whole_stream_that_takes_no_more_for_want_of_room_is_left_as_it_is(
    servers: Servers, database: str, before: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.repair.STANDS_SECONDS", 2.0)
    async with on_nats(servers.nats_url("provision")) as client:
        stream = client.jetstream()
        info = await stream.stream_info(STREAM)
        info.config.max_bytes, info.config.discard = info.state.bytes, DiscardPolicy.NEW
        await stream.update_stream(info.config)
        await append(servers, database, registrations(3))
        with pytest.raises(Unfilled, match="maximum bytes exceeded"):
            await repaired(servers, database)
        state = (await stream.stream_info(STREAM)).state
    assert (state.first_seq, state.last_seq) == (1, EVENTS)


async def test_two_whole_stories_are_not_chosen_between(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(2))
    async with on_nats(servers.nats_url("relay")) as client:
        await client.jetstream().publish("events.1.ClientRegistered", b'{"id": "another"}')
    with pytest.raises(Contradiction, match="at position 1 the stream has another event"):
        await repaired(servers, database)
    with pytest.raises(Diverged):
        async with relaying(servers, database) as copying:
            await copying
    assert (await repaired(servers, database, trust_log=True)).copied == 2
    assert (await compare(servers.admin_url(database), servers.nats_url("service"))).identical


async def test_the_patrol_finds_damage_on_either_side_and_sees_it_mended(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    async with (
        connected(servers.role_url("relay", database)) as connection,
        on_nats(servers.nats_url("relay")) as client,
    ):
        assert await _patrolled(connection, client) == []
        await tamper(servers, database, DAMAGE["body"])
        assert await _patrolled(connection, client) == [("log", 3, 3), ("stream", 3, 3)]
        await tamper(servers, database, DAMAGE["one gone"])
        assert ("log", 2, 2) in await _patrolled(connection, client)
        await repaired(servers, database)
        assert await _patrolled(connection, client) == []
    async with on_nats(servers.nats_url("provision")) as provision, on_nats(servers.nats_url("relay")) as client:
        config = (await provision.jetstream().stream_info(STREAM)).config
        config.deny_delete = False
        await provision.jetstream().delete_stream(STREAM)
        await provision.jetstream().add_stream(config)
        await copied(servers, database)
        await provision.jetstream().delete_msg(STREAM, 5)
        async with connected(servers.role_url("relay", database)) as connection:
            assert await _patrolled(connection, client) == [("stream", 5, 5)]
            await repaired(servers, database)
            assert await _known(connection) == [], "what was mended is not told until the patrol comes by again"


async def _patrolled(connection: object, client: object) -> list[tuple[str, int, int]]:
    await patrol.walk(connection, client)  # type: ignore[arg-type]
    return await _known(connection)


async def _known(connection: object) -> list[tuple[str, int, int]]:
    cursor = await connection.execute("SELECT damages FROM log.patrol")  # type: ignore[attr-defined]
    (damages,) = await cursor.fetchone()
    return [(damage["side"], damage["first"], damage["last"]) for damage in damages]


async def test_the_patrol_walks_backwards_and_begins_again(
    servers: Servers, database: str, before: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patrol, "PIECE", 5)
    await tamper(servers, database, DAMAGE["one gone"], "UPDATE log.patrol SET position = 0, rounds = 0")
    stood = []
    async with (
        connected(servers.role_url("relay", database)) as connection,
        on_nats(servers.nats_url("relay")) as client,
    ):
        for _ in range(4):
            found = await _patrolled(connection, client)
            cursor = await connection.execute("SELECT position, rounds FROM log.patrol")
            stood.append((await cursor.fetchone(), found))
    assert stood == [
        ((7, 0), []),
        ((2, 0), []),
        ((0, 1), [("log", 2, 2)]),
        ((7, 1), [("log", 2, 2)]),
    ]


async def test_a_piece_of_the_patrol_is_shorter_where_events_are_wide(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patrol, "PIECE_BYTES", 10_000)
    await append(servers, database, [registered(4_000 * "x") for _ in range(6)])
    urls = servers.admin_url(database), servers.nats_url("service")
    async with relaying(servers, database):
        await eventually(lambda: compare(*urls), lambda verdict: verdict.last == 6 and verdict.identical)
    async with (
        connected(servers.role_url("relay", database)) as connection,
        on_nats(servers.nats_url("relay")) as client,
    ):
        await connection.execute("UPDATE log.patrol SET position = 0, rounds = 0")
        stood = []
        for _ in range(4):
            await patrol.walk(connection, client)
            stood.append((await (await connection.execute("SELECT position FROM log.patrol")).fetchone())[0])
    assert stood == [4, 2, 0, 4]


async def test_the_patrol_may_change_nothing_else(servers: Servers, database: str) -> None:
    async with connected(servers.role_url("relay", database)) as connection:
        for statement in ("UPDATE log.head SET position = 1", "DELETE FROM log.patrol"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement)


async def test_a_log_whose_events_this_program_does_not_know_is_mended_too(servers: Servers, database: str) -> None:
    """What stands in the envelope is enough: an event of a newer program, or a poisoned one, is moved like any."""
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("INSERT INTO log.writer VALUES ('ingest', 'OfTomorrow')")
    await append(servers, database, [event("OfTomorrow", {"n": number}) for number in range(EVENTS)])
    await copied(servers, database)
    await tamper(servers, database, DAMAGE["some gone"])
    assert (await repaired(servers, database)).restored == [1, 2, 3, 4, 5]
    assert await is_whole(servers, database)
