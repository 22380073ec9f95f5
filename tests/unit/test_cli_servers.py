"""Commands that work on the servers directly: whom they ask, what they say when that cannot be, where they stop."""

import errno
import json
import socket
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from nats.errors import NoServersError
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cli.errors import Refused, ServerAway
from cli.main import app
from cli.servers import checked_admin_url, reached
from shared.runtime.chain import START, Link
from shared.runtime.integrity import Findings
from shared.runtime.projection import Verdict
from shared.runtime.settings import ROLES

PASSWORD = "hunter2"
URL = f"postgresql://postgres:{PASSWORD}@127.0.0.1:1/leadstream"


@pytest.mark.parametrize(
    "url",
    [
        f"postgres:{PASSWORD}@db:5432/leadstream",
        f"mysql://root:{PASSWORD}@db/leadstream",
        f"postgresql://postgres:p%zz{PASSWORD}@db/leadstream",
        f"postgresql://postgres:p@{PASSWORD}@db/leadstream",
        f"postgresql://postgres:{PASSWORD}/p@db/leadstream",
        f"postgresql://postgres:1/{PASSWORD}@db/leadstream",
    ],
)
@pytest.mark.parametrize("command", ["verify", "doctor --json", "log export log.jsonl.gz"])
def test_a_url_that_is_none_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cli.health.health", lambda _: {})
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", url)
    result = CliRunner().invoke(app, command.split())
    assert "LEADSTREAM_ADMIN_DATABASE_URL is no URL" in result.output
    assert PASSWORD not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("command", "name", "outcome", "said"),
    [
        ("export", "export", START, "log.gz: no events, for the log has none\n"),
        ("import", "restore", START, "the log is still empty: log.gz has no events\n"),
        ("export", "export", FileNotFoundError(errno.ENOENT, "No such file", "log.gz.partial"),
         "leadstream: cannot write log.gz: No such file\n"),
    ],
)  # fmt: skip
def test_a_log_file_without_events_and_one_that_cannot_be_written_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, command: str, name: str, outcome: Link | Exception, said: str
) -> None:
    async def done(*_: Any, **__: Any) -> Link:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.setattr(f"shared.runtime.transfer.{name}", done)
    assert CliRunner().invoke(app, ["log", command, "log.gz"]).output == said


@pytest.mark.parametrize("url", [URL, "postgres:///leadstream?host=/run", "postgresql://a:1,b:2/leadstream"])
def test_a_url_may_name_a_socket_or_several_servers(url: str) -> None:
    checked_admin_url(url)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (psycopg.OperationalError("gone"), "PostgreSQL cannot be used: gone"),
        (psycopg.errors.InsufficientPrivilege("no"), "PostgreSQL cannot be used: no"),
        (NoServersError(), "NATS cannot be used"),
        (TimeoutError(), "a server cannot be used: TimeoutError"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "a server cannot be used"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "a server cannot be used"),
        (OSError("Multiple exceptions"), "a server cannot be used: Multiple exceptions"),
    ],
)
def test_a_server_that_cannot_be_used_is_told(error: Exception, said: str) -> None:
    with pytest.raises(ServerAway, match=said), reached():
        raise error


def test_what_is_wrong_with_a_file_is_no_server_s_fault() -> None:
    with pytest.raises(OSError, match="no room"), reached():
        raise OSError(errno.ENOSPC, "no room")


def test_a_database_without_a_log_is_told() -> None:
    with pytest.raises(Refused, match="does its URL end in /leadstream"), reached():
        raise psycopg.errors.UndefinedTable('relation "log.events" does not exist\nLINE 1')


