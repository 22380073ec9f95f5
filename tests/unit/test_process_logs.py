"""A log is JSON lines, whoever writes into it."""

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from shared.runtime import process_logs
from shared.runtime.process_logs import Repeats

WRITE = """
import logging, sys, structlog
from shared.runtime.process_logs import configure_logging
from shared.runtime.settings import Settings
configure_logging(Settings(database_url="x", nats_url="x", replica="b"), "relay")
structlog.get_logger().info("ours", position=3)
try:
    raise OSError("gone")
except OSError:
    logging.getLogger("nats.aio.client").exception("theirs %s", 1)
    structlog.get_logger().exception("ours too")
"""


def test_what_libraries_write_is_as_structured_as_our_own() -> None:
    done = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, text=True, timeout=60, check=True)
    ours, theirs, failed = map(json.loads, done.stdout.splitlines())
    assert done.stderr == ""
    assert (ours["event"], ours["position"], ours["level"]) == ("ours", 3, "info")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs 1", "error", "nats.aio.client")
    assert {line["service"] for line in (ours, theirs, failed)} == {"relay"}
    assert {line["replica"] for line in (ours, theirs, failed)} == {"b"}
    assert all(line["exception"].endswith("OSError: gone") for line in (theirs, failed))


def said(repeats: Repeats, method: str, event: str, **more: Any) -> Any:
    """The line as it is written; None for one that is left out."""
    try:
        return repeats(None, method, {"event": event, **more})
    except structlog.DropEvent:
        return None


def test_a_warning_is_not_said_again_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(process_logs, "time", SimpleNamespace(monotonic=lambda: now))
    repeats = Repeats()
    assert said(repeats, "warning", "interrupted", error="refused") == {"event": "interrupted", "error": "refused"}
    for now in (0.5, 30.0, 59.0):
        assert said(repeats, "warning", "interrupted", error="refused") is None
        assert said(repeats, "warning", "interrupted", error=f"another, of {now}") is not None
    now = 61.0
    assert said(repeats, "warning", "interrupted", error="refused")["repeated"] == 3
    assert said(repeats, "warning", "interrupted", error="refused") is None


def test_what_happens_again_after_it_went_on_is_news() -> None:
    repeats = Repeats()
    for _ in range(3):
        assert said(repeats, "error", "interrupted") is not None
        assert said(repeats, "error", "interrupted") is None
        assert said(repeats, "info", "leading") is not None
        assert said(repeats, "info", "leading") is not None


def test_however_many_different_things_are_said_few_are_remembered() -> None:
    repeats = Repeats()
    for number in range(2 * process_logs.KNOWN):
        assert said(repeats, "warning", "one of many", number=number) is not None
    assert len(repeats._said) == process_logs.KNOWN


def test_a_process_writes_what_it_says_again_and_again_once() -> None:
    write = WRITE + "for _ in range(5): structlog.get_logger().warning('away', error='refused')\n"
    done = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()].count("away") == 1
