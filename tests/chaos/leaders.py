"""Who leads, as PostgreSQL sees it: by the advisory locks that connections hold."""

import time
from collections.abc import Callable

import psutil
import psycopg

from cli.stack import Stack

LEADERS = (
    "SELECT DISTINCT a.application_name, a.client_port, a.state FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted"
)


def leaders(stack: Stack) -> dict[str, int]:
    """The port that each leader's connection comes from, by the name of its part."""
    return {name: port for name, (port, _) in _holders(stack).items()}


def states(stack: Stack) -> dict[str, str]:
    """What each leader's session is doing: `idle` between two batches."""
    return {name: state for name, (_, state) in _holders(stack).items()}


def leading(stack: Stack, name: str) -> str:
    """Which replica leads: the one whose process has the connection."""
    port = leaders(stack)[name]
    for candidate in (name, f"{name}.1"):
        process = stack.processes[candidate].running
        assert process is not None
        if port in {c.laddr.port for c in psutil.Process(process.pid).net_connections() if c.laddr}:
            return candidate
    raise AssertionError(f"no replica of {name} holds the lease")


def until(enough: Callable[[], bool], seconds: float, what: str) -> float:
    """How many seconds it took; fails after too many."""
    began = time.monotonic()
    while not enough():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def _holders(stack: Stack) -> dict[str, tuple[int, str]]:
    with psycopg.connect(stack.admin_url) as connection:
        return {name.removeprefix("leadstream "): (port, state) for name, port, state in connection.execute(LEADERS)}
