"""What a command to ingest names has to be there, and to be meant: steps, items, clients."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.ids import derive_id
from tests.integration.test_uploads import Door, opened
from tests.running_servers import Servers

STEP = "enrich_email"


@pytest.fixture
async def door(servers: Servers, database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(servers, database, tmp_path) as found:
        yield found


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def launched(door: Door) -> str:
    """A batch of two items."""
    content = "First Name,Last Name,Company\nAnn,Ash,Acme\nBob,Elm,Beta\n"
    upload = (await door.upload(content)).json()["upload_id"]
    await door.fold()
    answer = await door.http.post("/v1/batches", json={"upload_id": upload, "steps": [STEP]})
    batch_id: str = answer.json()["batch_id"]
    await door.fold()
    return batch_id


async def test_a_retry_names_steps_and_items_of_its_batch(door: Door) -> None:
    batch_id = await launched(door)

    async def retried(**chosen: Any) -> httpx.Response:
        return await door.http.post(f"/v1/batches/{batch_id}/retry", json=chosen)

    mine, foreign = derive_id("item", batch_id, "1"), derive_id("item", batch_id, "9")
    assert told(await retried(workflow="nope")) == (422, "unknown_step")
    assert STEP in (await retried(workflow="nope")).text
    assert told(await retried(items=[mine, foreign])) == (404, "unknown_items")
    assert foreign in (await retried(items=[mine, foreign])).text
    assert (await retried(workflow=STEP, items=[mine])).status_code == 200


async def test_a_second_client_of_a_name_has_to_be_meant(door: Door) -> None:
    async def added(key: str, **about: Any) -> httpx.Response:
        answer = await door.http.post("/v1/clients", json=about, headers={"Idempotency-Key": key})
        await door.fold()
        return answer

    first = await added("1", name="Acme  Ltd", domain="https://www.acme.com")
    assert first.status_code == 201
    assert (await added("1", name="Acme  Ltd", domain="https://www.acme.com")).json() == first.json()
    second = await added("2", name="ACME LTD")
    assert told(second) == (409, "client_exists")
    assert first.json()["client_id"] in second.text
    assert (await added("3", name="ACME LTD", again=True)).status_code == 201


@pytest.mark.parametrize("domain", ["not a domain", "acme", "linkedin.com/company/acme"])
async def test_what_is_no_domain_is_not_a_client_s(door: Door, domain: str) -> None:
    assert told(await door.http.post("/v1/clients", json={"name": "New", "domain": domain})) == (422, "invalid")
