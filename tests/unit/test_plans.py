"""What a plan counts, and what is said of it."""

from typing import Any

import httpx
import pytest

from cli.addresses import Endpoint
from cli.api import Api
from cli.plans import show_plan
from services.dispatcher.plans import Walk
from services.dispatcher.state import kept
from services.dispatcher.steps import Workflow
from shared.events import BlueprintStep
from tests.unit.facts import CLIENT, COMPANY_STEP, PERSON_STEP, SYNC_STEP

LOOKUP = BlueprintStep("lookup_company_from_warehouse", "SYNC", "company")
ANN = {"company_name": "Acme", "full_name": "Ann Ex"}


def walked(workflows: dict[str, Workflow], *steps: BlueprintStep) -> Walk:
    walk = Walk(CLIENT, [kept(step) for step in steps], workflows)
    walk.take([(1, ANN)])
    return walk


def test_rows_with_a_company_with_none_and_with_nothing_to_tell_it_by_are_told_apart() -> None:
    walk = Walk(CLIENT, [kept(COMPANY_STEP)], {})
    walk.take([(1, {"company_name": "Acme"}), (2, {"company_name": "Self-employed"}), (3, {"title": "CEO"})])
    (plan,) = walk.plans
    assert (plan.items, len(plan.entities), plan.skipped, plan.unidentified) == (3, 1, 1, 1)


def test_no_row_gets_past_a_step_that_is_not_installed() -> None:
    walk = walked({}, COMPANY_STEP, LOOKUP, SYNC_STEP, PERSON_STEP)
    assert [(plan.items, len(plan.entities)) for plan in walk.plans] == [(1, 1), (1, 1), (1, 0), (0, 0)]
    assert walk.missing == ["tidy is not installed where the dispatcher runs: its step will fail"]
    whole = walked({"tidy": dict}, COMPANY_STEP, LOOKUP, SYNC_STEP, PERSON_STEP)
    assert ([plan.items for plan in whole.plans], whole.missing) == ([1] * 4, [])


@pytest.mark.parametrize("workflow", [{}.popitem, lambda _: None, lambda _: ["company_name"]])
def test_a_function_that_does_wrong_sets_nothing(workflow: Workflow) -> None:
    plans = walked({"tidy": workflow}, SYNC_STEP, COMPANY_STEP).plans
    assert [(plan.items, len(plan.entities)) for plan in plans] == [(1, 0), (1, 1)]


def test_what_is_missing_is_said_with_what_it_would_cost(capsys: pytest.CaptureFixture[str]) -> None:
    plan: dict[str, Any] = {"items": 2, "calls": 2, "credits": 2.0, "steps": [], "missing": ["no function"]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=plan))
    with Api({"dispatcher": Endpoint("dispatcher", "http://dispatcher")}, transport=transport) as api:
        show_plan(api, {"max_credits": None, "missing": ["no webhook"]}, as_json=False)
    assert capsys.readouterr().err.splitlines() == ["no steps", "warning: no webhook", "warning: no function"]
