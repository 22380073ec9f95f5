"""The log: nobody changes it, everybody writes only their own types, positions are gapless and chained."""

import asyncio
import hashlib
import random
from contextlib import suppress

import psycopg
import pytest
from psycopg import errors

from shared.events import CATALOGUE
from shared.ids import to_hex
from shared.runtime import log
from shared.runtime.settings import ROLES, SERVICES
from tests.integration.log_harness import (
    OTHER_TENANT,
    append,
    connected,
    event,
    logged,
    registered,
    registrations,
)
from tests.running_servers import Servers

CHANGES = {
    "UPDATE": "UPDATE log.events SET body = '{}'",
    "DELETE": "DELETE FROM log.events",
    "TRUNCATE": "TRUNCATE log.events",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
async def test_nobody_changes_the_log(servers: Servers, database: str, statement: str) -> None:
    await append(servers, database, registrations(2))
    before = await logged(servers, database)
    for role in ROLES:
        async with connected(servers.role_url(role, database)) as connection:
            with pytest.raises(errors.InsufficientPrivilege):
                await connection.execute(statement)
    async with connected(servers.admin_url(database)) as connection:
        with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            await connection.execute(statement)
    assert await logged(servers, database) == before


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_has_no_way_in_but_append(servers: Servers, database: str, role: str) -> None:
    await append(servers, database, registrations(1))
    async with connected(servers.role_url(role, database)) as connection:
        for statement in (
            "INSERT INTO log.events SELECT * FROM log.events",
            "UPDATE log.head SET position = 7",
            f"INSERT INTO log.writer VALUES ('{role}', 'Anything')",
            "ALTER TABLE log.events DISABLE TRIGGER append_only",
            "CREATE TABLE log.mine (n int)",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                await connection.execute(statement)


@pytest.mark.parametrize("role", SERVICES)
async def test_a_service_writes_its_event_types_and_no_others(servers: Servers, database: str, role: str) -> None:
    own = {entry.name for entry in CATALOGUE.values() if role in entry.writers}
    accepted = set()
    async with connected(servers.role_url(role, database)) as connection:
        for name in [*CATALOGUE, "NeverHeardOf"]:
            with suppress(errors.InsufficientPrivilege):
                await log.append(connection, [event(name, {})])
                accepted.add(name)
    assert accepted == own


async def test_one_forbidden_event_refuses_the_whole_append(servers: Servers, database: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="ingest may not write event type StepScheduled"):
        await append(servers, database, [registered("fine"), event("StepScheduled", {})])
    assert await logged(servers, database) == []


async def test_neither_relay_nor_superuser_appends(servers: Servers, database: str) -> None:
    for url in (servers.role_url("relay", database), servers.admin_url(database)):
        async with connected(url) as connection:
            with pytest.raises(errors.InsufficientPrivilege):
                await log.append(connection, registrations(1))


async def test_an_open_append_holds_the_next_one_and_leaves_no_gap(servers: Servers, database: str) -> None:
    async with connected(servers.role_url("ingest", database), autocommit=False) as first:
        assert await log.append(first, registrations(3)) == 3
        second = asyncio.create_task(append(servers, database, registrations(1)))
        await asyncio.sleep(0.15)
        assert not second.done()
        await first.rollback()
        assert await second == 1


async def test_nobody_ever_sees_a_gap(servers: Servers, database: str) -> None:
    chance = random.Random(4)
    committed: list[str] = []

    async def write() -> None:
        async with connected(servers.role_url("ingest", database), autocommit=False) as connection:
            for _ in range(15):
                events = registrations(chance.randint(1, 4))
                await log.append(connection, events)
                if chance.random() < 0.3:
                    await connection.rollback()
                else:
                    await connection.commit()
                    committed.extend(event.id for event in events)

    async def watch() -> None:
        async with connected(servers.admin_url(database)) as connection:
            while True:
                cursor = await connection.execute("SELECT count(*), coalesce(max(position), 0) FROM log.events")
                row = await cursor.fetchone()
                assert row is not None
                assert row[0] == row[1]

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(write() for _ in range(6)))
    assert not watching.done(), await watching
    watching.cancel()
    positions = [position for position, _ in await logged(servers, database)]
    assert positions == list(range(1, len(committed) + 1))


async def test_appended_twice_is_once(servers: Servers, database: str) -> None:
    known, new = registrations(3), registrations(2)
    assert await append(servers, database, known) == 3
    assert await append(servers, database, known) == 3
    assert await append(servers, database, [known[1], new[0], known[2], new[1]]) == 5
    positions = [position for position, _ in await logged(servers, database)]
    assert positions == [1, 2, 3, 4, 5]


async def test_one_id_twice_in_one_call_is_refused(servers: Servers, database: str) -> None:
    twice = registered("twin")
    with pytest.raises(errors.UniqueViolation):
        await append(servers, database, [twice, twice])
    assert await logged(servers, database) == []


async def test_the_chain_is_sha256_over_what_was_and_the_body(servers: Servers, database: str) -> None:
    for count in (1, 3, 2):
        await append(servers, database, registrations(count))
    value = b""
    async with connected(servers.admin_url(database)) as connection:
        for body, chain in await (
            await connection.execute("SELECT body, chain FROM log.events ORDER BY position")
        ).fetchall():
            value = hashlib.sha256(value + body.encode()).digest()
            assert chain == value


@pytest.mark.parametrize("service", SERVICES)
async def test_a_reader_sees_its_tenant_only(servers: Servers, database: str, service: str) -> None:
    mine, other = registered("mine"), registered("theirs", OTHER_TENANT)
    await append(servers, database, [mine, other])
    async with connected(servers.role_url(service, database)) as connection:
        assert await _visible(connection) == 2
        await connection.execute(f"SET ROLE {service}_reader".encode())
        with pytest.raises(psycopg.Error, match=r"leadstream\.tenant_id"):
            await _visible(connection)
        for tenant_id in (mine.tenant_id, other.tenant_id):
            await connection.execute("SELECT set_config('leadstream.tenant_id', %s, false)", (to_hex(tenant_id),))
            assert await _visible(connection) == 1
        with pytest.raises(errors.InsufficientPrivilege):
            await log.append(connection, [registered("as reader")])


async def _visible(connection: psycopg.AsyncConnection[tuple[int, ...]]) -> int:
    row = await (await connection.execute("SELECT count(*) FROM log.events")).fetchone()
    assert row is not None
    return row[0]
