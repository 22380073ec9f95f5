"""Verify and rebuild: the tables are what the log says, or it is said where they differ; and a way back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from psycopg import errors

from shared.ids import to_hex
from shared.runtime import projection
from shared.runtime.database import Connection
from shared.runtime.log import position_at
from shared.runtime.machine import Machine
from shared.runtime.projection import as_of, old_schema, rebuild, rebuild_schema, undo, verify
from shared.runtime.refusals import Impossible
from shared.runtime.shadow import Busy, opened
from shared.runtime.table_comparison import SHOWN, Difference
from tests.integration.counting import NAME, Faults, State, checkpoint, counting, counts, in_its_schema
from tests.integration.log_harness import OTHER_TENANT, TENANT, append, connected, eventually, logged, registered
from tests.running_servers import Servers

COUNTED = {"a": 3, "b": 1, "c": 2}
TAMPERING = {
    "a changed row": ("UPDATE counter SET count = 9 WHERE name = 'a'", ("a", 9, 3, 4)),
    "a missing row": ("DELETE FROM counter WHERE name = 'b'", ("b", None, 1, 3)),
    "an extra row": (f"INSERT INTO counter VALUES ('d', '{to_hex(TENANT)}', 7)", ("d", 7, None, 6)),
}


@pytest.fixture
async def connection(servers: Servers, database: str) -> AsyncIterator[Connection]:
    """The service's connection, after it has counted some clients and left a note."""
    await append(servers, database, [registered(name) for name in "aabacc"])
    async with in_its_schema(servers, database) as connection:
        await count_on(connection, servers, database)
        await connection.execute("INSERT INTO note VALUES ('of this process')")
        await connection.commit()
        yield connection


async def count_on(connection: Connection, servers: Servers, database: str) -> None:
    """What the service does when it starts: go on from its checkpoint."""
    machine: Machine[State] = Machine(counting())
    after = await machine.start(connection)
    found = [message for message in await logged(servers, database, ["ClientRegistered"]) if message[0] > after]
    if found:
        await machine.apply(connection, found)


def _told(differences: list[Difference]) -> list[tuple[str, int | None, int | None, int | None]]:
    """Of each difference its name, the live count, the replayed one, and the position of the event about it."""
    assert {difference.table for difference in differences} <= {"counter"}
    return [
        (
            each.key["name"],
            each.live and each.live["count"],
            each.replayed and each.replayed["count"],
            each.event and each.event.position,
        )
        for each in differences
    ]


async def schemas(servers: Servers, database: str) -> set[str]:
    async with connected(servers.admin_url(database)) as connection:
        cursor = await connection.execute("SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'")
        return {row[0] for row in await cursor.fetchall()}


async def test_what_was_folded_live_is_identical(servers: Servers, database: str, connection: Connection) -> None:
    before = await schemas(servers, database), await logged(servers, database)
    verdict = await verify(servers.admin_url(database), counting())
    assert (verdict.service, verdict.position, verdict.events) == (NAME, 6, 6)
    assert (verdict.rows, verdict.differences, verdict.different_rows) == ({"counter": 3}, [], 0)
    assert (await schemas(servers, database), await logged(servers, database)) == before


async def test_events_after_the_checkpoint_are_no_difference(
    servers: Servers, database: str, connection: Connection
) -> None:
    await append(servers, database, [registered("later")])
    verdict = await verify(servers.admin_url(database), counting())
    assert (verdict.position, verdict.different_rows) == (6, 0)


@pytest.mark.parametrize(("statement", "expected"), TAMPERING.values(), ids=TAMPERING)
async def test_a_difference_is_found_and_named_and_rebuilt_away(
    servers: Servers,
    database: str,
    connection: Connection,
    statement: str,
    expected: tuple[str, int | None, int | None, int],
) -> None:
    await connection.execute(statement.encode())
    await connection.commit()
    for look in (verify, rebuild):
        verdict = await look(servers.admin_url(database), counting())
        assert (_told(verdict.differences), verdict.different_rows) == ([expected], 1)
    assert (await verify(servers.admin_url(database), counting())).different_rows == 0
    assert await counts(servers, database) == COUNTED


