"""What the embedded servers leave on the disk is read by its owner only."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime import embedded
from shared.runtime.embedded import InUse, Postgres, ServerFailed, spawn


def test_the_superuser_s_password_is_never_there_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def initdb(*_: Any, **__: Any) -> Any:
        seen.append((secret.read_text(), secret.stat().st_mode & 0o777))
        return SimpleNamespace(returncode=0)

    secret = tmp_path / "initdb.password"
    secret.write_text("of a start that was killed")
    monkeypatch.setattr("shared.runtime.embedded._postgres_user", lambda _: None)
    monkeypatch.setattr("shared.runtime.embedded._postgres_program", str)
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_: None)
    monkeypatch.setattr("subprocess.run", initdb)
    Postgres(tmp_path, 1, "hunter2")._initialise(tmp_path / "data")
    assert seen == [("hunter2", 0o600)]
    assert not secret.exists()


@pytest.mark.parametrize(
    ("there", "half"),
    [
        ("base", True), ("base/1", True), ("base/1 base/4", True), ("base/1 base/4 base/5", False),
        ("base/1 base/5 base/16384", False), ("base/1 postmaster.opts", False),
    ],
)  # fmt: skip
def test_a_database_that_was_left_half_made_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, half: bool
) -> None:
    """One that anything was kept in is never said to be one that may be removed."""
    monkeypatch.setattr("shared.runtime.embedded._postgres_user", lambda _: None)
    monkeypatch.setattr("shared.runtime.embedded.spawn", lambda *_, **__: "started")
    for name in ("PG_VERSION", *there.split()):
        (tmp_path / "data" / name).mkdir(parents=True)
    if not half:
        assert Postgres(tmp_path, 1, "hunter2").start() == "started"
        return
    with pytest.raises(ServerFailed, match=r"data is half a database: .* Remove that folder, and start again"):
        Postgres(tmp_path, 1, "hunter2").start()


def test_a_log_that_has_grown_long_begins_anew_and_its_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOG_BYTES", 10)
    log, before = tmp_path / "part.log", tmp_path / "part.before"
    for number, there in enumerate((b"1 here", b"1 here2 here", b"3 here", b"3 here4 here", b"5 here"), 1):
        part = [sys.executable, "-c", f"import sys; print('{number} here', end='', flush=True); sys.stdin.read()"]
        with spawn(part, log, stdin=subprocess.PIPE) as running:
            while not log.read_bytes().endswith(b"%d here" % number):
                time.sleep(0.01)
            assert log.read_bytes() == there
            with pytest.raises(InUse):
                spawn(["never"], log)
            running.communicate()
    assert before.read_bytes() == b"here4 here"
