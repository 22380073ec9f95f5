"""Whoever reads tables for long holds up nothing but what changes them: no new leader, and no provisioning."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from psycopg.pq import TransactionStatus

from shared.events import CATALOGUE
from shared.runtime.database import Connection
from shared.runtime.follower import Follower
from shared.runtime.provisioning import provision_database
from tests.integration.counting import NAME, counting, in_its_schema
from tests.integration.log_harness import connected, eventually, on_nats, settings_of
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def reader(servers: Servers, database: str) -> AsyncIterator[Connection]:
    async with in_its_schema(servers, database), connected(servers.admin_url(database), autocommit=False) as reader:
        await reader.execute(
            f"SELECT (SELECT count(*) FROM log.events), (SELECT count(*) FROM log.writer), count(*)"
            f" FROM {NAME}.counter".encode()
        )
        yield reader


async def test_a_new_leader_begins(servers: Servers, database: str, reader: Connection) -> None:
    follower = Follower(counting(), settings_of(servers, database, NAME))

    async def deliver(_: object) -> None:
        return

    async def leading() -> bool:
        return follower.leading

    async with on_nats(servers.nats_url("service")) as client:
        running = asyncio.create_task(follower.run(client, deliver))
        assert await eventually(leading, bool)
        assert reader.info.transaction_status is TransactionStatus.INTRANS, "it read all the while"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_provisioned_is_provisioned_again(servers: Servers, database: str, reader: Connection) -> None:
    async with connected(servers.admin_url(database)) as admin:
        await admin.execute("DELETE FROM log.writer WHERE type = 'ItemAdded'")
        async with asyncio.timeout(15):
            await asyncio.to_thread(provision_database, servers.admin_url(), servers.passwords, database)
        writers = await (await admin.execute("SELECT role FROM log.writer WHERE type = 'ItemAdded'")).fetchall()
    assert {role for (role,) in writers} == {*CATALOGUE["ItemAdded"].writers}
    assert reader.info.transaction_status is TransactionStatus.INTRANS, "it read all the while"
