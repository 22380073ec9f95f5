"""Leads to a webhook: every one that is wanted, in parcels, each until it is taken, whatever dies on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from services.projector.app import DEFINITION
from services.projector.pushing import push_due
from shared.envelope import Event
from shared.events import ItemCompleted
from shared.runtime.machine import Machine
from shared.runtime.outgoing import Outcomes
from shared.runtime.projection import verify
from shared.runtime.queries import Queries
from tests.integration import folding
from tests.integration.hook import Hook, listening
from tests.integration.log_harness import connected, eventually, logged, settings_of
from tests.integration.projected import Projected, opened
from tests.running_servers import Servers
from tests.unit.facts import BATCH, COMPANY_STEP, added, fact, launched

LEADS = 25
Json = dict[str, Any]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as found:
        yield found


def history() -> list[Event]:
    """Leads of the even rows."""
    rows = [2 * n for n in range(1, LEADS + 1)]
    return [launched(COMPANY_STEP, items=LEADS), *(event for row in rows for event in ended(row))]


def ended(row: int) -> list[Event]:
    fields = {"full_name": f"P{row}", "company_country": "Germany" if row % 5 else "France"}
    return [added(row, **fields), fact(ItemCompleted(0, "enrich_company"), item=row)]


@pytest.fixture
async def projected(servers: Servers, database: str) -> AsyncIterator[Projected]:
    await folding.fold(servers, database, DEFINITION, history())
    async with opened(servers, database) as found:
        yield found


@asynccontextmanager
async def leading(
    servers: Servers, database: str, secrets: Path | None = None, outcomes: Outcomes | None = None
) -> AsyncIterator[Machine[Any]]:
    """The projector's leader. `outcomes`: those of the process in which it leads; a new one's without."""
    settings = settings_of(servers, database, "projector").model_copy(
        update={"secrets_folder": secrets, "tenant": "agency"}
    )
    queries = Queries(settings, "projector", DEFINITION.reads)
    effect = partial(push_due, settings, queries=queries, outcomes=outcomes or Outcomes())
    async with folding.leading(servers, database, DEFINITION, effect) as machine:
        yield machine
    await queries.close()


async def begun(projected: Projected, hook: Hook, body: Json | None = None, **query: Any) -> str:
    answer = await projected.post("/v1/pushes", {"webhook_url": hook.url, "size": 10, **(body or {})}, **query)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["push_id"])


async def stands(projected: Projected, push_id: str, status: str) -> Json:
    async def ask() -> Any:
        answer = await projected.http.get(f"/v1/pushes/{push_id}")
        return answer.json() if answer.status_code == 200 else {"status": ""}

    return await eventually(ask, lambda push: push["status"] == status)


async def test_all_that_are_wanted_are_pushed_once_in_order(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    push_id = await begun(projected, hook, {"columns": ["row", "person_full_name"]}, company_country="Germany")
    async with leading(servers, database):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], push["parcels"], push["client_id"]) == (20, 2, None)
    rows = [row for row in range(2, 2 * LEADS + 1, 2) if row % 5]
    assert hook.rows == [rows[:10], rows[10:]]
    assert hook.keys == [f"{push_id}/1", f"{push_id}/2"]
    assert set(hook.bodies[0]["leads"][0]) == {"lead_id", "row", "person_full_name"}
    assert await projected.get("/v1/pushes", status="completed") == [push]
    verdict = await verify(servers.admin_url(database), DEFINITION)
    assert verdict.compared
    assert verdict.differences == []


async def test_without_leads_a_push_completes(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    push_id = await begun(projected, hook, company_country="Nowhere")
    async with leading(servers, database):
        assert (await stands(projected, push_id, "completed"))["leads"] == 0
    assert hook.requests == []


async def test_a_parcel_that_is_too_large_is_halved_until_it_is_taken(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.replies = [web.Response(), web.Response(status=413), web.Response(status=413)]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], push["code"]) == (LEADS, None)
    assert [len(rows) for rows in hook.rows] == [10, 10, 5, *[2] * 7, 1]
    assert sorted({row for rows in hook.rows for row in rows}) == list(range(2, 2 * LEADS + 1, 2))
    assert hook.keys[1:4] == [f"{push_id}/2"] * 3
    alone = await begun(projected, hook, {"size": 1}, q="P50")
    hook.replies = [web.Response(status=413)]
    async with leading(servers, database):
        assert (await stands(projected, alone, "failed"))["reason"] == "the webhook answered 413"


async def test_a_busy_webhook_gets_the_same_parcel_again_when_it_says(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.replies = [web.Response(status=429, headers={"Retry-After": "3"})]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], push["reason"], len(hook.requests)) == (LEADS, None, 4)
    assert hook.keys[:2] == [f"{push_id}/1"] * 2
    assert hook.bodies[0] == hook.bodies[1]
    assert hook.requests[1][0] - hook.requests[0][0] >= 2.9


async def test_what_is_refused_for_good_is_told_and_goes_on_there_when_resumed(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.replies = [web.Response(), web.Response(status=400)]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):
        push = await stands(projected, push_id, "failed")
        assert (push["leads"], push["code"], push["reason"]) == (10, "VALIDATION", "the webhook answered 400")
        assert (await projected.post(f"/v1/pushes/{push_id}/resume")).status_code == 202
        push = await stands(projected, push_id, "completed")
        assert (await projected.post(f"/v1/pushes/{push_id}/cancel")).status_code == 409
    assert (push["leads"], len(hook.requests)) == (LEADS, 4)
    assert hook.keys == [f"{push_id}/{n}" for n in (1, 2, 2, 3)]
    assert hook.rows[1] == hook.rows[2]


async def test_a_parcel_that_is_out_when_the_leader_leaves_is_recorded_and_not_sent_again(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.seconds = 0.5
    push_id = await begun(projected, hook, outcome="completed")

    async def asked() -> int:
        return len(hook.requests)

    async with leading(servers, database):
        await eventually(asked, lambda count: count == 1)
    async with leading(servers, database):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], hook.keys) == (LEADS, [f"{push_id}/{n}" for n in (1, 2, 3)])
    said = [orjson.loads(body)["payload"] for _, body in await logged(servers, database, ["ParcelPushed"])]
    assert [each["in_doubt"] for each in said] == [False, False, False]


async def test_what_came_of_a_parcel_while_the_database_was_away_is_recorded_and_not_sent_again(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.answering.clear()
    push_id = await begun(projected, hook, outcome="completed")
    outcomes = Outcomes()
    async with connected(servers.admin_url(database)) as admin:

        async def asked() -> int:
            return len(hook.requests)

        async with leading(servers, database, outcomes=outcomes):
            await eventually(asked, lambda count: count == 1)
            await admin.execute("ALTER ROLE projector NOLOGIN")
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'projector'")
            hook.answering.set()
            await asyncio.sleep(1)
        await admin.execute("ALTER ROLE projector LOGIN")
    async with leading(servers, database, outcomes=outcomes):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], hook.keys) == (LEADS, [f"{push_id}/{n}" for n in (1, 2, 3)])
    said = [orjson.loads(body)["payload"] for _, body in await logged(servers, database, ["ParcelPushed"])]
    assert [each["in_doubt"] for each in said] == [False, False, False]


async def test_an_attempt_that_a_crash_cut_off_is_sent_again_with_its_leads_and_marked(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    hook.replies = [web.Response(), None]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):

        async def asked() -> int:
            return len(hook.requests)

        await eventually(asked, lambda count: count == 2)
    await folding.fold(servers, database, DEFINITION, ended(25))
    async with leading(servers, database):
        push = await stands(projected, push_id, "completed")
    assert (push["leads"], push["parcels"]) == (LEADS, 3)
    assert hook.keys == [f"{push_id}/{n}" for n in (1, 2, 2, 3)]
    assert hook.rows[1] == hook.rows[2]
    said = [orjson.loads(body)["payload"] for _, body in await logged(servers, database, ["ParcelPushed"])]
    assert [each["in_doubt"] for each in said] == [False, True, False]


async def test_what_is_cancelled_is_not_sent(servers: Servers, database: str, projected: Projected, hook: Hook) -> None:
    hook.replies = [web.Response(status=503, headers={"Retry-After": "3"})]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):

        async def reason() -> Any:
            return (await projected.http.get(f"/v1/pushes/{push_id}")).json().get("reason")

        await eventually(reason, bool)
        assert (await projected.post(f"/v1/pushes/{push_id}/cancel")).status_code == 202
        assert (await stands(projected, push_id, "cancelled"))["leads"] == 0
        await asyncio.sleep(4)
    assert len(hook.requests) == 1


async def test_a_secret_goes_out_by_its_name_and_is_written_down_nowhere(
    servers: Servers, database: str, projected: Projected, hook: Hook, tmp_path: Path
) -> None:
    (tmp_path / "crm").write_text("Bearer hush\n")
    named = {"webhook_auth": "crm", "auth_header": "X-Api-Key"}
    push_id = await begun(projected, hook, named, outcome="completed")
    lost = await begun(projected, hook, {"webhook_auth": "nowhere"}, outcome="completed")
    async with leading(servers, database, tmp_path):
        await stands(projected, push_id, "completed")
        failed = await stands(projected, lost, "failed")
    assert {headers["x-api-key"] for _, headers, _ in hook.requests} == {"Bearer hush"}
    assert "secret 'nowhere'" in failed["reason"]
    assert not any(b"hush" in body for _, body in await logged(servers, database))


async def test_a_redirect_is_not_followed(servers: Servers, database: str, projected: Projected, hook: Hook) -> None:
    hook.replies = [web.Response(status=307, headers={"Location": hook.url})]
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):
        assert (await stands(projected, push_id, "failed"))["reason"] == "the webhook answered 307"
    assert len(hook.requests) == 1


@pytest.mark.parametrize(("body", "query", "code"), [
    ({}, {}, "empty_filter"), ({"webhook_url": "ftp://x/y"}, {"outcome": "completed"}, "invalid"),
    ({"webhook_url": "file:///etc/passwd"}, {"outcome": "completed"}, "invalid"),
    ({"webhook_url": "http://x:port"}, {"outcome": "completed"}, "invalid_url"),
    ({"webhook_url": "http://a..b/"}, {"outcome": "completed"}, "invalid_url"),
    ({"columns": ["nope"]}, {"outcome": "completed"}, "unknown_column"), ({}, {"nope": "1"}, "unknown_parameter"),
    ({"size": 101}, {"outcome": "completed"}, "invalid"), ({}, {"q": " "}, "empty_filter"),
    ({}, {"known": ","}, "empty_filter"), ({}, {"client_id": ""}, "invalid_id"), ({}, {"batch_id": ""}, "invalid_id"),
    ({}, {"company_name": "\0"}, "invalid_filter"), ({}, {"q": ["\0", "x"]}, "invalid_filter"),
    ({"webhook_url": "http://x/\0"}, {"outcome": "completed"}, "invalid"), ({"everything": "no"}, {}, "invalid"),
    ({"size": "10"}, {"outcome": "completed"}, "invalid"),
    ({"auth_header": "Content-Length"}, {"outcome": "completed"}, "invalid"),
    ({"auth_header": "idempotency-key"}, {"outcome": "completed"}, "invalid"),
])  # fmt: skip
async def test_what_cannot_be_pushed_is_refused(
    projected: Projected, hook: Hook, body: Json, query: Json, code: str
) -> None:
    answer = await projected.post("/v1/pushes", {"webhook_url": hook.url, **body}, **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


async def test_the_same_key_is_the_same_push_and_another_tenant_sees_none(
    servers: Servers, database: str, projected: Projected, hook: Hook
) -> None:
    asked = [
        await projected.post("/v1/pushes", {"webhook_url": hook.url, "everything": True}, key="one") for _ in range(2)
    ]
    (push_id,) = {answer.json()["push_id"] for answer in asked}
    for body, query in ({"everything": True, "size": 7}, {}), ({}, {"company_country": "France"}):
        other = await projected.post("/v1/pushes", {"webhook_url": hook.url, **body}, key="one", **query)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert asked[0].json() == asked[1].json()
    async with leading(servers, database), opened(servers, database, "rival") as rival:
        await stands(projected, push_id, "completed")
        assert await rival.get("/v1/pushes") == []
        assert await rival.refusal(f"/v1/pushes/{push_id}") == (404, "not_found")
        ours = await rival.post("/v1/pushes", {"webhook_url": hook.url}, batch_id=BATCH)
        assert (ours.status_code, ours.json()["error"]["code"]) == (404, "not_found")
        theirs = await begun(rival, hook, {"everything": True})
        assert (await stands(rival, theirs, "completed"))["leads"] == 0
    assert len(hook.requests) == 1
