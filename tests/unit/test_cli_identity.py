"""The ports and secrets of a stack: made once for a folder, whoever asks, and read by their owner only."""

import fcntl
import json
from concurrent.futures import ThreadPoolExecutor
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


@pytest.mark.parametrize("kept", ["ports", "role_passwords", "nats_passwords"])
def test_what_a_later_version_has_beside_gets_its_own_for_good(tmp_path: Path, kept: str) -> None:
    whole = asdict(Identity.of(tmp_path, {}))
    older = whole | {kept: dict(list(whole[kept].items())[:-1])}
    (new,) = whole[kept].keys() - older[kept].keys()
    (tmp_path / "stack.json").write_text(json.dumps(older))
    found = asdict(Identity.of(tmp_path, {}))
    assert found | {kept: older[kept]} == older, "what was there stays"
    assert found[kept].keys() == whole[kept].keys()
    assert found[kept][new] not in older[kept].values()
    assert asdict(Identity.of(tmp_path, {new: 9000})) == found
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_new_part_has_the_port_that_is_given(tmp_path: Path) -> None:
    older = asdict(Identity.of(tmp_path, {}))
    del older["ports"]["simulator"], older["ports"]["projector"]
    (tmp_path / "stack.json").write_text(json.dumps(older))
    found = Identity.of(tmp_path, {"simulator": 8, "ingest": 9000})
    assert found.ports["simulator"] == 8
    assert found.ports["projector"] not in {*older["ports"].values(), 8}


def test_of_two_that_find_a_new_part_at_once_both_have_the_same(tmp_path: Path) -> None:
    older = asdict(Identity.of(tmp_path, {}))
    del older["role_passwords"]["relay"]
    file = tmp_path / "stack.json"
    file.write_text(json.dumps(older))
    with ThreadPoolExecutor(1) as other, file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = other.submit(Identity.of, tmp_path, {})
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
        first = older | {"role_passwords": older["role_passwords"] | {"relay": "of the first"}}
        (tmp_path / "new").write_text(json.dumps(first))
        (tmp_path / "new").replace(file)
        fcntl.flock(held, fcntl.LOCK_UN)
        assert asdict(second.result()) == first


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
