"""A process of one's own: it gives what was asked for, and never outlives who waits for it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import own_process
from cli.own_process import Processes
from shared.runtime.definition import OtherShape
from shared.runtime.refusals import Impossible

PATIENCE_SECONDS = 20.0
# Each starts Python anew.
pytestmark = pytest.mark.timeout(60)


async def told(value: Any) -> Any:
    if isinstance(value, BaseException):
        raise value
    return value, os.getpid()


async def shaped() -> None:
    raise OtherShape("ingest", "leadstream rebuild ingest")


async def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def waiting(folder: Path, does: str) -> str:
    """Wait for ever, in a file of the name `process`; what it then does is said, or `left`, with a file."""
    (folder / "process").write_text(str(os.getpid()))
    try:
        while does == "hears nothing":
            time.sleep(1)  # noqa: ASYNC251 - that is how it hears nothing
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        (folder / "left").touch()
        if does == "has done it":
            return "done"
        raise
    return ""


def is_there(process: int) -> bool:
    """Whether it runs: one that has ended and that nobody has asked for is none."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return said.stdout.strip()[:1] not in ("", "Z")


async def started(folder: Path) -> int:
    """The process, once it waits."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (folder / "process").exists() or not (folder / "process").read_text():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return int((folder / "process").read_text())


@pytest.fixture
def processes() -> Iterator[Processes]:
    processes = Processes()
    yield processes
    processes.end()


async def test_what_it_gives_comes_from_another_process_which_is_used_again(processes: Processes) -> None:
    long = "x" * 1_000_000
    value, process = await processes.run(told, long)
    assert (value, process != os.getpid(), is_there(process)) == (long, True, True)
    assert await processes.run(told, "short") == ("short", process)
    processes.end()
    assert not is_there(process)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ((told, ValueError("no")), ValueError, "no"),
        ((shaped,), OtherShape, str(OtherShape("ingest", "leadstream rebuild ingest"))),
        ((killed,), Impossible, "was ended (exit code -9)"),
    ],
    ids=["an error", "a refusal", "killed"],
)
async def test_what_it_raises_is_raised_here(
    processes: Processes, asked: tuple[Any, ...], error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as raised:
        await processes.run(*asked)
    assert str(raised.value).removeprefix("the process that worked on it ") == says
    assert (await processes.run(told, "more"))[0] == "more"


@pytest.mark.parametrize(
    ("does", "done", "left"), [("has done it", True, True), ("ends", False, True), ("hears nothing", False, False)]
)
async def test_cancelled_it_has_ended_before_anything_is_said(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, done: bool, left: bool
) -> None:
    monkeypatch.setattr(own_process, "LEAVING_SECONDS", 1.0 if does == "hears nothing" else PATIENCE_SECONDS)
    working = asyncio.create_task(processes.run(waiting, tmp_path, does))
    process = await started(tmp_path)
    working.cancel()
    await asyncio.sleep(0.01)
    working.cancel()  # as at the end of asyncio.run
    (outcome,) = await asyncio.gather(working, return_exceptions=True)
    assert outcome == "done" if done else isinstance(outcome, asyncio.CancelledError)
    assert (is_there(process), (tmp_path / "left").exists()) == (False, left)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path, how: signal.Signals) -> None:
    program = (
        "import asyncio; from pathlib import Path; from tests.unit import test_own_process as t\n"
        f"asyncio.run(t.Processes().run(t.waiting, Path({str(tmp_path)!r}), 'ends'))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    process = await started(tmp_path)
    assert is_there(process)
    parent.send_signal(how)
    await parent.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_there(process):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
