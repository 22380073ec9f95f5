"""What a workflow's settings may be, and how what they may not be is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.configuration import problems, schema_of, schema_problem
from services.ingest.registry import AGE, SHIPPED
from shared.events import WorkflowRegistered
from shared.provider_settings import AT_A_PROVIDER

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
ASYNC = {"workflow": "find_phone", "kind": "ASYNC", "settings": {"region": {"enum": ["eu", "us"]}}}
SYNC = {"workflow": "tidy", "kind": "SYNC", "settings": {}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"webhook_url": "https://api.clay.com/v3/sources/webhook/pull-in-data-from-a-webhook-1"},
        {"webhook_url": "http://127.0.0.1:8200/webhook/x", "webhook_auth": "clay.acme_1", "rate_per_second": 0},
        {"timeout_seconds": 0.5, "max_attempts": None, "freshness_days": None, "force_refresh": True, "credits": 0},
        {"callback_secret": "a static secret, of words"},
        {"region": "eu", "answer_mapping": {"company_name": ["org.name"]}},
    ],
)
def test_settings_that_can_be_used(config: dict[str, Any]) -> None:
    assert problems(ASYNC, config) == []


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"webhook_url": "ftp://x"}, "webhook_url cannot be that: 'ftp://x' does not match"),
        ({"webhook_url": "https://"}, "webhook_url"),
        ({"webhook_url": "http://a..b/"}, "webhook_url cannot be that: 'http://a..b/' is no address of a webhook"),
        ({"webhook_auth": "a secret value!"}, "webhook_auth"),
        *(
            ({"callback_secret": secret}, "callback_secret cannot be that: a header brings it, so it has to be 16 to")
            for secret in ("short", "s" * 501, " a blank at its end", "pässwörter-mögen", "0123456789abcdef\n", 16)
        ),
        ({"callback_secret_sha256": "é" * 64}, "callback_secret_sha256"),
        ({"max_attempts": 2.5}, "max_attempts cannot be that: 2.5 is not of type 'integer', 'null'"),
        ({"in_flight": 0}, "in_flight cannot be that: 0 is less than the minimum of 1"),
        ({"credits": -1}, "credits"),
        ({"region": "asia"}, "region cannot be that: 'asia' is not one of ['eu', 'us']"),
        ({"burts": 3}, "there is no setting burts; find_phone has answer_mapping, burst, "),
    ],
)
def test_settings_that_cannot_say_which_and_why(config: dict[str, Any], said: str) -> None:
    (problem,) = problems(ASYNC, config)
    assert problem.startswith(said)


def test_every_problem_is_told_at_once() -> None:
    assert len(problems(ASYNC, {"burst": 0, "credits": "one", "colour": "red"})) == 3


def test_a_function_here_has_only_settings_of_its_own() -> None:
    assert problems(SYNC, {"webhook_url": "https://x.example"}) == [
        "there is no setting webhook_url; tidy has no settings"
    ]
    assert schema_of(SYNC)["properties"] == {}


@given(st.dictionaries(st.sampled_from([*AT_A_PROVIDER, "region", "else"]), JSON, max_size=5))
def test_any_json_is_judged_and_nothing_raises(config: dict[str, Any]) -> None:
    assert all(isinstance(problem, str) for problem in problems(ASYNC, config))


@pytest.mark.parametrize("schema", [{"type": "texd"}, {"minimum": "a"}, {"enum": 3}, {"anyOf": 3}, 7])
def test_a_schema_that_is_none_is_told(schema: Any) -> None:
    assert "the schema of setting x is none" in str(schema_problem("SYNC", {"x": schema}))


@pytest.mark.parametrize(
    "schema",
    [
        {"const": {"$ref": "y"}, "default": {"pattern": "y"}, "examples": [{"$ref": "#"}]},
        {"type": "object", "properties": {"pattern": {"type": "string"}}, "required": ["pattern"]},
        {"type": "array", "prefixItems": [True], "items": {"anyOf": [{"const": 1}, {"not": {"minimum": 0}}]}},
    ],
)
def test_a_schema_that_says_all_there_is_can_be_used(schema: dict[str, Any]) -> None:
    assert schema_problem("ASYNC", {"x": schema}) is None


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"$ref": "http://a.example/schema"}, "$ref"),
        ({"allOf": [{"$ref": "#/properties/x"}]}, "$ref"),
        ({"items": {"$dynamicRef": "other"}}, "$dynamicRef"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "$schema"),
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, "pattern"),
        ({"if": {"patternProperties": {"^(a+)+$": True}}}, "patternProperties"),
        ({"uniqueItems": True}, "uniqueItems"),
    ],
)
def test_a_schema_that_could_take_for_ever_is_refused_and_not_used(schema: dict[str, Any], named: str) -> None:
    assert f"the schema of setting x has '{named}', which cannot be used" in str(schema_problem("SYNC", {"x": schema}))
    (problem,) = problems(SYNC | {"settings": {"x": schema}}, {"x": {"a": "a" * 50 + "!"}})
    assert named in problem


def test_a_schema_nested_too_deep_or_too_long_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5_000):
        schema = {"not": schema}
    assert "nested too deep" in str(schema_problem("SYNC", {"x": schema}))
    assert "nested too deep" in str(
        schema_problem("SYNC", {"x": {"allOf": [json.loads('{"not":' * 25 + "{}" + "}" * 25)]}})
    )
    long = {f"x{number}": {"description": "y" * 5_000} for number in range(5)}
    assert "more than 20,000 characters" in str(schema_problem("SYNC", long))


def test_settings_that_take_too_long_to_check_are_refused() -> None:
    workflow = SYNC | {"settings": {"x": {"items": {"anyOf": [False] * 1_000}}}}
    (problem,) = problems(workflow, {"x": [0] * 1_000})
    assert "too long to be checked" in problem


def test_what_every_workflow_at_a_provider_has_is_its_to_say() -> None:
    assert "has in_flight already" in str(schema_problem("ASYNC", {"in_flight": {}, "region": {}}))
    for kind in ("ASYNC", "SYNC"):
        (problem,) = problems(SYNC | {"kind": kind, "settings": {"in_flight": {}}}, {"in_flight": 3_000_000_000})
        assert "greater than the maximum of 10000" in problem
    assert schema_problem("SYNC", AGE) is None


@pytest.mark.parametrize("setting", ["rate_per_second", "burst", "in_flight", "max_submissions", "credits"])
def test_numbers_have_an_end(setting: str) -> None:
    assert "greater than the maximum" in problems(ASYNC, {setting: 2**31})[0]


@pytest.mark.parametrize("workflow", SHIPPED, ids=lambda each: f"{each.workstream}-{each.workflow}")
def test_what_ships_can_be_registered(workflow: WorkflowRegistered) -> None:
    assert schema_problem(workflow.kind, workflow.settings) is None


@pytest.mark.parametrize("setting", sorted(AT_A_PROVIDER))
def test_every_setting_is_in_the_documentation(setting: str) -> None:
    assert f"| `{setting.removesuffix('_sha256')}` |" in DOCS.read_text("utf-8")
