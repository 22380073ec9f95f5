"""The wire format, for ever: one golden file for each (type, version), written once and never edited.

A changed payload is a new version with an upcaster and a new file; the old file stays and still has to be readable.
"""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared import upcast
from shared.envelope import Event, UnreadableEvent, from_json, to_json
from shared.events import CATALOGUE, EventType

FOLDER = Path(__file__).parents[1] / "golden" / "events"
FILES = sorted(FOLDER.glob("*.json"))
GOLDEN = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_every_type_and_version_has_a_golden_file() -> None:
    wanted = {f"{name}.v{version}.json" for name, e in CATALOGUE.items() for version in range(1, e.version + 1)}
    assert {path.name for path in FILES} == wanted, "write the missing file; never edit or remove one that is there"


@GOLDEN
def test_what_was_ever_written_can_be_read(path: Path) -> None:
    raw = orjson.loads(path.read_bytes())
    assert path.name == f"{raw['type']}.v{raw['version']}.json"
    event = from_json(path.read_bytes())
    entry = CATALOGUE[event.type]
    assert (event.version, type(event.payload)) == (entry.version, entry.payload)


@GOLDEN
def test_reading_and_writing_again_gives_the_same_json(path: Path) -> None:
    raw = orjson.loads(path.read_bytes())
    if raw["version"] == CATALOGUE[raw["type"]].version:
        assert orjson.loads(to_json(from_json(path.read_bytes()))) == raw


@GOLDEN
def test_the_file_of_the_newest_version_has_every_field_with_a_value_of_its_own(path: Path) -> None:
    """So a field that is removed, renamed or given another default is noticed by the test above."""
    raw = orjson.loads(path.read_bytes())
    entry = CATALOGUE[raw["type"]]
    if raw["version"] == entry.version:
        assert set(raw["payload"]) == {field.name for field in fields(entry.payload)}
        assert [
            f.name for f in fields(entry.payload) if f.default is not MISSING and raw["payload"][f.name] == f.default
        ] == []


@dataclass(frozen=True, slots=True)
class Renamed:
    """BatchPaused, had its `reason` been renamed without a new version."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """BatchPaused, had its `reason` been removed without a new version."""


@dataclass(frozen=True, slots=True)
class Paused:
    """BatchPaused in a second version, which also says who."""

    why: str
    by: str


def pretend(monkeypatch: pytest.MonkeyPatch, payload: type, version: int = 1) -> None:
    monkeypatch.setitem(CATALOGUE, "BatchPaused", EventType("BatchPaused", version, ("ingest",), payload))


@pytest.mark.parametrize("payload", [Renamed, Removed])
def test_a_removed_or_renamed_field_is_noticed(monkeypatch: pytest.MonkeyPatch, payload: type) -> None:
    pretend(monkeypatch, payload)
    path = FOLDER / "BatchPaused.v1.json"
    with pytest.raises(AssertionError):
        test_reading_and_writing_again_gives_the_same_json(path)
    with pytest.raises(AssertionError):
        test_the_file_of_the_newest_version_has_every_field_with_a_value_of_its_own(path)


def test_an_old_version_is_read_through_its_upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, Paused, version=3)
    steps = {
        ("BatchPaused", 1): lambda old: {"why": old["reason"]},
        ("BatchPaused", 2): lambda old: old | {"by": "unknown"},
    }
    monkeypatch.setattr(upcast, "UPCASTERS", steps)
    event = from_json((FOLDER / "BatchPaused.v1.json").read_bytes())
    assert (event.version, event.payload) == (3, Paused("the table is full", "unknown"))
    assert orjson.loads(to_json(event))["version"] == 3


def test_a_missing_upcaster_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, Paused, version=2)
    monkeypatch.setattr(upcast, "UPCASTERS", {})
    with pytest.raises(UnreadableEvent, match="no upcaster from BatchPaused version 1"):
        from_json((FOLDER / "BatchPaused.v1.json").read_bytes())


def changed(**changes: Any) -> bytes:
    return orjson.dumps(orjson.loads((FOLDER / "ItemAdded.v1.json").read_bytes()) | changes)


def test_an_unknown_type_and_a_newer_version_are_refused_with_a_reason() -> None:
    with pytest.raises(UnreadableEvent, match="event type 'ItemMoved' is not in the catalogue"):
        from_json(changed(type="ItemMoved"))
    with pytest.raises(UnreadableEvent, match="ItemAdded version 99 was written by a newer program"):
        from_json(changed(version=99))


def test_the_envelope_has_the_keys_it_always_had() -> None:
    raw = orjson.loads((FOLDER / "StepDispatched.v1.json").read_bytes())
    assert set(raw) == {field.name for field in fields(Event)} - {"position"}
