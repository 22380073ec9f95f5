"""Counts and CPU time of a running stack, taken from the servers' own books and the operating system's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psutil
import psycopg

from cli.stack import Stack

# Read in one go: transactions and rows of the database, bytes and syncs of the write-ahead log, events.
COUNTS: Final = """
SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
       (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables),
       (SELECT wal_bytes FROM pg_stat_wal),
       (SELECT coalesce(sum(fsyncs), 0) FROM pg_stat_io WHERE object = 'wal'),
       (SELECT position FROM log.head)
"""


@dataclass(frozen=True)
class Snapshot:
    """One moment: CPU seconds by process, memory in bytes, and the counts."""

    cpu: Mapping[str, float]
    memory: int
    transactions: int
    rows: int
    wal_bytes: int
    fsyncs: int
    events: int


def take(stack: Stack) -> Snapshot:
    """Read everything now."""
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute(COUNTS).fetchone()
    assert row is not None
    cpu = {name: cpu_seconds(process.running.pid) for name, process in stack.processes.items() if process.running}
    memory = sum(_memory(p.running.pid) for n, p in stack.processes.items() if p.running and n != "postgres")
    return Snapshot(cpu, memory, *(int(value) for value in row))


def cpu_seconds(pid: int) -> float:
    """Seconds of a process, its ended children and its living ones."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return float(seconds)


def _memory(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)
