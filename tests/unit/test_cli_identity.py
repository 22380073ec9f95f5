"""The ports and secrets of a stack: made once for a folder, whoever asks, and read by their owner only."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.errors import Refused
from cli.main import app
from cli.stack import seen_from_here
from cli.stack_identity import Identity


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.stack_identity.free_ports", lambda count: list(range(1, count + 1)))


def test_an_identity_is_made_once(tmp_path: Path) -> None:
    made = Identity.of(tmp_path / "new", {"ingest": 8101})
    assert made.ports["ingest"] == 8101
    assert Identity.of(tmp_path / "new", {"ingest": 9000}) == made
    (file,) = (tmp_path / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_of_two_that_begin_at_once_both_have_the_identity_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[Identity] = []

    def meanwhile(count: int) -> list[int]:
        monkeypatch.undo()
        monkeypatch.setattr("cli.stack_identity.free_ports", lambda count: list(range(1, count + 1)))
        first.append(Identity.of(tmp_path, {}))
        return list(range(count))

    monkeypatch.setattr("cli.stack_identity.free_ports", meanwhile)
    assert Identity.of(tmp_path, {}) == first[0]
    assert [file.name for file in tmp_path.iterdir()] == ["stack.json"]


def test_one_that_was_made_before_nats_had_all_users_has_the_same_new_passwords_at_each_start(tmp_path: Path) -> None:
    made = Identity.of(tmp_path, {})
    older = asdict(made) | {"nats_passwords": dict.fromkeys(("provision", "relay", "service"), "old")}
    (tmp_path / "stack.json").write_text(json.dumps(older))
    found = Identity.of(tmp_path, {})
    assert found == Identity.of(tmp_path, {})
    assert set(found.nats_passwords) == set(made.nats_passwords)
    assert found.nats_passwords["service"] == "old" != found.nats_passwords["callbacks"]
    assert len(found.nats_passwords["callbacks"]) == 64


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"ports": {}}', b'{"secret": "hunter2"}', b"\xff"])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stack.json").write_bytes(content)
    with pytest.raises(Refused, match=r"stack\.json is damaged") as refused:
        Identity.of(tmp_path, {})
    assert "hunter2" not in str(refused.value)
    assert (tmp_path / "stack.json").read_bytes() == content


@pytest.mark.parametrize("error", [PermissionError, FileExistsError, FileNotFoundError])
def test_a_folder_that_cannot_be_made_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    def mkdir(*_: object, **__: object) -> None:
        raise error(1, "the reason")

    monkeypatch.setattr("pathlib.Path.mkdir", mkdir)
    with pytest.raises(Refused, match=r"cannot keep data in .*/here: the reason"):
        Identity.of(tmp_path / "here", {})


@pytest.mark.parametrize("command", ["up --data", "demo --keep", "demo --rows 5 --keep"])
def test_a_command_whose_folder_is_a_file_ends_in_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, [*command.split(), str(tmp_path / "file" / "here")])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"leadstream: cannot keep data in {tmp_path}/file/here: Not a directory"


def test_folders_of_the_environment_are_those_of_who_starts_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = {"LEADSTREAM_SECRETS_FOLDER": "secrets", "leadstream_simulator_answers": "a/b", "HOME": "home", "EMPTY": ""}
    assert seen_from_here(told) == told | {
        "LEADSTREAM_SECRETS_FOLDER": f"{tmp_path}/secrets",
        "leadstream_simulator_answers": f"{tmp_path}/a/b",
    }
    assert seen_from_here({"LEADSTREAM_SECRETS_FOLDER": ""}) == {"LEADSTREAM_SECRETS_FOLDER": ""}
