"""One damaged event is seen by itself within a minute, named, and mended by one command."""

import re
import signal
import subprocess
import sys

import httpx
import psycopg
import pytest

from tests.e2e.patience import away, eventually

DETECTED_WITHIN_SECONDS = 60.0
# It is waited twice for the patrol, and the commands in between start a process each.
pytestmark = pytest.mark.timeout(300)


def leadstream(stack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--data", str(stack.folder)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def until_told(stack, damaged: bool) -> None:
    """Until a service's metrics tell that something is damaged, or that nothing is."""

    def told() -> bool | None:
        metrics = httpx.get(f"{stack.urls['ingest']}/metrics", timeout=30).text
        found = re.search(r"^leadstream_damaged_positions\S* (\S+)", metrics, re.MULTILINE)
        return None if found is None else float(found[1]) > 0

    eventually(told, lambda found: found is damaged, DETECTED_WITHIN_SECONDS, every=0.5)


CHANGES = {
    1: "body = replace(body, 'version', 'versioN')",
    3: "type = 'BatchPaused'",
    5: "chain = '\\x00'",
}


def test_events_damaged_in_body_column_and_hash_are_seen_named_and_mended(stack, campaign):
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        for position, change in CHANGES.items():
            connection.execute(f"UPDATE log.events SET {change} WHERE position = {position}".encode())
        connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")
    until_told(stack, damaged=True)
    done = leadstream(stack, "verify")
    assert done.returncode == 1
    assert [position for position in CHANGES if f"position {position}: " not in done.stdout] == []
    done = leadstream(stack, "repair", "--yes")
    assert (done.returncode, "3 events put back" in done.stdout) == (0, True), done.stdout + done.stderr
    until_told(stack, damaged=False)
    assert leadstream(stack, "verify").returncode == 0


def test_a_broken_block_of_the_log_s_table_is_seen_named_and_mended(stack, campaign):
    """One bit in PostgreSQL's own file, while PostgreSQL is down: the server refuses the block from then on."""
    flip_in_the_log_s_file(stack)
    until_told(stack, damaged=True)
    done = leadstream(stack, "verify")
    assert done.returncode == 1
    assert re.search(r"positions? \d+.*: the event is gone, or cannot be read", done.stdout), done.stdout
    done = leadstream(stack, "repair", "--yes")
    assert re.search(r"log: [1-9]\d* events put back", done.stdout), done.stdout + done.stderr
    until_told(stack, damaged=False)
    assert leadstream(stack, "verify").returncode == 0


def flip_in_the_log_s_file(stack) -> None:
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT pg_relation_filepath('log.events')").fetchone()
    assert row is not None
    with away(stack, "postgres", signal.SIGINT), (stack.postgres.folder / "data" / row[0]).open("r+b") as file:
        file.seek(8192 - 40)
        (byte,) = file.read(1)
        file.seek(8192 - 40)
        file.write(bytes([byte ^ 8]))
