"""How much a plan may ask of the process that sends."""

import asyncio
from dataclasses import asdict
from typing import Any

import httpx
import orjson
import pytest

from services.dispatcher import api, handlers
from services.dispatcher.webhooks import Webhooks
from shared.events import BatchLaunched
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from tests.unit.facts import CLIENT, COMPANY_STEP, UPLOAD

STEP = {"workflow": "enrich", "kind": "ASYNC", "scope": "company"}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many plans were being made whenever one was begun."""
    found: list[int] = []
    running = 0

    async def plan(*_: Any) -> dict[str, Any]:
        nonlocal running
        running += 1
        found.append(running)
        await asyncio.sleep(0.01)
        running -= 1
        return {"items": 0, "calls": 0, "credits": 0.0, "missing": [], "steps": []}

    monkeypatch.setattr(handlers, "plan", plan)
    return found


async def asked(*bodies: dict[str, Any] | bytes) -> list[httpx.Response]:
    settings = Settings()
    app = api.build(settings, Queries(settings, "dispatcher", ()), Webhooks(), {})
    plan = {"client_id": CLIENT, "upload_id": UPLOAD, "workstream": "apollo_scrape", "blueprint": [STEP]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        whole = [body if isinstance(body, bytes) else orjson.dumps(plan | body) for body in bodies]
        headers = {"Content-Type": "application/json"}
        return await asyncio.gather(*(client.post("/v1/plans", content=body, headers=headers) for body in whole))


async def test_plans_are_made_one_at_a_time(planned: list[int]) -> None:
    answers = await asked({}, {}, {"rows": list(range(1, 100_001))})
    assert ([answer.status_code for answer in answers], planned) == ([200] * 3, [1] * 3)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"blueprint": [STEP | {"workflow": f"enrich_{number}"} for number in range(101)]}, "at most 100 items"),
        ({"blueprint": [STEP, STEP]}, "each step may stand once; repeated: enrich"),
        ({"rows": list(range(1, 100_002))}, "at most 100000 items"),
        ({"rows": [2**63]}, "more than 64 bits"),
        ({"rows": ["1"]}, "valid integer"),
        ({"blueprint": [STEP | {"credits": -1}]}, "greater than or equal to 0"),
        ({"blueprint": [STEP | {"credits": 1e300}]}, "less than or equal to"),
        ({"blueprint": [STEP | {"credits": True}]}, "valid number"),
        ({"blueprint": [STEP | {"workflow": "x y"}]}, "match pattern"),
        ({"blueprint": [STEP | {"prize": 1}]}, "Extra inputs"),
        ({"configs": {}}, "Extra inputs"),
    ],
)
async def test_a_plan_that_asks_too_much_is_refused(planned: list[int], body: dict[str, Any], says: str) -> None:
    (answer,) = await asked(body)
    assert (answer.status_code, answer.json()["error"]["code"], planned) == (422, "invalid", [])
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(("name", "value"), [("workflow", rb'"\ud800"'), ("credits", b"NaN"), ("credits", b"1e999")])
async def test_a_plan_of_what_is_no_json_or_no_text_is_refused(planned: list[int], name: str, value: bytes) -> None:
    step = {key: orjson.dumps(told) for key, told in STEP.items()} | {name: value}
    blueprint = b",".join(b'"%s": %s' % (key.encode(), told) for key, told in step.items())
    (answer,) = await asked(b'{"blueprint": [{' + blueprint + b"}]}")
    assert (answer.status_code, answer.json()["error"]["code"], planned) == (422, "invalid", [])


async def test_a_blueprint_is_planned_as_ingest_gives_it(planned: list[int]) -> None:
    launch = BatchLaunched(UPLOAD, "apollo_scrape", [COMPANY_STEP], 3, None, None, {}, 10.0)
    (answer,) = await asked({"client_id": CLIENT, **asdict(launch), "missing": ["a sentence"]})
    assert (answer.status_code, planned) == (200, [1])
