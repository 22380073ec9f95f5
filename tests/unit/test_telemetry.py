"""What a service tells of itself before it knows anything raises no alarm."""

from types import SimpleNamespace
from typing import Any

from shared.runtime.telemetry import Telemetry


def test_a_stream_that_was_not_looked_at_is_not_damaged() -> None:
    letters = SimpleNamespace(open=(), undecided=0, held=())
    machine: Any = SimpleNamespace(definition=SimpleNamespace(name="ingest"), position=0, letters=letters)
    assert b'leadstream_stream_intact{service="ingest"} NaN' in Telemetry(machine, lambda: False).text()
