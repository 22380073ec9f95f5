"""The patrol ends when it is told to, at whatever moment: the relay waits for it before it leads anew."""

import asyncio
import gc
from random import Random

import pytest

from shared.runtime.patrol import patrol
from tests.integration.log_harness import append, on_nats, registrations, relaying, settings_of
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
SPREAD_SECONDS = 0.03


# A connection that is cut while it is being made is left to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_it_ends_at_whatever_moment_it_is_cancelled(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(50))
    chance = Random(1)
    async with relaying(servers, database), on_nats(servers.nats_url("relay")) as client:
        for _ in range(100):
            task = asyncio.create_task(patrol(settings_of(servers, database, "relay", "relay"), client))
            await asyncio.sleep(chance.uniform(0, SPREAD_SECONDS))
            task.cancel()
            done, _pending = await asyncio.wait([task], timeout=20)
            assert done, "the cancellation was lost"
    gc.collect()
