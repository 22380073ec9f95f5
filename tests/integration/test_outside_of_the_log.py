"""Rows that stand where the log is not, before its first position or after its end: told, and taken out by repair."""

import asyncio

import psycopg
import pytest

from shared.runtime import patrol
from shared.runtime.database import Connection
from shared.runtime.patrol_rounds import Rounds
from shared.runtime.provisioning import provision_database
from shared.runtime.stream_comparison import compare
from shared.runtime.transfer import LogRefused
from shared.subjects import STREAM
from tests.integration.damaging import EVENTS, NO_CHECK, copied, is_whole, repaired, tamper
from tests.integration.log_harness import append, connected, logged, on_nats, registrations
from tests.integration.test_patrol_rounds import Whole
from tests.running_servers import Servers

pytestmark = [
    pytest.mark.usefixtures("streams"),
    # A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
COLUMNS = "type, slot, tenant_id, client_id, batch_id, item_id, entity_id, occurred_at, body"


def copy_of(position: int, place: int, chain: str = "'\\xdeadbeef'") -> str:
    """A row that somebody adds: one of the log's, with an id of its own, in another place."""
    return (
        f"INSERT INTO log.events SELECT {place}, gen_random_uuid(), {COLUMNS}, {chain} "
        f"FROM log.events WHERE position = {position}"
    )


# The hash that a row after the end would have, and a head as it was some events ago.
BODY = "(SELECT convert_to(body, 'UTF8') FROM log.events WHERE position = 3)"
HASH = f"(SELECT sha256(chain || {BODY}) FROM log.events WHERE position = {EVENTS})"
SET_BACK = "UPDATE log.head SET (position, chain) = (SELECT position, chain FROM log.events WHERE position = 4)"
OUTSIDE = {
    "before the first": (f"{NO_CHECK}; {copy_of(3, 0)}", ("log", 0, 0)),
    "long before the first": (f"{NO_CHECK}; {copy_of(3, -7)}", ("log", -7, 0)),
    "after the end": (copy_of(3, EVENTS + 1), ("log", EVENTS + 1, EVENTS + 1)),
    "no head": ("DELETE FROM log.head", ("log", EVENTS + 1, EVENTS + 1)),
}


@pytest.fixture
async def before(servers: Servers, database: str) -> list[tuple[int, bytes]]:
    """The log, with its copy in the stream."""
    await append(servers, database, registrations(EVENTS))
    await copied(servers, database)
    return await logged(servers, database)


async def _patrolled(servers: Servers, database: str) -> list[tuple[str, int, int]]:
    """What the patrol tells after a walk and a step of its round, neither of which may take for ever."""
    async with (
        connected(servers.role_url("relay", database)) as connection,
        on_nats(servers.nats_url("relay")) as client,
        asyncio.timeout(20),
    ):
        await patrol.walk(connection, client)
        await patrol.go_round(connection, client, Rounds(Whole(), 1_000), EVENTS)
        return await _known(connection)


async def _known(connection: Connection) -> list[tuple[str, int, int]]:
    ((damages,),) = await (await connection.execute("SELECT damages FROM log.patrol")).fetchall()
    return [(damage["side"], damage["first"], damage["last"]) for damage in damages]


@pytest.mark.parametrize(("statement", "told"), OUTSIDE.values(), ids=OUTSIDE)
async def test_the_patrol_tells_it_and_goes_on(
    servers: Servers, database: str, before: list[tuple[int, bytes]], statement: str, told: tuple[str, int, int]
) -> None:
    assert await _patrolled(servers, database) == []
    await tamper(servers, database, statement)
    for _ in range(2):
        assert await _patrolled(servers, database) == [told]


ADDED = {
    "before the first": f"{NO_CHECK}; {copy_of(3, 0)}",
    "moved before the first": f"{NO_CHECK}; UPDATE log.events SET position = -7 WHERE position = 3",
    "moved after the end": f"UPDATE log.events SET position = {EVENTS + 1_000} WHERE position = 3",
    "after the end": copy_of(3, EVENTS + 1),
    "after the end, with the hash it would have": copy_of(3, EVENTS + 1, HASH),
    "after the end, with a body of its own": copy_of(3, EVENTS + 1).replace(
        " body,", " replace(body, 'evt_0', 'evt_1'),"
    ),
    "two after the end": f"{copy_of(3, EVENTS + 1)}; {copy_of(4, EVENTS + 2)}",
    "after the end, and the last is gone": f"{copy_of(3, EVENTS + 1)}; "
    f"DELETE FROM log.events WHERE position = {EVENTS}",
    "after the end, and the head was set back": f"{copy_of(3, EVENTS + 1)}; {SET_BACK}",
}
ONES_OF_THE_LOG = {
    "the head was set back": SET_BACK,
    "the head was set back, and one is changed": f"{SET_BACK}; "
    "UPDATE log.events SET body = replace(body, 'client 6', 'client 9') WHERE position = 7",
    "the head was set back, and one is gone": f"{SET_BACK}; DELETE FROM log.events WHERE position = 7",
    "the head was set back, and the next is gone": f"{SET_BACK}; DELETE FROM log.events WHERE position = 5",
    "the head was set back, and a column is changed": f"{SET_BACK}; UPDATE log.events SET slot = 64 WHERE position = 7",
}


@pytest.mark.parametrize("copied_too", [False, True])
@pytest.mark.parametrize("statement", ADDED.values(), ids=ADDED)
async def test_what_was_added_is_taken_out_and_kept(
    servers: Servers, database: str, before: list[tuple[int, bytes]], statement: str, copied_too: bool
) -> None:
    await tamper(servers, database, statement)
    async with connected(servers.admin_url(database)) as connection:
        outside = await _rows(connection, f"position NOT BETWEEN 1 AND {EVENTS}")
        if copied_too:
            await _copied(servers, outside)
        done = await repaired(servers, database)
        kept = await (await connection.execute("SELECT body, event ->> 'id' FROM log.taken_out")).fetchall()
    assert sorted(kept) == sorted((body, event_id) for _, body, event_id in outside)
    assert sum(damage.last - damage.first + 1 for damage in done.taken_out) == len(outside) > 0
    assert (done.lost, done.appended) == ([], 0)
    assert await logged(servers, database) == before
    assert await is_whole(servers, database)
    assert await append(servers, database, registrations(1)) == EVENTS + 1


async def _rows(connection: Connection, condition: str) -> list[tuple[int, str, str]]:
    statement = f"SELECT position, body, id::text FROM log.events WHERE {condition} ORDER BY position"
    return list(await (await connection.execute(statement.encode())).fetchall())  # type: ignore[arg-type]


async def _copied(servers: Servers, rows: list[tuple[int, str, str]]) -> None:
    """What the relay does with rows after the log's end, at once: it takes them for the next ones."""
    async with on_nats(servers.nats_url("relay")) as client:
        for position, body, _ in rows:
            if position > EVENTS:
                await client.jetstream().publish("events.1.ClientRegistered", body.encode())


async def test_what_the_stream_has_of_it_is_no_copy_of_the_log(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    urls = servers.admin_url(database), servers.nats_url("service")
    await tamper(servers, database, copy_of(3, EVENTS + 1))
    assert (await compare(*urls)).identical
    async with connected(servers.admin_url(database)) as connection:
        await _copied(servers, await _rows(connection, f"position > {EVENTS}"))
    verdict = await compare(*urls)
    assert (verdict.identical, verdict.more, verdict.findings.damages) == (False, 1, [])


@pytest.mark.parametrize("statement", ONES_OF_THE_LOG.values(), ids=ONES_OF_THE_LOG)
async def test_what_is_the_log_s_after_all_stays(
    servers: Servers, database: str, before: list[tuple[int, bytes]], statement: str
) -> None:
    await tamper(servers, database, statement)
    done = await repaired(servers, database)
    assert (done.taken_out, done.lost, done.copied) == ([], [], 0)
    assert await logged(servers, database) == before
    assert await is_whole(servers, database)


async def test_what_may_be_the_log_s_is_left_to_a_person(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    """The stream is lost, one event is changed, and those after it follow from each other."""
    async with on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().delete_stream(STREAM)
    await tamper(servers, database, ONES_OF_THE_LOG["the head was set back, and one is changed"])
    rows = await logged(servers, database)
    done = await repaired(servers, database)
    assert (done.taken_out, [(damage.first, damage.last) for damage in done.lost]) == ([], [(7, EVENTS)])
    assert await logged(servers, database) == rows


async def test_what_services_may_have_read_is_taken_out_when_they_have_stopped(
    servers: Servers, database: str, before: list[tuple[int, bytes]]
) -> None:
    await tamper(servers, database, copy_of(3, EVENTS + 1))
    async with connected(servers.admin_url(database)) as connection:
        await _copied(servers, await _rows(connection, f"position > {EVENTS}"))
    rows = await logged(servers, database)
    async with connected(servers.role_url("ingest", database)):
        with pytest.raises(LogRefused, match="ingest may have read it: stop the services, repair again"):
            await repaired(servers, database)
        assert await logged(servers, database) == rows
    assert len((await repaired(servers, database)).taken_out) == 1


async def test_what_was_taken_out_stays_out_when_the_repair_is_cut_off(
    servers: Servers, database: str, before: list[tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    await tamper(servers, database, copy_of(3, EVENTS + 1))
    async with connected(servers.admin_url(database)) as connection:
        await _copied(servers, await _rows(connection, f"position > {EVENTS}"))
    with monkeypatch.context() as patched:
        patched.setattr("shared.runtime.repair.compare", None)
        with pytest.raises(TypeError):
            await repaired(servers, database)
    assert (await repaired(servers, database)).copied == EVENTS
    assert await logged(servers, database) == before


async def test_no_row_gets_before_the_first(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(3))
    with pytest.raises(psycopg.errors.CheckViolation):
        await tamper(servers, database, copy_of(3, 0))


async def test_a_database_that_has_such_a_row_is_provisioned_all_the_same(servers: Servers, database: str) -> None:
    """As one of before the check, made here by undoing its migration."""
    await append(servers, database, registrations(3))
    await tamper(servers, database, NO_CHECK, copy_of(3, 0))
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("DELETE FROM public.migration WHERE name = '0006_positions.sql'")
    provision_database(servers.admin_url(), servers.passwords, database)
    with pytest.raises(psycopg.errors.CheckViolation):
        await tamper(servers, database, copy_of(3, -1))
