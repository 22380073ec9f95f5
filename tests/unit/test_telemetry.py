"""What a service tells of itself: what it does not know raises no alarm, and a stream that is gone does."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from services.callbacks import app
from shared.runtime import telemetry
from shared.runtime.settings import Settings
from shared.runtime.telemetry import Telemetry
from shared.subjects import STREAM
from shared.tokens import MIN_KEY_CHARACTERS


class Stream:
    """NATS with a stream of a state, without one, or away."""

    def __init__(self, *said: Any) -> None:
        self._said = list(said)

    def jetstream(self, timeout: float) -> "Stream":
        return self

    async def stream_info(self, name: str) -> Any:
        if name != STREAM:
            return SimpleNamespace(state=SimpleNamespace(messages=2))
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        if isinstance(said, Exception):
            raise said
        return SimpleNamespace(state=said)


@pytest.fixture
def told() -> Telemetry:
    letters = SimpleNamespace(open=(), undecided=0, held=())
    machine: Any = SimpleNamespace(definition=SimpleNamespace(name="ingest"), position=0, letters=letters)
    return Telemetry(machine, lambda: False)


def values(told: Telemetry) -> list[str]:
    lines = dict(line.rsplit(" ", 1) for line in told.text().decode().splitlines() if not line.startswith("#"))
    names = ("nats_up", "stream_intact", "relay_distance_events", "inbox_messages")
    return [lines[f'leadstream_{name}{{service="ingest"}}'] for name in names]


def test_what_callbacks_does_not_record_is_counted() -> None:
    service, receiver = app.build(Settings(signing_key=SecretStr("x" * MIN_KEY_CHARACTERS)))
    receiver.unrecorded()
    assert b'leadstream_refusals_unrecorded_total{service="callbacks"} 1.0' in service.telemetry.text()


def test_a_stream_that_was_not_looked_at_is_not_damaged(told: Telemetry) -> None:
    assert values(told) == ["0.0", "NaN", "NaN", "NaN"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([SimpleNamespace(first_seq=1, last_seq=7, messages=7)], ["1.0", "1.0", "2.0", "2.0"]),
        ([SimpleNamespace(first_seq=1, last_seq=7, messages=6)], ["1.0", "0.0", "2.0", "2.0"]),
        ([NotFoundError()], ["1.0", "0.0", "9.0", "2.0"]),
        ([SimpleNamespace(first_seq=1, last_seq=7, messages=7), NatsTimeout()], ["0.0", "NaN", "NaN", "NaN"]),
    ],
    ids=["whole", "a message is missing", "gone", "away after it was there"],
)
async def test_what_is_told_of_the_stream(
    told: Telemetry, said: list[Any], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "EVERY_SECONDS", 0.001)
    told._head = 9
    stream: Any = Stream(*said)
    asking = asyncio.create_task(told._ask_nats_for_ever(lambda: stream))
    await asyncio.sleep(0.05)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    assert values(told) == expected
