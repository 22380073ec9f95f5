"""What the embedded servers leave on the disk is read by its owner only."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime.embedded import Postgres


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
