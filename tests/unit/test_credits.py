"""Credits as people are told them: no tenth adds up to more than it is, and every cap is said."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app
from services.dispatcher.configuration import told_credits
from services.dispatcher.plans import StepPlan

BATCH = "batch_00000000000000000000000001"
PLACES = {name: Endpoint(name, f"http://{name}") for name in ("ingest", "dispatcher")}


def test_tenths_add_up() -> None:
    assert told_credits(0.1 + 0.2) == 0.3
    assert told_credits(189.29999999999998) == 189.3


def test_a_plan_costs_what_its_calls_cost() -> None:
    step = {"workflow": "enrich", "kind": "ASYNC", "scope": "company", "credits": 0.1}
    plan = StepPlan(step, items=3, entities={"a", "b", "c"})
    assert plan.told([], {}, datetime(2026, 1, 1, tzinfo=UTC))["credits"] == 0.3


@pytest.mark.parametrize(("cap", "client", "said"), [
    (None, {}, "2 credits"), (5.0, {}, "2 of 5 credits"),
    (None, {"max_credits": None, "reserved": 9.0}, "2 credits"),
    (None, {"max_credits": 4.0, "reserved": 4.0}, "2 credits; the client has spent or reserved 4 of 4 credits"),
    (5.0, {"max_credits": 40.5, "reserved": 4.0}, "2 of 5 credits; the client has spent or reserved 4 of 40.5 credits"),
])  # fmt: skip
def test_what_a_batch_and_its_client_may_spend_is_said(
    monkeypatch: pytest.MonkeyPatch, cap: float | None, client: dict[str, Any], said: str
) -> None:
    found = {"credits": 2.0, "max_credits": cap, "client": client, "steps": []}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=found))
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(PLACES, transport=transport))
    assert CliRunner().invoke(app, ["batch", "cost", BATCH]).stdout.splitlines() == [said]
