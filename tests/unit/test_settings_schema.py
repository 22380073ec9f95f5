"""What a workflow's settings may be, and how what they may not be is told."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.configuration import AT_A_PROVIDER, problems, schema_of, schema_problem

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
        ({"webhook_auth": "a secret value!"}, "webhook_auth"),
        ({"callback_secret": "short"}, "callback_secret"),
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


@pytest.mark.parametrize("schema", [{"type": "texd"}, {"minimum": "a"}, {"enum": 3}, {"pattern": "("}, 7])
def test_a_schema_that_is_none_is_told(schema: Any) -> None:
    assert "the schema of setting x is none" in str(schema_problem({"x": schema}))
    assert schema_problem({"x": {"type": "string"}}) is None


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "http://a.example/schema"}, {"allOf": [{"$ref": "file:///etc/passwd"}]}, {"$dynamicRef": "other"}],
)
def test_a_schema_refers_to_nothing_outside_and_nothing_is_fetched(schema: dict[str, Any]) -> None:
    assert "it has to say all there is itself" in str(schema_problem({"x": schema}))
    (problem,) = problems(SYNC | {"settings": {"x": schema}}, {"x": 1})
    assert "cannot be followed" in problem


def test_a_value_in_a_schema_is_no_reference() -> None:
    assert schema_problem({"x": {"const": {"$ref": "y"}, "default": {"$ref": "y"}}}) is None


@pytest.mark.parametrize("schema", [{"$ref": "#/properties/x"}, {"$ref": "#/$defs/nowhere"}])
def test_a_schema_that_leads_nowhere_is_told(schema: dict[str, Any]) -> None:
    (problem,) = problems(SYNC | {"settings": {"x": schema}}, {"x": 1})
    assert "cannot be followed" in problem


def test_a_schema_nested_too_deep_is_told() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5_000):
        schema = {"not": schema}
    assert "nested too deep" in str(schema_problem({"x": schema}))


@pytest.mark.parametrize("setting", sorted(AT_A_PROVIDER))
def test_every_setting_is_in_the_documentation(setting: str) -> None:
    assert f"| `{setting.removesuffix('_sha256')}` |" in DOCS.read_text("utf-8")
