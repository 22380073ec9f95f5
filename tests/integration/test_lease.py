"""A leader that stands still within a batch does not hold up the others for long."""

import asyncio

import psycopg
import pytest

from shared.runtime import follower
from shared.runtime.follower import Follower
from tests.integration.counting import NAME, counting, in_its_schema
from tests.integration.log_harness import settings_of
from tests.running_servers import Servers


async def test_a_leader_that_stands_still_within_a_batch_loses_its_lease(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "IDLE_IN_BATCH_SECONDS", 1)
    settings = settings_of(servers, database, NAME)
    async with in_its_schema(servers, database) as first, in_its_schema(servers, database) as second:
        await Follower(counting(), settings)._become_leader(first)
        await Follower(counting(), settings).machine.start(first)
        next_one = asyncio.create_task(Follower(counting(), settings)._become_leader(second))
        async with asyncio.timeout(20):
            await first.execute("UPDATE checkpoint SET position = 1")
            await next_one  # what stands still sends nothing
        with pytest.raises(psycopg.Error):
            await first.commit()
        cursor = await second.execute("SELECT position FROM checkpoint")
        assert await cursor.fetchone() == (0,)