def test_a_repair_that_is_stopped_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.setenv("LEADSTREAM_PROVISION_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setattr("shared.runtime.repair.repair", stopped)
    result = CliRunner().invoke(app, ["repair", "--yes"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "leadstream: stopped; what was put back stays, and the same command goes on\n"


@pytest.mark.parametrize(
    ("shaped", "said"),
    [
        ({"projector": True}, ["projector as they were are kept: `leadstream rebuild projector --undo` brings them"]),
        ({"projector": False}, ["kept in projector_before, only the program that made them, which cannot use these, "]),
        ({"projector": None}, ["projector as they were are not kept: they held what the log has not"]),
        (
            {"ingest": True, "sequencer": True, "projector": False},
            [
                "ingest, sequencer as they were are kept: `leadstream rebuild SERVICE --undo`",
                "kept in projector_before, ",
            ],
        ),
    ],
)
def test_an_undo_is_promised_where_it_can_be_done(
    monkeypatch: pytest.MonkeyPatch, shaped: dict[str, bool | None], said: list[str]
) -> None:
    async def folded(*_: Any, **__: Any) -> list[Verdict]:
        return [Verdict(name, 1, 1, name, undoable=undoable) for name, undoable in shaped.items()]

    async def made_anew(*_: Any, **__: Any) -> tuple[dict[str, int], dict[str, int], bool | None]:
        return {"lead_id": 1}, {"lead_id": 2}, shaped["projector"]

    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.setattr("cli.rebuilding.fold_all", folded)
    monkeypatch.setattr("cli.commands.reproject._made_anew", made_anew)
    for command, live in ((["rebuild"], "swapped in; "), (["rebuild", "--undo"], "the tables from before the last ")):
        told = [line for line in CliRunner().invoke(app, command).stdout.splitlines() if line.startswith(live)]
        for line, part in zip(told, said, strict=True):
            assert part in line
    assert said[-1] in CliRunner().invoke(app, ["reproject"]).stderr


class Running:
    """A stack of which nothing runs."""

    urls: ClassVar[dict[str, str]] = {"simulator": "http://127.0.0.1:1"}
    replica_urls: ClassVar[dict[str, list[str]]] = {}

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def running(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.mark.parametrize(
    ("folder", "said"), [(".leadstream/up", ""), ("my data", "export LEADSTREAM_DATA='{here}/my data'\n")]
)
def test_up_says_how_others_find_another_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cli.stack.Stack", Running)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("threading.Event.wait", lambda *_: True)
    result = CliRunner().invoke(app, ["up", "--data", folder])
    assert result.exit_code == 0
    assert ("export" in result.stdout, said.format(here=tmp_path) in result.stdout) == (bool(said), True)


def test_answers_that_the_simulator_cannot_use_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEADSTREAM_SIMULATOR_ANSWERS", str(tmp_path))
    result = CliRunner().invoke(app, ["simulator"])
    assert result.exit_code == 1
    assert result.stderr == f"leadstream: LEADSTREAM_SIMULATOR_ANSWERS: {tmp_path} has no answers\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_stream_that_was_not_compared_is_told(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    async def folds(*_: Any, **__: Any) -> list[Any]:
        return []

    async def copies(*_: Any) -> tuple[Findings, None]:
        return Findings(), None

    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.delenv("LEADSTREAM_NATS_URL", raising=False)
    monkeypatch.setattr("cli.checks.fold_all", folds)
    monkeypatch.setattr("cli.checks._check_copies", copies)
    result = CliRunner().invoke(app, ["verify", *options])
    assert (result.exit_code, result.stderr) == (0, "the stream was not compared: set LEADSTREAM_NATS_URL\n")
    assert not options or json.loads(result.stdout)["stream"] is None


@pytest.mark.parametrize("value", [7, ["hunter2"], {"a": "hunter2"}, None, True, "", "hunter2\x00", "hunter2\ud800"])
def test_a_role_s_password_that_is_none_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.setenv("LEADSTREAM_PROVISION_NATS_URL", "nats://127.0.0.1:1")
    passwords = dict.fromkeys(ROLES, "password") | {"relay": value}
    monkeypatch.setenv("LEADSTREAM_ROLE_PASSWORDS", json.dumps(passwords))
    result = CliRunner().invoke(app, ["provision"])
    assert result.exit_code == 1
    assert "LEADSTREAM_ROLE_PASSWORDS has no password, a text that is not empty, for relay" in result.output
    assert PASSWORD not in result.output


def test_provisioning_says_which_passwords_everybody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", "postgresql://postgres:trial-postgres@127.0.0.1:1/postgres")
    monkeypatch.setenv("LEADSTREAM_PROVISION_NATS_URL", "nats://127.0.0.1:1")
    passwords = dict.fromkeys(ROLES, "password") | {"relay": "trial-relay"}
    monkeypatch.setenv("LEADSTREAM_ROLE_PASSWORDS", json.dumps(passwords))
    monkeypatch.setattr("shared.runtime.process_logs.configure_logging", lambda *_: None)
    with capture_logs() as said:
        assert CliRunner().invoke(app, ["provision"]).exit_code == 3
    assert [line["secrets"] for line in said] == [["postgres", "relay"]]
