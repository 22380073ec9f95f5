"""Rows that stand where the log is not, before its first position or after its end: told, and taken out by repair."""

import asyncio

import psycopg
import pytest

from shared.runtime import patrol
from shared.runtime.database import Connection
from shared.runtime.patrol_rounds import Rounds
from shared.runtime.provisioning import provision_database
from tests.integration.damaging import EVENTS, NO_CHECK, copied, tamper
from tests.integration.log_harness import append, connected, logged, on_nats, registrations
from tests.integration.test_patrol_rounds import Whole
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
COLUMNS = "type, slot, tenant_id, client_id, batch_id, item_id, entity_id, occurred_at, body"


def copy_of(position: int, place: int, chain: str = "'\\xdeadbeef'") -> str:
    """A row that somebody adds: one of the log's, with an id of its own, in another place."""
    return (
        f"INSERT INTO log.events SELECT {place}, gen_random_uuid(), {COLUMNS}, {chain} "
        f"FROM log.events WHERE position = {position}"
    )


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
