"""A service whose machine's clock is off tells the database's time from its first event on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi import FastAPI

from shared.runtime import clock, service, telemetry
from shared.runtime.service import Service
from tests.integration.counting import NAME, counting
from tests.integration.log_harness import eventually, settings_of
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
OFF = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _stopping_and_the_right_time_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(service, "_unless_stopping", lambda _: None)
    yield
    now = datetime.now(UTC)
    clock.compare(now, now, now)


async def test_the_time_is_right_before_anything_is_served(servers: Servers, database: str) -> None:
    http = FastAPI()
    Service(settings_of(servers, database, NAME), counting(), http)
    right = datetime.now(UTC)
    with time_machine.travel(right + OFF, tick=True):
        assert clock.now() - right > OFF / 2
        async with http.router.lifespan_context(http):
            assert abs(clock.now() - right) < timedelta(seconds=30)


async def test_a_clock_that_is_put_wrong_while_the_service_runs_is_corrected(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "EVERY_SECONDS", 0.05)
    http = FastAPI()
    running = Service(settings_of(servers, database, NAME), counting(), http)
    right = datetime.now(UTC)

    async def connected() -> bool:
        return bool(running.telemetry.known["database"])

    async def off() -> timedelta:
        return abs(clock.now() - right)

    async with http.router.lifespan_context(http):
        await eventually(connected, bool)
        with time_machine.travel(right + OFF, tick=True):
            assert await off() > OFF / 2
            await eventually(off, lambda off: off < timedelta(seconds=30))
