"""One folder, one stack: a second `up` is refused; what a killed one left is ended, and the next one starts."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from cli.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@contextmanager
def begun(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    command = (sys.executable, "-m", "cli.main", "up", "--no-services", "--data", str(folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def is_up(process: "subprocess.Popen[str]") -> bool:
    assert process.stdout is not None
    return any("Ctrl-C" in line for line in iter(process.stdout.readline, ""))


def part(folder: Path, log: str) -> psutil.Process:
    return psutil.Process(int((folder / log).with_suffix(".pid").read_text()))


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def refused(folder: Path, why: str) -> int:
    """The process that is said to run already."""
    with begun(folder) as second:
        said, _ = second.communicate(timeout=60)
    assert second.returncode == 1, said
    found = re.search(rf"{why}.*`kill (\d+)`", said)
    assert found is not None, said
    return int(found[1])


def ends_well(process: "subprocess.Popen[str]") -> bool:
    process.terminate()
    process.communicate(timeout=60)
    return process.returncode == 0


def test_a_second_one_is_refused_and_what_a_killed_one_left_is_ended(tmp_path: Path) -> None:
    with begun(tmp_path) as first:
        assert is_up(first)
        assert refused(tmp_path, "leadstream runs already in this folder") == first.pid
        with psycopg.connect(Stack(tmp_path).admin_url) as connection:
            connection.execute("SELECT FROM log.events")
        left = [part(tmp_path, log) for log in ("nats/nats.log", "postgres/postgres.log", "logs/reaper.log")]
        first.send_signal(signal.SIGKILL)

    with begun(tmp_path) as second:
        assert is_up(second)
        assert not any(map(lives, left))
        assert "database system was shut down" in (tmp_path / "postgres" / "postgres.log").read_text()
        assert ends_well(second)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_ended_while_it_makes_its_database_leaves_a_folder_to_start_in(
    tmp_path: Path, how: signal.Signals
) -> None:
    with begun(tmp_path) as first:
        while not list(tmp_path.glob("postgres/*/PG_VERSION")):
            assert first.poll() is None
            time.sleep(0.005)
        first.send_signal(how)
        first.communicate(timeout=60)
    assert not (tmp_path / "postgres" / "data").exists()

    with begun(tmp_path) as second:
        assert is_up(second)
        assert [path.name for path in tmp_path.glob("postgres/data*")] == ["data"]
        assert ends_well(second)


def test_what_nobody_ends_is_named(tmp_path: Path) -> None:
    with begun(tmp_path) as first:
        assert is_up(first)
        part(tmp_path, "logs/reaper.log").kill()
        first.send_signal(signal.SIGKILL)

    for server in ("nats", "postgres"):
        left = psutil.Process(refused(tmp_path, f"{server} of an earlier start still runs"))
        os.kill(left.pid, signal.SIGTERM)
        left.wait(30)
    with begun(tmp_path) as second:
        assert is_up(second)
        assert ends_well(second)
