"""A service that asks for no token and can be reached from other machines says so when it starts."""

import pytest
from structlog.testing import capture_logs

from shared.runtime.service import warn_where_everybody_may_ask
from shared.runtime.settings import Settings


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
