"""A log is JSON lines, whoever writes into it."""

import json
import subprocess
import sys

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
