"""A service that others can reach without a token, or whose secrets everybody knows, says so when it starts."""

import pytest
from structlog.testing import capture_logs

from shared.runtime.service import warn_where_everybody_may_ask
from shared.runtime.settings import Settings
from shared.runtime.signing_keys import signing_keys


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "api.internal"])
def test_open_to_other_machines_it_warns_unless_there_are_tokens(host: str) -> None:
    with capture_logs() as said:
        warn_where_everybody_may_ask(Settings(host=host, api_tokens={"token": "agency"}))
        assert said == []
        warn_where_everybody_may_ask(Settings(host=host, api_tokens={}))
    assert [(line["log_level"], line["host"]) for line in said] == [("warning", host)]
    assert "LEADSTREAM_API_TOKENS" in said[0]["event"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "::1", "localhost"])
def test_on_loopback_it_does_not(host: str) -> None:
    with capture_logs() as said:
        warn_where_everybody_may_ask(Settings(host=host, api_tokens={}))
    assert said == []


TRIAL = "trial-signing-key-that-everybody-knows"


def test_a_key_that_everybody_knows_is_told_and_ends_what_is_no_trial() -> None:
    with capture_logs() as said:
        assert signing_keys(Settings(signing_key="k" * 32, api_tokens={"token": "agency"})) == ["k" * 32]
        assert said == []
        assert signing_keys(Settings(signing_key=TRIAL)) == [TRIAL]
    assert [(line["log_level"], line["secrets"]) for line in said] == [("warning", ["LEADSTREAM_SIGNING_KEY"])]


@pytest.mark.parametrize("keys", [(TRIAL, []), ("k" * 32, [TRIAL])])
def test_where_there_are_tokens_nothing_is_signed_with_it(keys: tuple[str, list[str]]) -> None:
    settings = Settings(signing_key=keys[0], previous_signing_keys=keys[1], api_tokens={"token": "agency"})
    with pytest.raises(SystemExit, match="which everybody knows"):
        signing_keys(settings)
