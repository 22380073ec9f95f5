"""Where results go: what stands at an output's name stays, and standard output that takes nothing is told."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app
from shared.runtime.chain import Link

CONTENT = b"lead_id,person_email\r\n"
PLACES = {name: Endpoint(name, f"http://{name}") for name in ("ingest", "projector")}
COMMANDS = [["leads", "export"], ["bad-rows", "import_00000000000000000000000001"]]
Saved = Callable[[str | Path], Result]


@pytest.fixture(params=COMMANDS, ids=" ".join)
def saved(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Saved:
    """Runs a command with this output."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=CONTENT))
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(PLACES, transport=transport))
    return lambda output: CliRunner().invoke(app, [*request.param, "--output", str(output)])


@pytest.mark.timeout(20)
def test_a_pipe_is_written_into(tmp_path: Path, saved: Saved) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert saved(pipe).exit_code == 0
    reader.join(5)
    assert read == [CONTENT]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("before", [b"old", None], ids=["a file", "nothing"])
def test_a_link_stays_a_link(tmp_path: Path, saved: Saved, before: bytes | None) -> None:
    (tmp_path / "folder").mkdir()
    file, link = tmp_path / "folder" / "leads.csv", tmp_path / "link.csv"
    if before is not None:
        file.write_bytes(before)
    link.symlink_to(Path("folder") / "leads.csv")
    result = saved(link)
    assert (result.exit_code, result.stderr) == (0, f"wrote {link}\n")
    assert (link.is_symlink(), file.is_symlink(), file.read_bytes()) == (True, False, CONTENT)


def test_a_dash_is_standard_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, saved: Saved) -> None:
    monkeypatch.chdir(tmp_path)
    result = saved("-")
    assert (result.exit_code, result.stdout_bytes, result.stderr) == (0, CONTENT, "")
    assert list(tmp_path.iterdir()) == []


def test_the_log_goes_to_standard_output_and_what_is_said_of_it_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    async def export(_: str, file: BinaryIO, **__: object) -> Link:
        file.write(CONTENT)
        return Link(3, b"chain")

    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/leadstream")
    monkeypatch.setattr("shared.runtime.transfer.export", export)
    result = CliRunner().invoke(app, ["log", "export", "-"])
    assert (result.exit_code, result.stdout_bytes) == (0, CONTENT)
    assert result.stderr.startswith("standard output: positions 1 to 3")
    both = CliRunner().invoke(app, ["log", "export", "-", "--json"])
    assert (both.exit_code, both.stdout, "name a file" in both.stderr) == (2, "", True)


@pytest.mark.parametrize("name", ["x" * 300, "x" * 253, "missing/leads.csv"], ids=["long", "as part", "no folder"])
def test_a_name_that_cannot_be_written_is_one_line(tmp_path: Path, saved: Saved, name: str) -> None:
    result = saved(tmp_path / name)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"leadstream: cannot write {tmp_path}")
    assert list(tmp_path.iterdir()) == []


def leadstream(arguments: str) -> tuple[int, str]:
    """The exit code of a command in a shell, and what it says beside its result."""
    command = f"set -o pipefail; {sys.executable} -m cli.main {arguments}"
    done = subprocess.run(["bash", "-c", command], check=False, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("preview samples/apollo_people.csv >&-", "standard output is closed; send it to /dev/null"),
        ("preview samples/apollo_people.csv >/dev/full", "cannot write to standard output: No space left on device"),
        ("preview samples/apollo_people.csv --json >/dev/full", "cannot write to standard output: No space left"),
        ("--help >/dev/full", "cannot write to standard output: No space left"),
        ("leads export --help >/dev/full", "cannot write to standard output: No space left"),
    ],
)
def test_standard_output_that_takes_nothing_is_told(command: str, said: str) -> None:
    code, error = leadstream(command)
    assert code == 1
    assert error.startswith(f"leadstream: {said}")
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["preview samples/apollo_people.csv", "--help"])
def test_whoever_reads_no_further_is_left_in_peace(command: str) -> None:
    assert leadstream(f"{command} | true") == (1, "")
