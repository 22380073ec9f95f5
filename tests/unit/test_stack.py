"""A stack that does not get ready: what is said, and when."""

import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.options import DEFAULT_DATA
from cli.stack import Stack
from cli.supervisor import Process
from shared.runtime.embedded import ServerFailed
from shared.runtime.settings import SERVICES

Told = list[str] | Exception


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """One of which no service answers, and one has been started again."""
    monkeypatch.setattr("cli.stack_identity.free_ports", lambda count: list(range(1, count + 1)))
    monkeypatch.setattr("cli.stack.answers", lambda urls: [None for _ in urls])
    monkeypatch.chdir(tmp_path)
    stack = Stack(DEFAULT_DATA)
    (stack.folder / "logs").mkdir()
    (stack.folder / "logs" / "callbacks.log").write_text("why it ended")
    started_again: Any = None
    stack.processes["projector"] = Process("projector", started_again, 0, started_again, pause=0.1)
    return stack


@pytest.fixture
def shaped(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Says, one after the other, what a look at the tables comes to; gives the databases that were looked at."""

    def tell(*outcomes: Told) -> list[str]:
        asked: list[str] = []

        async def look(url: str) -> list[str]:
            asked.append(url)
            told = outcomes[len(asked) - 1]
            if isinstance(told, Exception):
                raise told
            return told

        monkeypatch.setattr("cli.folding.of_other_shape", look)
        return asked

    return tell


def test_tables_of_another_version_are_told_at_once_with_what_makes_them_anew(
    stack: Stack, shaped: Callable[..., list[str]]
) -> None:
    asked, began = shaped(psycopg.OperationalError("it starts"), ["ingest", "projector"]), time.monotonic()
    with pytest.raises(ServerFailed) as failed:
        stack.until_ready()
    assert time.monotonic() - began < 10
    assert asked == [stack.admin_url] * 2
    assert str(failed.value) == (
        "the tables of ingest, projector were made by another version: run `leadstream up --no-services`, and in a "
        "second terminal `leadstream rebuild ingest`, `leadstream rebuild projector`, then `leadstream up`"
    )


def test_tables_that_are_all_of_another_version_are_made_anew_by_one_command(
    stack: Stack, shaped: Callable[..., list[str]]
) -> None:
    shaped([*SERVICES])
    with pytest.raises(ServerFailed, match=r"in a second terminal `leadstream rebuild all`, then `leadstream up`$"):
        stack.until_ready()


def test_the_folder_is_named_where_it_is_another(
    stack: Stack, shaped: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shaped(["projector"])
    with pytest.raises(ServerFailed) as failed:
        stack.until_ready()
    assert str(failed.value).count(f" --data {stack.folder}`") == 3


def test_one_that_has_ended_for_another_reason_is_waited_for(
    stack: Stack, shaped: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = shaped([])
    monkeypatch.setattr("cli.stack.READY_SECONDS", 0.3)
    with pytest.raises(ServerFailed, match=r"callbacks, .* did not get ready. The end of callbacks.log:\nwhy it ended"):
        stack.until_ready()
    assert len(asked) == 1, "it is the same at each look"


def test_nobody_looks_while_none_has_ended(
    stack: Stack, shaped: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = shaped()
    stack.processes["projector"].pause = 0
    monkeypatch.setattr("cli.stack.READY_SECONDS", 0.1)
    with pytest.raises(ServerFailed, match="did not get ready"):
        stack.until_ready()
    assert asked == []


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN], ids=["in a terminal", "under nohup"])
def test_it_ends_with_its_terminal_unless_told_not_to(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, before: signal.Handlers
) -> None:
    monkeypatch.setattr(Stack, "start", lambda _: None)
    monkeypatch.setattr(Stack, "stop", lambda _: None)
    old = signal.signal(signal.SIGHUP, before)
    try:
        with stack.running():
            assert (signal.getsignal(signal.SIGHUP) is signal.SIG_IGN) == (before is signal.SIG_IGN)
        assert signal.getsignal(signal.SIGHUP) is before
    finally:
        signal.signal(signal.SIGHUP, old)


def test_it_says_where_every_replica_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches them has to ask each: one of them leads."""
    free = count(1)
    for module in ("stack", "stack_identity"):
        monkeypatch.setattr(f"cli.{module}.free_ports", lambda wanted: [next(free) for _ in range(wanted)])
    monkeypatch.setattr(Stack, "running", lambda _: nullcontext())
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("threading.Event.wait", lambda *_: True)
    told = CliRunner().invoke(app, ["up", "--data", str(tmp_path), "--replicas", "2"]).output.splitlines()
    listening = {line.split()[0]: line.split()[1:] for line in told if "http://" in line}
    assert {name: len(urls) for name, urls in listening.items()} == {**dict.fromkeys(SERVICES, 2), "simulator": 1}
    assert len({url for urls in listening.values() for url in urls}) == 2 * len(SERVICES) + 1
