"""How much a plan may ask of the process that sends."""

import asyncio
from typing import Any

import httpx
import pytest

from services.dispatcher import api, handlers
from services.dispatcher.webhooks import Webhooks
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from tests.unit.facts import CLIENT, UPLOAD

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
        return {}

    monkeypatch.setattr(handlers, "plan", plan)
    return found


async def asked(*bodies: dict[str, Any]) -> list[httpx.Response]:
    settings = Settings()
    app = api.build(settings, Queries(settings, "dispatcher", ()), Webhooks(), {})
    plan = {"client_id": CLIENT, "upload_id": UPLOAD, "workstream": "apollo_scrape", "blueprint": [STEP]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await asyncio.gather(*(client.post("/v1/plans", json=plan | body) for body in bodies))


async def test_plans_are_made_one_at_a_time(planned: list[int]) -> None:
    answers = await asked({}, {}, {"rows": list(range(1, 100_001))})
    assert ([answer.status_code for answer in answers], planned) == ([200] * 3, [1] * 3)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"blueprint": [STEP | {"workflow": f"enrich_{number}"} for number in range(101)]}, "at most 100 items"),
        ({"blueprint": [STEP, STEP]}, "each step may stand once; repeated: enrich"),
        ({"rows": list(range(1, 100_002))}, "at most 100000 items"),
        ({"rows": [2**63]}, "less than or equal to"),
    ],
)
async def test_a_plan_that_asks_too_much_is_refused(planned: list[int], body: dict[str, Any], says: str) -> None:
    (answer,) = await asked(body)
    assert (answer.status_code, answer.json()["error"]["code"], planned) == (422, "invalid", [])
    assert says in answer.json()["error"]["message"]
