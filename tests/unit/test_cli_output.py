"""Where results go: standard output that takes nothing is told."""

import subprocess
import sys

import pytest


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
    ],
)
def test_standard_output_that_takes_nothing_is_told(command: str, said: str) -> None:
    code, error = leadstream(command)
    assert code == 1
    assert error.startswith(f"leadstream: {said}")
    assert error.count("\n") == 1


def test_whoever_reads_no_further_is_left_in_peace() -> None:
    assert leadstream("preview samples/apollo_people.csv | true") == (1, "")
