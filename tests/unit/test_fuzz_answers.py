"""Reading an answer never raises: real ones, damaged at random, from POST to lead. `make fuzz` tries ten thousand."""

import json
import os
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.callbacks.body import answers_in, parsed
from services.callbacks.receipt import Sender, received
from services.projector.extractors.reading import own_lines, read
from services.projector.lead import COLUMNS, Answered, project
from shared.enrichment import FIELDS, IDS, WRAPPERS, UnreadableBody
from shared.envelope import from_json, to_json
from shared.ids import named_id

EXAMPLES = int(os.environ.get("LEADSTREAM_FUZZ", "100"))
CLAY = Path(__file__).parents[1] / "data" / "clay"
LINES = [line for path in sorted(CLAY.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
WHOLE = [json.loads(text) for text in (*LINES, *(path.read_text("utf-8") for path in sorted(CLAY.glob("*.json"))))]
KEYS = sorted(
    {*IDS, *WRAPPERS, *FIELDS, "rows", "data", "Item ID", "companyId", "email", "employee_count", "last_refresh"}
)
ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
    ["", "null", "9" * 5_000, "{", "[[", '"', '{"name": "x"}', "[{}]", "https://", "2024-13-45", "=1+1", "\0", "1e999",
     named_id("company", "acme"), "00000000-0000-4000-8000-000000000001", 112688753, 2**70, -0.0]
)  # fmt: skip
SENDER = Sender(named_id("tenant", "t"), named_id("client", "c"), "enrich")
NOW = datetime(2026, 2, 1, tzinfo=UTC)
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def places(value: Any, found: list[Any]) -> list[Any]:
    """Every object and array in a value."""
    if isinstance(value, dict | list):
        found.append(value)
        for inner in value.values() if isinstance(value, dict) else value:
            places(inner, found)
    return found


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """An answer with values replaced, keys renamed, parts moved elsewhere, wrapped and put into strings."""
    body = json.loads(json.dumps(draw(st.sampled_from(WHOLE))))
    for _ in range(draw(st.integers(0, 6))):
        there = places(body, [])
        place = draw(st.sampled_from(there))
        other = json.loads(json.dumps(draw(st.sampled_from(there))))
        new = draw(ODD | st.just(other) | st.just(json.dumps(other)) | st.just([other] * 3))
        if isinstance(place, list):
            place.insert(draw(st.integers(0, len(place))), new)
        else:
            place[draw(st.sampled_from(KEYS) | st.sampled_from(sorted(place)) if place else st.sampled_from(KEYS))] = (
                new
            )
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.sampled_from(KEYS))
        body = draw(
            st.sampled_from([{key: body}, {key: json.dumps(body)}, [body, body], {"rows": [body]}, [{key: [body]}]])
        )
    return body


@FUZZ
@given(body=bodies(), cut=st.integers(0, 2_000_000))
def test_a_damaged_body_is_events_or_a_refusal(body: Any, cut: int) -> None:
    raw = json.dumps(body).encode()
    for content in (raw, raw[: cut % (len(raw) + 1)], raw.replace(b'": ', b'":', 1)[1:]):
        with suppress(UnreadableBody):
            whole = parsed(content)
            answers = answers_in(whole)
            events = received(SENDER, answers, whole, NOW, lambda: named_id("evt", "x"))
            assert 1 <= len(events) <= len(answers)
            assert [from_json(to_json(event)).payload for event in events] == [event.payload for event in events]


@FUZZ
@given(
    body=bodies(), other=bodies(), workflow=st.sampled_from(["enrich", "enrich_email"]),
    entities=st.lists(st.sampled_from(["company_1", "person_1", "item_1"]), min_size=2, max_size=2),
    mapping=st.dictionaries(st.sampled_from(COLUMNS), ODD | st.lists(st.sampled_from(KEYS)), max_size=3),
)  # fmt: skip
def test_a_damaged_answer_is_read_and_makes_a_lead(
    body: Any, other: Any, workflow: str, entities: list[str], mapping: dict[str, Any]
) -> None:
    lines = own_lines(mapping)
    readings = [read(raw, workflow, entity, lines) for raw, entity in zip((body, other), entities, strict=True)]
    assert all(set(reading.columns) <= set(COLUMNS) and None not in reading.columns.values() for reading in readings)
    item = body if isinstance(body, dict) else {}
    lead = project(item, [Answered(str(n), each) for n, each in enumerate(readings)], reference_date=date(2026, 2, 1))
    assert list(lead.columns) == list(COLUMNS)
    assert set(lead.provenance) == {name for name, value in lead.columns.items() if value is not None}
    assert orjson.dumps((lead.columns, lead.contradictions, list(map(tuple, lead.jobs))))
    assert not any("\0" in value for value in lead.columns.values() if isinstance(value, str))