@pytest.mark.parametrize(("listed", "more"), [(SHOWN, {"counter": 40}), (49, {"counter": 1}), (50, {})])
async def test_many_differences_are_counted_and_as_many_listed_as_are_asked_for(
    servers: Servers, database: str, connection: Connection, listed: int, more: dict[str, int]
) -> None:
    statement = f"INSERT INTO counter SELECT 'd' || n, '{to_hex(TENANT)}', 1 FROM generate_series(1, 50) n"
    await connection.execute(statement.encode())
    await connection.commit()
    verdict = await verify(servers.admin_url(database), counting(), listed)
    assert (len(verdict.differences), verdict.different_rows, verdict.not_listed) == (listed, 50, more)
    assert [bool(each.event) for each in verdict.differences] == [True] * SHOWN + [False] * (listed - SHOWN)


async def test_a_fold_that_comes_out_otherwise_is_a_difference(
    servers: Servers, database: str, connection: Connection
) -> None:
    verdict = await verify(servers.admin_url(database), counting(Faults(poison="b")))
    assert _told(verdict.differences) == [("b", 1, None, 3)]
    assert list(verdict.failures) == [3]
    assert await logged(servers, database, ["EventDeadLettered"]) == []


async def test_a_rebuilt_service_goes_on(servers: Servers, database: str, connection: Connection) -> None:
    before = await schemas(servers, database)
    verdict = await rebuild(servers.admin_url(database), counting())
    assert (verdict.position, verdict.rows, verdict.different_rows) == (6, {"counter": 3}, 0)
    assert await schemas(servers, database) == before | {old_schema(NAME)}
    with pytest.raises(errors.AdminShutdown):
        await connection.execute("SELECT 1")
    await append(servers, database, [registered("a"), registered("d", OTHER_TENANT)])
    async with in_its_schema(servers, database) as anew:
        await count_on(anew, servers, database)
        row = await (await anew.execute("SELECT text FROM note")).fetchone()
    assert row == ("of this process",)
    assert await counts(servers, database) == COUNTED | {"a": 4, "d": 1}
    assert await checkpoint(servers, database) == 10
    assert len(await logged(servers, database, ["BatchCompleted"])) == 3
    assert (await verify(servers.admin_url(database), counting())).different_rows == 0


async def test_after_a_rebuild_a_reader_sees_its_tenant_only(
    servers: Servers, database: str, connection: Connection
) -> None:
    await append(servers, database, [registered("d", OTHER_TENANT)])
    await count_on(connection, servers, database)
    await rebuild(servers.admin_url(database), counting())
    async with connected(servers.role_url(NAME, database), search_path=NAME) as reader:
        await reader.execute(f"SET ROLE {NAME}_reader".encode())
        for tenant_id, names in ((TENANT, ["a", "b", "c"]), (OTHER_TENANT, ["d"])):
            await reader.execute("SELECT set_config('leadstream.tenant_id', %s, false)", (to_hex(tenant_id),))
            cursor = await reader.execute("SELECT name FROM counter ORDER BY name")
            assert [row[0] for row in await cursor.fetchall()] == names


async def test_a_rebuild_comes_through_while_the_service_is_in_a_batch(
    servers: Servers, database: str, connection: Connection
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    machine: Machine[State] = Machine(counting(Faults(on_save=wait)))
    after = await machine.start(connection)
    await append(servers, database, [registered("a")])
    found = [message for message in await logged(servers, database, ["ClientRegistered"]) if message[0] > after]
    await connection.execute("SELECT * FROM counter")
    applying = asyncio.create_task(machine.apply(connection, found))
    await begun.wait()
    rebuilding = asyncio.create_task(rebuild(servers.admin_url(database), counting()))
    async with connected(servers.admin_url(database)) as watching:
        await eventually(lambda: _sessions(watching, connection.info.backend_pid), lambda left: left == 0)
    go_on.set()
    verdict = await asyncio.wait_for(rebuilding, 60)
    assert verdict.different_rows == 0
    with pytest.raises(errors.OperationalError):
        await applying
    async with in_its_schema(servers, database) as anew:
        await count_on(anew, servers, database)
    assert await counts(servers, database) == COUNTED | {"a": 4}


async def _sessions(connection: Connection, pid: int) -> int:
    cursor = await connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,))
    return len(await cursor.fetchall())


async def test_a_rebuild_goes_on_where_it_was_interrupted(
    servers: Servers, database: str, connection: Connection
) -> None:
    async with opened(servers.admin_url(database), counting(), rebuild_schema(NAME), lock=NAME) as shadow:
        await shadow.begin()
        await shadow.fold(4)
    verdict = await rebuild(servers.admin_url(database), counting())
    assert (verdict.events, verdict.position, verdict.different_rows) == (2, 6, 0)
    assert await counts(servers, database) == COUNTED


