"""Whoever reads tables for long holds up nothing but what changes them: no new leader, and no provisioning."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.runtime.follower import Follower
from shared.runtime.topology import provision_database
from tests.integration.counting import NAME, counting, in_its_schema
from tests.integration.log_harness import connected, eventually, on_nats, settings_of
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def _a_long_reader(servers: Servers, database: str) -> AsyncIterator[None]:
    async with in_its_schema(servers, database), connected(servers.admin_url(database), autocommit=False) as reader:
        await reader.execute(f"SELECT (SELECT count(*) FROM log.events), count(*) FROM {NAME}.counter".encode())
        yield


@pytest.mark.usefixtures("_a_long_reader")
async def test_a_new_leader_begins(servers: Servers, database: str) -> None:
    follower = Follower(counting(), settings_of(servers, database, NAME))

    async def deliver(_: object) -> None:
        return

    async def leading() -> bool:
        return follower.leading

    async with on_nats(servers.nats_url("service")) as client:
        running = asyncio.create_task(follower.run(client, deliver))
        await eventually(leading, bool)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.usefixtures("_a_long_reader")
async def test_what_is_provisioned_is_provisioned_again(servers: Servers, database: str) -> None:
    async with asyncio.timeout(15):
        await asyncio.to_thread(provision_database, servers.admin_url(), servers.passwords, database)
