"""What a service tells of itself: what it does not know raises no alarm, and a stream that is gone does."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from services.callbacks import app
from shared.runtime import telemetry
from shared.runtime.settings import Settings
from shared.runtime.telemetry import Measure, Telemetry
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
    definition = SimpleNamespace(name="ingest", reads=("BatchLaunched", "DeadLetterRetried"))
    machine: Any = SimpleNamespace(definition=definition, position=0, letters=letters)
    return Telemetry(machine, lambda: False, MEASURES)


OF_NATS = ("nats_up", "stream_intact", "relay_distance_events", "inbox_messages")
OF_DATABASE = ("database_up", "log_head", "lag_events", "lag_seconds", "patrol_age_seconds", "oldest_seconds")
MEASURES = (
    Measure("leadstream_oldest_seconds", "The oldest.", "SELECT 3"),
    Measure("leadstream_kept", "Kept, by status.", "SELECT 'DUE', 4", "status"),
)


def values(told: Telemetry, names: tuple[str, ...] = OF_NATS) -> list[str]:
    lines = lines_of(told)
    return [lines[f'leadstream_{name}{{service="ingest"}}'] for name in names]


def test_what_callbacks_does_not_record_is_counted() -> None:
    service, receiver = app.build(Settings(signing_key=SecretStr("x" * MIN_KEY_CHARACTERS)))
    receiver.unrecorded()
    assert b'leadstream_refusals_unrecorded_total{service="callbacks"} 1.0' in service.telemetry.text()


def lines_of(told: Telemetry) -> dict[str, str]:
    """Each metric's value, by name and labels."""
    return dict(line.rsplit(" ", 1) for line in told.text().decode().splitlines() if not line.startswith("#"))


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


class Database:
    """A connection to PostgreSQL whose answers are these, one after another; then it is gone."""

    def __init__(self, *said: Any) -> None:
        self._said = list(said)

    async def __aenter__(self) -> "Database":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def execute(self, statement: Any, parameters: Any = None) -> "Database":
        if not self._said:
            raise psycopg.OperationalError("the server closed the connection unexpectedly")
        return self

    async def fetchone(self) -> Any:
        said = self._said.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    async def fetchall(self) -> Any:
        return [self._said.pop(0)]


ALL_THAT_IS_ASKED = ((9, 9, 2, 61.5), (0, 0.9, 12.0), (3,), ("DUE", 4))
SETTINGS: Any = SimpleNamespace(database_url=SimpleNamespace(get_secret_value=lambda: "postgresql://"))


async def asked(
    told: Telemetry, monkeypatch: pytest.MonkeyPatch, *said: Any, until: Callable[[], bool], every: float = 0.001
) -> None:
    """Ask a server that says so, until something is so."""

    async def connect(*_: Any, **__: Any) -> Any:
        return Database(*said)

    async def set_clock(_: Any) -> None:
        await Database(*said).execute("SELECT clock_timestamp()")

    monkeypatch.setattr(telemetry, "connect", connect)
    monkeypatch.setattr(telemetry, "set_clock", set_clock)
    monkeypatch.setattr(telemetry, "EVERY_SECONDS", every)
    monkeypatch.setattr(telemetry, "AWAY_SECONDS", 60)
    asking = asyncio.create_task(told._ask_database_for_ever(SETTINGS))
    await _until(until)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def _until(so: Callable[[], bool]) -> None:
    for _ in range(5_000):
        if so():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


def is_up(told: Telemetry) -> bool:
    return bool(told.known["database"])


def test_what_was_not_asked_yet_is_not_known(told: Telemetry) -> None:
    assert values(told, OF_DATABASE) == ["0.0", *["NaN"] * 5]


def test_types_that_are_read_are_counted_from_0_on(told: Telemetry) -> None:
    counted = {name: value for name, value in lines_of(told).items() if name.startswith("leadstream_events_total")}
    assert counted == {
        'leadstream_events_total{service="ingest",type="BatchLaunched"}': "0.0",
        'leadstream_events_total{service="ingest",type="DeadLetterRetried"}': "0.0",
    }


async def test_what_a_server_has_said_is_forgotten_once_it_is_away(
    told: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is cut off would silence alarms that take the least of all processes."""
    await asked(told, monkeypatch, *ALL_THAT_IS_ASKED, until=lambda: "lag_seconds" in told.known, every=60)
    assert values(told, OF_DATABASE) == ["1.0", "9.0", "2.0", "61.5", "0.9", "3.0"]
    assert told.known == {"database": True, "lag_events": 2, "lag_seconds": 61.5, "damaged_positions": 0}
    kept = 'leadstream_kept{service="ingest",status="DUE"}'
    assert lines_of(told)[kept] == "4.0"
    await asked(told, monkeypatch, until=lambda: not is_up(told))
    assert values(told, OF_DATABASE) == ["0.0", *["NaN"] * 5]
    assert kept not in lines_of(told)
    assert told.known == {"database": False}
    await told._ask_nats(Stream(SimpleNamespace(first_seq=1, last_seq=7, messages=7)))  # type: ignore[arg-type]
    assert values(told, ("relay_distance_events",)) == ["NaN"], "where the log ends is not known"


async def test_a_server_without_the_tables_is_there(told: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    await asked(told, monkeypatch, psycopg.errors.UndefinedTable("checkpoint"), until=lambda: is_up(told))
    assert told.known == {"database": True}
    assert values(told, OF_DATABASE) == ["1.0", *["NaN"] * 5]


async def test_a_server_that_stands_is_away_before_its_connection_is(
    told: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(told, monkeypatch, *ALL_THAT_IS_ASKED, until=lambda: "lag_seconds" in told.known, every=60)
    now = time.monotonic()
    monkeypatch.setattr(telemetry, "time", SimpleNamespace(monotonic=lambda: now + 9))
    assert (told.known, values(told, ("database_up",))) == ({"database": False}, ["0.0"])
