"""Settings from the environment: what is wrong is named, and what was written there is not shown."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from shared.runtime.settings import Settings, configured
from simulator.settings import SimulatorSettings

SECRET = "hunter2-hunter2"
# Numbers of the simulator that may be as large as anybody likes.
UNBOUNDED = {
    "seed", "delay_ms", "jitter_ms", "reorder_by_ms", "rate_per_second", "burst", "submission_limit",
    "max_callbacks_in_flight", "callback_retries", "callback_backoff_ms",
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("nats://nats:4222", "that of LEADSTREAM_NATS_URL"),
        ("", "the default one, for want of LEADSTREAM_NATS_URL"),
        (None, "the default one, for want of LEADSTREAM_NATS_URL"),
    ],
)
def test_who_has_said_what_a_setting_is(monkeypatch: pytest.MonkeyPatch, value: str | None, source: str) -> None:
    monkeypatch.delenv("LEADSTREAM_NATS_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("LEADSTREAM_NATS_URL", value)
    assert configured(Settings).source("nats_url") == source


@pytest.mark.parametrize(
    ("kind", "variable", "value", "why"),
    [
        (Settings, "LEADSTREAM_PORT", SECRET, "valid integer"),
        (Settings, "LEADSTREAM_PORT", "70000", "less than or equal to 65535"),
        (Settings, "LEADSTREAM_LOG_LEVEL", "verbose", "DEBUG, INFO, WARNING and ERROR"),
        (Settings, "LEADSTREAM_API_TOKENS", SECRET, "no JSON"),
        (Settings, "LEADSTREAM_API_TOKENS", f'{{"{SECRET}": 1}}', "valid string"),
        (Settings, "LEADSTREAM_API_TOKENS", '{"": "agency"}', "a token is empty"),
        (Settings, "LEADSTREAM_API_TOKENS", f'{{"{SECRET}": "agency", " ": "studio"}}', "a token is empty"),
        (Settings, "LEADSTREAM_API_TOKENS", f'{{"{SECRET} ": "agency"}}', "a token is empty"),
        (Settings, "LEADSTREAM_API_TOKENS", f'{{"{SECRET}ä": "agency"}}', "no printable ASCII"),
        (Settings, "LEADSTREAM_API_TOKENS", f'{{"{SECRET}": " "}}', "the tenant of a token is empty"),
        (Settings, "LEADSTREAM_PREVIOUS_SIGNING_KEYS", f'"{SECRET}"', "valid list"),
        (Settings, "LEADSTREAM_CALLBACK_BASE_URL", "leads.example.com", "http://HOST"),
        (Settings, "LEADSTREAM_CALLBACK_BASE_URL", "https:///callbacks", "http://HOST"),
        (Settings, "LEADSTREAM_CALLBACK_BASE_URL", f"https://leads.example:{SECRET}", "http://HOST"),
        (Settings, "LEADSTREAM_CALLBACK_BASE_URL", f"https://user:{SECRET}@leads.example", "http://HOST"),
        (SimulatorSettings, "LEADSTREAM_SIMULATOR_LOSS", "5", "less than or equal to 1"),
        (SimulatorSettings, "LEADSTREAM_SIMULATOR_ANSWERS", "no/such/folder", "not point to a directory"),
    ],
)
def test_a_wrong_variable_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings], variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        configured(kind)
    said = str(ended.value.code)
    assert said.startswith(f"{variable}: ")
    assert why in said
    assert SECRET not in said
    assert value not in said.removeprefix(variable)


@pytest.mark.parametrize("kind", [Settings, SimulatorSettings])
@pytest.mark.parametrize("value", ["-1", "-inf", "inf", "nan", "1" + "0" * 30])
def test_every_number_has_bounds(monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings], value: str) -> None:
    numbers = {name for name, field in kind.model_fields.items() if field.annotation in {int, float}}
    if value.isdigit():
        numbers -= UNBOUNDED
    elif value == "-1":
        numbers -= {"seed"}
    for name in numbers:
        monkeypatch.setenv(f"{kind.model_config['env_prefix']}{name.upper()}", value)
    with pytest.raises(SystemExit) as ended:
        configured(kind)
    prefix = kind.model_config["env_prefix"]
    assert {line.partition(":")[0] for line in str(ended.value.code).splitlines()} == {
        f"{prefix}{name.upper()}" for name in numbers
    }


@pytest.mark.parametrize("name", ["max_batch", "lease_poll_seconds", "callback_max_bytes", "retry_attempts"])
def test_what_would_do_nothing_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"LEADSTREAM_{name.upper()}", "0")
    with pytest.raises(SystemExit, match="should be greater than or equal to"):
        configured(Settings)


def test_every_wrong_variable_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "RETRY_ATTEMPTS"):
        monkeypatch.setenv(f"LEADSTREAM_{name}", "x")
    with pytest.raises(SystemExit) as ended:
        configured(Settings)
    assert [line.partition(":")[0] for line in str(ended.value.code).splitlines()] == [
        "LEADSTREAM_PORT", "LEADSTREAM_RETRY_ATTEMPTS",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [Settings, SimulatorSettings])
def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[BaseSettings]) -> None:
    monkeypatch.chdir(tmp_path)
    default = kind()
    for name in kind.model_fields.keys() - {"api_tokens"}:
        monkeypatch.setenv(f"{kind.model_config['env_prefix']}{name.upper()}", "")
    assert configured(kind) == default


def test_tokens_that_came_to_nothing_open_no_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSTREAM_API_TOKENS", "")
    with pytest.raises(SystemExit, match="LEADSTREAM_API_TOKENS: is empty"):
        configured(Settings)