async def test_what_another_program_had_begun_is_begun_anew(
    servers: Servers, database: str, connection: Connection
) -> None:
    async with opened(servers.admin_url(database), counting(), rebuild_schema(NAME), lock=NAME) as shadow:
        await shadow.begin()
        await shadow.fold(4)
        await shadow.connection.execute(f"COMMENT ON SCHEMA {shadow.schema} IS 'another'")
    assert (await rebuild(servers.admin_url(database), counting())).events == 6


async def test_a_second_rebuild_at_the_same_time_is_refused(
    servers: Servers, database: str, connection: Connection
) -> None:
    async with opened(servers.admin_url(database), counting(), rebuild_schema(NAME), lock=NAME):
        for act in (rebuild, undo):
            with pytest.raises(Busy, match="another command works on sequencer"):
                await act(servers.admin_url(database), counting())
    assert (await rebuild(servers.admin_url(database), counting())).events == 6


async def test_a_rebuild_is_undone_and_the_service_goes_on_from_there(
    servers: Servers, database: str, connection: Connection
) -> None:
    await connection.execute("UPDATE counter SET count = 9 WHERE name = 'a'")
    await connection.commit()
    assert (await rebuild(servers.admin_url(database), counting())).undoable
    await append(servers, database, [registered("b")])
    async with in_its_schema(servers, database) as anew:
        await count_on(anew, servers, database)
    assert (await undo(servers.admin_url(database), counting())).position == 9
    assert await counts(servers, database) == COUNTED | {"a": 9, "b": 2}
    assert (await undo(servers.admin_url(database), counting())).undoable
    assert await counts(servers, database) == COUNTED | {"b": 2}


async def test_a_rebuild_that_does_not_come_about_leaves_the_last_one_to_be_undone(
    servers: Servers, database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "LOCK_TRIES", 1)
    await connection.execute("UPDATE counter SET count = 9 WHERE name = 'a'")
    await connection.commit()
    await rebuild(servers.admin_url(database), counting())
    async with connected(servers.admin_url(database), autocommit=False) as reader:
        await reader.execute(f"SELECT FROM {NAME}.note".encode())
        with pytest.raises(Impossible, match="in use for long"):
            await rebuild(servers.admin_url(database), counting())
    await undo(servers.admin_url(database), counting())
    assert await counts(servers, database) == COUNTED | {"a": 9}


async def test_there_is_nothing_to_undo_before_a_rebuild(
    servers: Servers, database: str, connection: Connection
) -> None:
    with pytest.raises(Impossible, match="no rebuild of sequencer to undo"):
        await undo(servers.admin_url(database), counting())


async def test_what_cannot_be_folded_is_not_swapped_in(servers: Servers, database: str, connection: Connection) -> None:
    before = await schemas(servers, database)
    with pytest.raises(Impossible, match="position 3: ValueError: b cannot be counted"):
        await rebuild(servers.admin_url(database), counting(Faults(poison="b")))
    assert (await counts(servers, database), await schemas(servers, database)) == (COUNTED, before)


async def test_the_state_as_it_was_is_looked_at_beside_the_live_one(
    servers: Servers, database: str, connection: Connection
) -> None:
    verdict = await as_of(servers.admin_url(database), counting(), 3, "yesterday")
    assert (verdict.position, verdict.rows, verdict.schema) == (3, {"counter": 2}, "yesterday")
    async with connected(servers.admin_url(database)) as admin:
        cursor = await admin.execute("SELECT name, count FROM yesterday.counter ORDER BY name")
        assert await cursor.fetchall() == [("a", 2), ("b", 1)]
    assert await counts(servers, database) == COUNTED
    with pytest.raises(Impossible, match="there is a schema sequencer already"):
        await as_of(servers.admin_url(database), counting(), 3, NAME)


async def test_a_position_that_does_not_exist_is_refused(
    servers: Servers, database: str, connection: Connection
) -> None:
    before = await schemas(servers, database)
    with pytest.raises(Impossible, match="position 9 does not exist: the log has positions 1 to 8"):
        await as_of(servers.admin_url(database), counting(), 9, "never")
    assert await schemas(servers, database) == before


async def test_a_time_is_the_last_position_of_what_had_occurred(
    servers: Servers, database: str, connection: Connection
) -> None:
    async with connected(servers.admin_url(database)) as admin:
        cursor = await admin.execute("SELECT occurred_at FROM log.events ORDER BY position")
        times = [row[0] for row in await cursor.fetchall()]
        assert await position_at(admin, times[2]) == 3
        assert await position_at(admin, times[0] - timedelta(seconds=1)) == 0
