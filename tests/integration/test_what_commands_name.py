"""What a command to ingest names has to be there, and to be meant: steps, items, clients."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest import handlers
from shared.ids import derive_id, named_id
from tests.integration.test_uploads import Door, opened, replica
from tests.running_servers import Servers

STEP = "enrich_email"
NAMES = ("Beta", "BETA", " beta ")


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


async def test_one_key_launches_one_batch_whoever_s_upload_it_is_of(door: Door) -> None:
    content = "First Name,Last Name,Company\nAnn,Ash,Acme\n"
    other = (await door.http.post("/v1/clients", json={"name": "Beta"})).json()["client_id"]
    await door.fold()
    uploads = [
        (await door.upload(content)).json()["upload_id"],
        (await door.upload(f"{content}B,C,D\n")).json()["upload_id"],
    ]
    door.client_id = other
    uploads.append((await door.upload(content)).json()["upload_id"])
    await door.fold()

    async def given(upload: str) -> httpx.Response:
        body, headers = {"upload_id": upload, "steps": [STEP]}, {"Idempotency-Key": "k"}
        return await door.http.post("/v1/batches", json=body, headers=headers)

    answers = await asyncio.gather(*map(given, uploads))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    first = next(answer for answer in answers if answer.status_code == 201)
    assert {told(answer) for answer in answers if answer != first} == {(409, "idempotency_conflict")}
    again = [await given(upload) for upload in uploads]
    assert [answer.json() for answer in again if answer.status_code == 201] == [first.json()]
    batch = first.json()["batch_id"]
    launches = [e for e in (await door.http.get(f"/v1/history/{batch}")).json() if e["type"] == "BatchLaunched"]
    assert len(launches) == 1


async def test_a_key_given_before_launches_were_named_by_their_batch_alone_launches_nothing_more(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "First Name,Last Name,Company\nAnn,Ash,Acme\n"
    upload = (await door.upload(content)).json()["upload_id"]
    await door.fold()

    async def given(**about: Any) -> httpx.Response:
        body = {"upload_id": upload, "steps": [STEP]} | about
        return await door.http.post("/v1/batches", json=body, headers={"Idempotency-Key": "k"})

    def before(prefix: str, batch_id: str, _: str) -> str:
        return named_id(prefix, "k", "BatchLaunched", door.client_id, batch_id)

    with monkeypatch.context() as patch:
        patch.setattr(handlers, "named_id", before)
        first = await given()
    assert (await given()).json() == first.json()
    assert told(await given(max_credits=3)) == (409, "idempotency_conflict")
    events = (await door.http.get(f"/v1/history/{first.json()['batch_id']}")).json()
    assert [event["type"] for event in events] == ["BatchLaunched"]


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


async def test_two_who_ask_for_one_name_at_once_get_one_client(
    door: Door, servers: Servers, database: str, tmp_path: Path
) -> None:
    """By two replicas, and before either has read what the other said."""

    async def added(at: Door, key: str | None, **about: Any) -> httpx.Response:
        return await at.http.post("/v1/clients", json=about, headers={"Idempotency-Key": key} if key else {})

    async with replica(servers, database, tmp_path) as other:
        asked = [(at, f"{number} {name}", name) for number, at in enumerate((door, other)) for name in NAMES]
        answers = await asyncio.gather(*(added(at, key, name=name) for at, key, name in [*asked, (door, None, "Beta")]))
        assert {answer.status_code for answer in answers} == {201}
        (client_id,) = {answer.json()["client_id"] for answer in answers}
        for changed in ({"name": "Gamma"}, {"again": True}):
            assert told(await added(other, "0 Beta", **{"name": "Beta"} | changed)) == (409, "idempotency_conflict")
        await door.fold()
        found = (await door.http.get("/v1/clients")).json()
        assert [each["client_id"] for each in found if each["name"] != "Acme"] == [client_id]
        assert told(await added(other, None, name="Beta")) == (409, "client_exists")


async def test_of_what_the_log_has_nothing_about_there_is_no_history_and_no_dead_letter(door: Door) -> None:
    batch_id = await launched(door)
    nobody, nothing = derive_id("batch", batch_id, "another"), derive_id("item", batch_id, "9")
    for path in (f"history/{nobody}", f"history/{nobody}?items=true&after=9", f"dead-letters?item_id={nothing}"):
        answer = await door.http.get(f"/v1/{path}")
        assert told(answer) == (404, "not_found"), path
        assert "the log has nothing about" in answer.text
    assert told(await door.http.post("/v1/dead-letters/retry", json={"batch_id": nobody})) == (404, "not_found")
    for path in (f"history/{batch_id}?after=999999", f"dead-letters?batch_id={batch_id}"):
        assert ((await door.http.get(f"/v1/{path}")).json(), path) == ([], path)
    assert told(await door.http.get("/v1/dead-letters?batch_id=")) == (422, "invalid_id")
    empty = {"service": "ingest", "batch_id": ""}
    assert told(await door.http.post("/v1/dead-letters/retry", json=empty)) == (422, "invalid_id")


@pytest.mark.parametrize("what", ["configs", "mappings", "pipelines", "uploads"])
async def test_nobody_has_nothing(door: Door, what: str) -> None:
    nobody = derive_id("client", door.client_id, "another")
    assert told(await door.http.get(f"/v1/clients/{nobody}/{what}")) == (404, "unknown_client")
    assert (await door.http.get(f"/v1/clients/{door.client_id}/{what}")).json() == []


async def test_of_an_upload_that_is_not_there_there_are_no_rows(door: Door) -> None:
    nobody_s = derive_id("import", door.client_id, "none")
    assert told(await door.http.get(f"/v1/uploads/{nobody_s}/rows")) == (404, "not_found")


async def test_a_pipeline_and_steps_are_not_launched_as_one_of_them(door: Door) -> None:
    ids = {"upload_id": derive_id("import", door.client_id, "1"), "pipeline_id": derive_id("pipe", door.client_id, "1")}
    for path in ("batches", "blueprints"):
        answer = await door.http.post(f"/v1/{path}", json={**ids, "steps": [STEP]})
        assert told(answer) == (422, "two_blueprints"), path


OWN = {"workstream": "apollo_scrape", "workflow": "shout"}
PHONE = {"workstream": "apollo_scrape", "workflow": "find_phone", "kind": "ASYNC", "sets": {"fax": ["fax"]}}


async def test_a_step_is_skipped_for_fields_that_an_item_can_have(door: Door) -> None:
    for workflow in (OWN | {"kind": "SYNC"}, PHONE):
        assert (await door.http.post("/v1/workflows", json=workflow)).status_code == 201
    upload = (await door.upload("First Name,Last Name,Company\nAnn,Ash,Acme\n")).json()["upload_id"]
    await door.fold()

    async def answers(unless: list[str], *before: str) -> list[httpx.Response]:
        steps = [*before, {"workflow": STEP, "unless": unless}, "split_raw_apollo_scrape_data"]
        pipeline = {"name": "full", "workstream": "apollo_scrape", "steps": steps}
        batch = {"upload_id": upload, "steps": steps}
        paths = {f"clients/{door.client_id}/pipelines": pipeline, "blueprints": batch, "batches": batch}
        return [await door.http.post(f"/v1/{path}", json=body) for path, body in paths.items()]

    for unless in (["emial"], ["email", "emial"]):
        for refused in await answers(unless, "normalize_company_name"):
            assert told(refused) == (422, "unknown_field")
            assert (
                "no field 'emial' to skip it for; did you mean email? There are: company_annual_revenue, "
                in refused.text
            )
    known = ["email", "company_name_normalized", "current_employer_name", "fax"]
    for unless, *before in ((known, "normalize_company_name"), (["emial"], OWN["workflow"])):
        assert [answer.status_code for answer in await answers(unless, *before)] == [201, 200, 201]


@pytest.mark.parametrize("domain", ["not a domain", "acme", "linkedin.com/company/acme"])
async def test_what_is_no_domain_is_not_a_client_s(door: Door, domain: str) -> None:
    assert told(await door.http.post("/v1/clients", json={"name": "New", "domain": domain})) == (422, "invalid")


async def test_a_workflow_is_of_a_workstream_that_there_is(door: Door) -> None:
    answer = await door.http.post("/v1/workflows", json=PHONE | {"workstream": "apollo_scrap"})
    assert told(answer) == (404, "unknown_workstream")
    assert "there are: apollo_scrape, crm_data" in answer.text
