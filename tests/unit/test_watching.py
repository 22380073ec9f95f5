"""A batch that is watched while it is paused: what is under way, by the sequencer's word and the dispatcher's."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.test_cli import BATCH, api, batch


def test_a_call_that_is_due_is_waited_for_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch that may not pay for the next one."""
    due = iter([1] * 9 + [0] * 9)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "dispatcher":
            return httpx.Response(200, json=[{"status": "DUE", "dispatches": next(due)}])
        return httpx.Response(200, json=batch("paused", PENDING=1) if request.url.host == "sequencer" else [])

    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    result = CliRunner().invoke(app, ["status", BATCH, "--watch", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (1, batch("paused", PENDING=1))
    assert len(list(due)) == 4


def test_a_call_that_is_to_be_tried_again_and_held_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sequencer knows that its step was called, and not that nothing comes of that."""
    told = iter(["SENT"] * 9 + ["HELD"] * 9)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "dispatcher":
            return httpx.Response(200, json=[{"status": next(told), "dispatches": 1}])
        return httpx.Response(200, json=batch("paused", IN_PROGRESS=1) if request.url.host == "sequencer" else [])

    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    assert CliRunner().invoke(app, ["status", BATCH, "--watch"]).exit_code == 1
    assert len(list(told)) == 4


def test_where_the_dispatcher_cannot_be_asked_the_sequencer_s_word_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no port on the host in compose."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "dispatcher":
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=batch("paused", PENDING=1) if request.url.host == "sequencer" else [])

    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    result = CliRunner().invoke(app, ["status", BATCH, "--watch", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (1, batch("paused", PENDING=1))
