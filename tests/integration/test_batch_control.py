"""What has ended is neither paused nor resumed; a command that was given before is answered as it was then."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.events import BatchCompleted
from shared.runtime import log
from tests.integration.log_harness import connected
from tests.integration.test_uploads import Door, opened
from tests.integration.test_what_commands_name import launched, told
from tests.running_servers import Servers
from tests.unit.facts import fact


class Batch:
    """A batch, and what people and the sequencer say about it."""

    def __init__(self, door: Door, url: str, batch_id: str) -> None:
        self.http, self.url, self.batch_id, self.client_id = door.http, url, batch_id, door.client_id

    async def told(self, action: str, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(f"/v1/batches/{self.batch_id}/{action}", json=body, headers=headers)

    async def ends(self, completed: int, failed: int) -> None:
        (first, *_) = await self.events()
        event = fact(BatchCompleted(completed, failed), client_id=self.client_id, batch_id=self.batch_id)
        async with connected(self.url, autocommit=True) as sequencer:
            await log.append(sequencer, [replace(event, tenant_id=first["tenant_id"])])

    async def events(self) -> list[dict[str, Any]]:
        return list((await self.http.get(f"/v1/history/{self.batch_id}")).json())


@pytest.fixture
async def batch(servers: Servers, database: str, tmp_path: Path) -> AsyncIterator[Batch]:
    async with opened(servers, database, tmp_path) as door:
        yield Batch(door, servers.role_url("sequencer", database), await launched(door))


@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_a_batch_that_has_ended_is_refused_and_nothing_is_said_of_it(batch: Batch, action: str) -> None:
    first = await batch.told(action, "k", reason="short")
    assert first.status_code == 200
    await batch.ends(1, 1)
    said = len(await batch.events())
    assert told(await batch.told(action)) == (409, "batch_ended")
    assert (await batch.told(action, "k", reason="short")).json() == first.json()
    assert told(await batch.told(action, "k", reason="another")) == (409, "idempotency_conflict")
    assert len(await batch.events()) == said
    assert (await batch.told("retry", everything=True)).status_code == 200
    assert (await batch.told(action)).status_code == 200
    await batch.ends(2, 0)
    assert told(await batch.told(action)) == (409, "batch_ended")


@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_nor_is_one_that_was_cancelled(batch: Batch, action: str) -> None:
    first = await batch.told(action, "k")
    assert (await batch.told("cancel")).status_code == 200
    assert told(await batch.told(action)) == (409, "batch_cancelled")
    assert (await batch.told(action, "k")).json() == first.json()


async def test_a_batch_that_has_ended_can_be_cancelled(batch: Batch) -> None:
    await batch.ends(1, 1)
    assert (await batch.told("cancel")).status_code == 200


@pytest.mark.parametrize("action", ["pause", "cancel"])
async def test_what_a_batch_may_spend_is_said_as_it_is_resumed(batch: Batch, action: str) -> None:
    said = len(await batch.events())
    assert told(await batch.told(action, max_credits=5)) == (422, "no_resume")
    assert len(await batch.events()) == said
    assert (await batch.told("resume", max_credits=5)).status_code == 200
    assert (await batch.told(action, max_credits=None)).status_code == 200
