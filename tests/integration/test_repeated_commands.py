"""A command that comes again under its idempotency key is answered as before, whatever is there by now."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from shared.ids import derive_id
from tests.integration.hook import Hook
from tests.integration.projected import Projected
from tests.integration.test_pushes import begun, hook, leading, projected, stands
from tests.integration.test_uploads import Door, opened
from tests.integration.test_what_commands_name import PHONE, STEP, told
from tests.running_servers import Servers

__all__ = ["hook", "projected"]

CONFLICT = (409, "idempotency_conflict")
CONTENT = "First Name,Last Name,Company\nAnn,Ash,Acme\nBob,Elm,Beta\n"


@pytest.fixture
async def door(servers: Servers, database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(servers, database, tmp_path) as found:
        yield found


async def given(door: Door, method: str, path: str, key: str | None = None, **request: Any) -> httpx.Response:
    """The answer to a command, which is folded then."""
    answer = await door.http.request(method, path, headers={"Idempotency-Key": key} if key else {}, **request)
    await door.fold()
    return answer


async def saved(door: Door, *steps: str) -> str:
    """The id of a pipeline of these steps."""
    body = {"name": "full", "workstream": "apollo_scrape", "steps": steps}
    answer = await given(door, "POST", f"/v1/clients/{door.client_id}/pipelines", json=body)
    pipeline_id: str = answer.json()["pipeline_id"]
    return pipeline_id


async def test_what_was_taken_away_is_taken_away_again_with_the_same_answer(door: Door) -> None:
    workflow, about = f"/v1/workflows/apollo_scrape/{PHONE['workflow']}", {"workstream": "apollo_scrape"}
    config = f"/v1/clients/{door.client_id}/configs/{PHONE['workflow']}"
    await given(door, "POST", "/v1/workflows", json=PHONE)
    await given(door, "PUT", config, json=about | {"config": {"webhook_url": "https://acme.com/x"}})
    pipeline = f"/v1/pipelines/{await saved(door, STEP)}"
    for path, query in ((config, about), (pipeline, {}), (workflow, {})):
        first = await given(door, "DELETE", path, "k", params=query)
        assert first.status_code == 200, path
        assert (await given(door, "DELETE", path, "k", params=query)).json() == first.json()
        assert (await given(door, "DELETE", path, "l", params=query)).status_code == 404


async def test_what_was_set_with_what_is_gone_since_is_answered_as_before(door: Door) -> None:
    config, body = f"/v1/clients/{door.client_id}/configs/find_phone", {"workstream": "apollo_scrape", "config": {}}
    pipelines = f"/v1/clients/{door.client_id}/pipelines"
    pipeline = {"name": "full", "workstream": "apollo_scrape", "steps": ["find_phone"]}
    await given(door, "POST", "/v1/workflows", json=PHONE)
    asked: list[tuple[str, str, dict[str, Any]]] = [("PUT", config, body), ("POST", pipelines, pipeline)]
    first = [await given(door, method, path, "k", json=about) for method, path, about in asked]
    await given(door, "DELETE", "/v1/workflows/apollo_scrape/find_phone")
    for before, (method, path, about) in zip(first, asked, strict=True):
        assert before.is_success
        assert (await given(door, method, path, "k", json=about)).json() == before.json()
        assert told(await given(door, method, path, "k", json=about | {"name": "other"})) == CONFLICT
        assert (await given(door, method, path, "l", json=about)).status_code == 404


async def test_a_launch_is_answered_as_before_though_its_pipeline_is_another_or_none_by_now(door: Door) -> None:
    upload = (await door.upload(CONTENT)).json()["upload_id"]
    body = {"upload_id": upload, "pipeline_id": await saved(door, STEP), "rows": [2]}
    first = (await given(door, "POST", "/v1/batches", "k", json=body)).json()
    assert (first["blueprint"], first["items"]) == ([STEP], 1)
    await saved(door, "normalize_company_name", STEP)
    assert (await given(door, "POST", "/v1/batches", "k", json=body)).json() == first
    await given(door, "DELETE", f"/v1/pipelines/{body['pipeline_id']}")
    assert (await given(door, "POST", "/v1/batches", "k", json=body)).json() == first
    nothing = derive_id("import", upload, "none")
    for changed in (
        {"rows": None}, {"upload_id": nothing}, {"max_credits": 1}, {"config": {STEP: {"credits": 2}}},
        {"pipeline_id": None, "steps": [STEP]}, {"steps": [STEP]},
    ):  # fmt: skip
        assert told(await given(door, "POST", "/v1/batches", "k", json=body | changed)) == CONFLICT, changed
    events = (await door.http.get(f"/v1/history/{first['batch_id']}")).json()
    assert [event["type"] for event in events].count("BatchLaunched") == 1


async def test_one_key_takes_one_file_again(door: Door) -> None:
    await door.upload(CONTENT)
    first = await door.upload(CONTENT, key="k", again=True)
    await door.fold()
    for changed in ({"content": f"{CONTENT}C,D,E\n"}, {"workstream": "crm_data"}, {"map": "email=Company"}):
        assert told(await door.upload(**{"content": CONTENT, "key": "k", "again": True} | changed)) == CONFLICT
    assert (await door.upload(CONTENT, key="k", again=True)).json()["upload_id"] == first.json()["upload_id"]
    assert len((await door.http.get(f"/v1/clients/{door.client_id}/uploads")).json()) == 2


async def test_of_two_files_at_once_under_one_key_one_is_taken(door: Door) -> None:
    files = [CONTENT, f"{CONTENT}C,D,E\n", f"{CONTENT}F,G,H\n"]
    answers = await asyncio.gather(*(door.upload(content, key="k", again=True) for content in files))
    await door.fold()
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    (upload,) = (await door.http.get(f"/v1/clients/{door.client_id}/uploads")).json()
    assert (upload["status"], upload["staged"]) == ("ready", upload["rows"])


async def test_a_push_is_resumed_and_cancelled_again_with_the_same_answer(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.replies = [web.Response(status=400), web.Response(status=400)]
    pushes = [await begun(projected, hook, outcome="completed") for _ in range(2)]
    async with leading(servers, database):
        for push_id in pushes:
            await stands(projected, push_id, "failed")
        for push_id, action, then in zip(pushes, ("resume", "cancel"), ("completed", "cancelled"), strict=True):
            path = f"/v1/pushes/{push_id}/{action}"
            first = await projected.post(path, key="k")
            assert first.status_code == 202
            await stands(projected, push_id, then)
            assert (await projected.post(path, key="k")).json() == first.json()
            assert (await projected.post(path, key="l")).status_code == 409
