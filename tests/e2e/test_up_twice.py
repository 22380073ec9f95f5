"""One folder, one stack: a second `up` is refused, and so is one while parts of a killed one are left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from cli.stack import Stack

pytestmark = pytest.mark.processes


@contextmanager
def begun(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    command = (sys.executable, "-m", "cli.main", "up", "--no-services", "--data", str(folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process


def is_up(process: "subprocess.Popen[str]") -> bool:
    assert process.stdout is not None
    return any("Ctrl-C" in line for line in iter(process.stdout.readline, ""))


def refused(folder: Path) -> int:
    """The process that is said to run already."""
    with begun(folder) as second:
        said, _ = second.communicate(timeout=60)
    assert second.returncode == 1, said
    found = re.search(r"runs already in this folder, as process (\d+)", said)
    assert found is not None, said
    return int(found[1])


def test_a_second_one_is_refused_and_what_a_killed_one_left_is_named(tmp_path: Path) -> None:
    with begun(tmp_path) as first:
        assert is_up(first)
        refused(tmp_path)
        with psycopg.connect(Stack(tmp_path).admin_url) as connection:
            connection.execute("SELECT FROM log.events")
        first.send_signal(signal.SIGKILL)

    for _ in ("nats", "postgres"):
        left = psutil.Process(refused(tmp_path))
        os.kill(left.pid, signal.SIGTERM)
        left.wait(30)
    with begun(tmp_path) as third:
        assert is_up(third)
        third.terminate()
        third.communicate(timeout=60)
    assert third.returncode == 0
