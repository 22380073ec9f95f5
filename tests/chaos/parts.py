"""The processes of a stack: which there are, their successors, one that stands still; URLs that callbacks takes."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import psutil

from cli.health import answers
from cli.stack import Stack
from shared.tokens import CallbackToken, sign
from tests.chaos.leaders import until


def processes(stack: Stack) -> dict[str, int]:
    """The process of each part, by its name."""
    return {name: process.running.pid for name, process in stack.processes.items() if process.running}


def until_another(stack: Stack, name: str, than: int) -> None:
    """Until a part has another process."""
    deadline = time.monotonic() + 60
    while not stack.processes[name].alive or processes(stack)[name] == than:
        assert time.monotonic() < deadline, f"{name} was not started again"
        time.sleep(0.05)


def start_again(stack: Stack, names: Sequence[str]) -> None:
    """Kill these services, and wait until their successors answer over HTTP."""
    for name in names:
        stack.kill(name)
        until_another(stack, name, 0)
    live = [f"{stack.urls[name]}/health/live" for name in names]
    until(lambda: None not in answers(live), 30, "each of them lives")


@contextmanager
def standing_still(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """A process that is stopped and not dead, and whatever it has started."""
    first = psutil.Process(process.pid)
    all_of_it = [first, *first.children(recursive=True)]
    for each in all_of_it:
        each.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in all_of_it:
            each.send_signal(signal.SIGCONT)


def signed(stack: Stack, token: CallbackToken) -> str:
    """The URL that a provider answers this token to."""
    return f"{stack.urls['callbacks']}/v1/callbacks/{quote(sign(token, stack.identity.signing_key))}"
