"""Counts and CPU time of a running stack, taken from the servers' own books and the operating system's."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import nats
import psutil
import psycopg

from cli.stack import Stack
from shared.subjects import INBOX_STREAM, STREAM

# Read in one go: transactions and rows of the database, bytes and syncs of the write-ahead log, events.
COUNTS: Final = """
SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
       (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables),
       (SELECT wal_bytes FROM pg_stat_wal),
       (SELECT coalesce(sum(fsyncs), 0) FROM pg_stat_io WHERE object = 'wal'),
       (SELECT position FROM log.head)
"""
# What makes PostgreSQL write down each statement that it executes, and who asked, without the values.
LOGGING: Final = {"log_statement": "all", "log_parameter_max_length": "0", "log_line_prefix": "%a: "}
STATEMENT: Final = re.compile(rb"^leadstream (\w+)[\w ]*: LOG:  (?:execute|statement)", re.MULTILINE)


@dataclass(frozen=True)
class Snapshot:
    """One moment: CPU seconds by process, memory in bytes, and the counts. `messages`: of both streams."""

    cpu: Mapping[str, float]
    memory: int
    messages: int
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
    messages = asyncio.run(_messages(stack.nats.url("provision")))
    return Snapshot(cpu, memory, messages, *(int(value) for value in row))


@contextmanager
def statements(stack: Stack) -> Iterator[Counter[str]]:
    """The statements that PostgreSQL executes meanwhile, by the process that asks, as its log has them at the end.

    Nothing is timed while this goes on: each is a line in a file.
    """
    found: Counter[str] = Counter()
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        for name, value in LOGGING.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
        start = stack.postgres.log.stat().st_size
        try:
            yield found
        finally:
            for name in LOGGING:
                connection.execute(f"ALTER SYSTEM RESET {name}".encode())
            connection.execute("SELECT pg_reload_conf()")
    found.update(match.decode() for match in STATEMENT.findall(stack.postgres.log.read_bytes()[start:]))


async def _messages(url: str) -> int:
    async with await nats.connect(url) as client:
        states = [(await client.jetstream().stream_info(name)).state for name in (STREAM, INBOX_STREAM)]
    return sum(state.last_seq for state in states)


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
