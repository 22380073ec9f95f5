"""What repair does with a log whose stream is lost: what the log proves by itself is mended, the rest is said."""

import pytest

from shared.subjects import STREAM
from tests.integration.damaging import EVENTS, is_whole, repaired, tamper
from tests.integration.log_harness import append, on_nats, registrations
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def alone(servers: Servers, database: str) -> None:
    """A log, and no stream."""
    await append(servers, database, registrations(EVENTS))
    async with on_nats(servers.nats_url("provision")) as client:
        await client.jetstream().delete_stream(STREAM)


@pytest.mark.parametrize(
    "column", ["type = 'BatchPaused'", "slot = 64", "tenant_id = gen_random_uuid()", "occurred_at = now()"]
)
async def test_a_column_is_mended_by_the_body_beside_it(
    servers: Servers, database: str, alone: None, column: str
) -> None:
    await tamper(servers, database, f"UPDATE log.events SET {column} WHERE position IN (3, 4, {EVENTS})")
    done = await repaired(servers, database)
    assert (done.restored, done.lost, done.copied) == ([3, 4, EVENTS], [], EVENTS)
    assert await is_whole(servers, database)


async def test_what_neither_side_has_is_said(servers: Servers, database: str, alone: None) -> None:
    await tamper(servers, database, "UPDATE log.events SET body = body || ' ' WHERE position = 3")
    done = await repaired(servers, database)
    assert [(damage.side, damage.first, damage.last) for damage in done.lost] == [("log", 3, 3)]
    assert (done.restored, done.copied) == ([], 0)


async def test_what_was_written_and_is_no_event_is_said(servers: Servers, database: str) -> None:
    """Its hash says that it was there ever since: nobody has another one."""
    await append(servers, database, registrations(2))
    await tamper(
        servers,
        database,
        "INSERT INTO log.events SELECT 3, gen_random_uuid(), type, slot, tenant_id, client_id, batch_id, item_id,"
        " entity_id, occurred_at, 'x', sha256(chain || 'x') FROM log.events WHERE position = 2",
        "UPDATE log.head SET (position, chain) = (SELECT position, chain FROM log.events WHERE position = 3)",
    )
    assert [str(damage) for damage in (await repaired(servers, database)).lost] == [
        "log, position 3: the body is no event (JSONDecodeError)"
    ]
