"""A static secret rotates: the new one counts at once, the one before goes on for a day, and wrong ones cost little."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.callbacks.domain import OVERLAP
from services.callbacks.secrets import LEAST_SECONDS, Secrets
from services.callbacks.store import SECRETS
from shared.events import ConfigurationRemoved, WorkflowConfigured
from shared.runtime.ports import free_ports
from tests.integration.callbacks_door import CLIENT, PERSON, PROFILE, WORKFLOW, Door, beside, opened
from tests.integration.log_harness import append, event
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
BODY = PROFILE | {"person_id": PERSON}


@pytest.fixture
async def door(servers: Servers, database: str) -> AsyncIterator[Door]:
    async with opened(servers, database) as door:
        yield door


async def changed(door: Door, secret: str | None, ago: timedelta = timedelta()) -> None:
    """The settings say another secret now, or none."""
    config = {"callback_secret_sha256": hashlib.sha256(secret.encode()).hexdigest()} if secret else {}
    told = replace(event("WorkflowConfigured", WorkflowConfigured(WORKFLOW, "apollo_scrape", config)), version=2)
    await append(door.servers, door.database, [replace(told, client_id=CLIENT, occurred_at=datetime.now(UTC) - ago)])
    await door.fold()


async def statuses(door: Door, *secrets: str) -> list[int]:
    return [(await door.by_secret(secret, BODY)).status_code for secret in secrets]


async def test_a_new_secret_counts_at_once_and_the_one_before_it_goes_on(door: Door) -> None:
    assert await statuses(door, "open sesame") == [202]
    await changed(door, "open barley")
    assert await statuses(door, "open barley", "open sesame") == [202, 202]
    await changed(door, "open oats")
    assert await statuses(door, "open oats", "open barley", "open sesame") == [202, 202, 401]


async def test_the_one_before_goes_on_for_a_day(door: Door) -> None:
    await changed(door, "open barley", ago=OVERLAP + timedelta(minutes=1))
    assert await statuses(door, "open barley", "open sesame") == [202, 401]


async def test_a_secret_that_is_taken_away_takes_the_one_before_with_it(door: Door) -> None:
    await changed(door, "open barley")
    await changed(door, None)
    assert await statuses(door, "open barley", "open sesame") == [401, 401]
    await changed(door, "open oats")
    assert await statuses(door, "open oats", "open barley") == [202, 401]


async def test_settings_that_are_removed_take_both_away(door: Door) -> None:
    await changed(door, "open barley")
    removed = event("ConfigurationRemoved", ConfigurationRemoved(WORKFLOW, "apollo_scrape", "default"))
    await append(door.servers, door.database, [replace(removed, client_id=CLIENT)])
    await door.fold()
    assert await statuses(door, "open barley", "open sesame") == [401, 401]


async def test_a_flood_of_wrong_secrets_is_no_flood_of_queries(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    read, select = [], SECRETS.select

    async def counted(*arguments):
        read.append(asyncio.get_running_loop().time())
        return await select(*arguments)

    monkeypatch.setattr(SECRETS, "select", counted)
    replies = await asyncio.gather(*(door.by_secret("open barley", BODY) for _ in range(200)))
    assert {reply.status_code for reply in replies} == {401}
    assert len(read) <= 2 + (read[-1] - read[0]) / LEAST_SECONDS


async def test_while_the_database_is_away_secrets_that_are_known_are_taken_and_none_is_wrong(door: Door) -> None:
    assert await statuses(door, "open sesame") == [202]
    away = Secrets(door.receiver.settings)
    away._url = f"postgresql://callbacks:x@127.0.0.1:{free_ports(1)[0]}/none"
    away._known = door.receiver.secrets._known
    door.receiver.secrets = away
    async with beside(away.refresh_for_ever()):
        assert await statuses(door, "open sesame", "open barley") == [202, 503]
