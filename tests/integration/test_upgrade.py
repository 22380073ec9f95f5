"""An upgrade brings workflows that a tenant's registry never had: they are registered by a command, each once."""

from dataclasses import replace

import pytest

from services.ingest import store
from services.ingest.app import DEFINITION
from services.ingest.commands import Command
from services.ingest.handlers import Handlers
from services.ingest.registry import SHIPPED
from shared.envelope import from_json
from shared.ids import new_id
from shared.runtime.appender import Appender
from shared.runtime.http import Caller
from shared.runtime.machine import Machine
from shared.runtime.queries import Queries
from shared.runtime.tables import ddl
from tests.integration.log_harness import TENANT, connected, settings_of

ASKED = Command(Caller(TENANT, "actor_00000000000000000000000000"))


@pytest.fixture
async def handlers(servers, database):
    """Ingest's commands on a database of their own, its tables made and empty."""
    settings = settings_of(servers, database, "ingest")
    url = settings.database_url.get_secret_value()
    async with connected(url, "ingest") as connection:
        for statement in ddl(store.METADATA, reader="ingest_reader"):
            await connection.execute(statement)
    made = Handlers(settings, Queries(settings, "ingest", DEFINITION.reads), Appender(url, "ingest"))
    yield made
    await made.appender.close()
    await made.queries.close()


async def test_what_the_registry_never_had_is_registered_once(handlers, servers, database) -> None:
    answer = await handlers.register_shipped(ASKED)
    assert len(answer["registered"]) == len(SHIPPED)
    again = await handlers.register_shipped(ASKED)
    assert again["position"] == answer["position"] == len(SHIPPED), "not folded yet: the log has each event once"
    async with connected(servers.role_url("ingest", database), "ingest", autocommit=False) as connection:
        rows = await (await connection.execute("SELECT position, body FROM log.events ORDER BY position")).fetchall()
        assert [from_json(body).payload for _, body in rows] == list(SHIPPED)
        machine = Machine(DEFINITION)
        await machine.start(connection)
        await machine.apply(connection, [(position, body.encode()) for position, body in rows])
    assert await handlers.register_shipped(ASKED) == {"registered": []}


async def test_a_tenant_s_first_client_brings_the_workflows_that_ship_before_it(handlers, servers, database) -> None:
    first = await handlers.register_client(ASKED, "One", None)
    assert first["position"] == len(SHIPPED) + 1, "whoever waits for the client sees the whole registry"
    await handlers.register_client(ASKED, "Two", None)
    others = await handlers.register_client(Command(Caller(new_id("tenant"), ASKED.caller.actor)), "Three", None)
    assert others["position"] == 2 * len(SHIPPED) + 3, "not folded yet: each tenant's come once"
    async with connected(servers.role_url("ingest", database), "ingest", autocommit=False) as connection:
        rows = await (await connection.execute("SELECT position, body FROM log.events ORDER BY position")).fetchall()
        assert [from_json(body).payload for _, body in rows[: len(SHIPPED)]] == list(SHIPPED)
        machine = Machine(DEFINITION)
        await machine.start(connection)
        await machine.apply(connection, [(position, body.encode()) for position, body in rows])
    assert (await handlers.register_client(ASKED, "Four", None))["position"] == others["position"] + 1


async def test_a_first_client_asked_for_again_under_its_key_is_the_same(handlers) -> None:
    asked = replace(ASKED, key="k")
    assert await handlers.register_client(asked, "One", None) == await handlers.register_client(asked, "One", None)
