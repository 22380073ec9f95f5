"""The envelope: what is written is read the same, what follows has a stable id, and rubbish is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import (
    MAX_EVENT_BYTES,
    Emit,
    EventTooLarge,
    UnreadableEvent,
    UnstorableEvent,
    caused,
    checked_json,
    from_json,
    no_fields,
    to_json,
)
from shared.events import (
    CATALOGUE,
    BatchCompleted,
    DispatchTimedOut,
    ItemAdded,
    ItemCompleted,
    StepScheduled,
    event_type,
)
from shared.ids import named_id
from shared.subjects import SLOTS, filters, slot_of, subject
from tests.unit.facts import BATCH, CLIENT, TENANT, fact, item_id

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
ACTOR = named_id("actor", "test")
EVENT = fact(ItemAdded(1, {"email": "ann@acme.com"}), item=1)
texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(st.dictionaries(texts, values), st.integers(0, 2**40))
def test_what_is_written_is_read_the_same(fields, position: int) -> None:
    event = replace(EVENT, payload=ItemAdded(1, fields))
    again = from_json(to_json(event), position)
    assert again == replace(event, position=position)
    assert to_json(again) == to_json(event)


def test_an_event_is_as_long_as_the_stream_takes() -> None:
    around = len(to_json(replace(EVENT, payload=ItemAdded(1, {"a": ""}))))
    longest = replace(EVENT, payload=ItemAdded(1, {"a": "x" * (MAX_EVENT_BYTES - around)}))
    assert len(checked_json(longest)) == MAX_EVENT_BYTES
    with pytest.raises(EventTooLarge, match="8000001 bytes"):
        checked_json(replace(EVENT, payload=ItemAdded(1, {"a": "x" * (MAX_EVENT_BYTES - around + 1)})))


@pytest.mark.parametrize("text", ["\0", "a \\\0", "\\\\\0"])
def test_no_event_has_nul(text: str) -> None:
    with pytest.raises(UnstorableEvent, match="the character NUL"):
        checked_json(replace(EVENT, payload=ItemAdded(1, {"a": text})))
    assert no_fields({"a": text}) == "text with a NUL character"


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "u0000"])
def test_what_is_written_like_nul_is_none(text: str) -> None:
    event = replace(EVENT, payload=ItemAdded(1, {"a": text}))
    assert from_json(checked_json(event)) == event
    assert no_fields({"a": text}) is None


def test_what_is_absent_is_not_written_and_times_are_utc() -> None:
    due = DispatchTimedOut("disp_1", "enrich", 1, NOW)
    raw = orjson.loads(to_json(fact(due, batch_id=None)))
    assert {"batch_id", "item_id", "entity_id", "causation_id", "position"}.isdisjoint(raw)
    assert raw["payload"]["retry_at"] == "2026-02-01T09:00:00Z"
    assert raw["occurred_at"] == "2026-02-01T09:00:00Z"
    assert from_json(orjson.dumps(raw)).payload == due


def test_what_follows_carries_its_cause() -> None:
    emit = Emit(StepScheduled(0, "tidy"), item_id=item_id(2), role="2/0")
    following = caused(EVENT, emit, now=NOW, actor=ACTOR)
    assert (following.causation_id, following.correlation_id) == (EVENT.id, EVENT.correlation_id)
    assert (following.tenant_id, following.client_id, following.batch_id) == (TENANT, CLIENT, BATCH)
    assert (following.item_id, following.type, following.version) == (item_id(2), "StepScheduled", 1)
    assert caused(EVENT, emit, now=NOW + timedelta(1), actor="other").id == following.id
    other = replace(emit, role="3/0")
    assert caused(EVENT, other, now=NOW, actor=ACTOR).id != following.id
    assert caused(replace(EVENT, id=named_id("evt", "other")), emit, now=NOW, actor=ACTOR).id != following.id


def test_whom_an_event_is_about() -> None:
    assert caused(EVENT, Emit(ItemCompleted(0, "tidy")), now=NOW, actor=ACTOR).item_id == item_id(1)
    assert caused(EVENT, Emit(BatchCompleted(1, 0), batch_id=BATCH), now=NOW, actor=ACTOR).item_id is None


def broken(**changes) -> bytes:
    return orjson.dumps(orjson.loads(to_json(EVENT)) | changes)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not an event"),
        (b"[]", "not an event"),
        (b"{}", "type"),
        (broken(type="NeverHeardOf"), "'NeverHeardOf' is not in the catalogue"),
        (broken(version=2), "written by a newer program; this one knows 1"),
        (broken(version=0), "no upcaster from ItemAdded version 0"),
        (broken(version="one"), "not an event"),
        (broken(payload={"row": 1}), "payload.fields: Field required"),
        (broken(payload={"row": "one", "fields": {}}), "payload.row"),
        (broken(payload=None), "ItemAdded: payload"),
        (broken(occurred_at="yesterday"), "yesterday"),
        (broken(colour="red"), "colour"),
        (broken(position=7), "position"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_part_that_is_wrong(body: bytes, told: str) -> None:
    with pytest.raises(UnreadableEvent, match=told):
        from_json(body)


def test_a_key_that_is_missing_is_named() -> None:
    raw = orjson.loads(to_json(EVENT))
    for key in ("id", "tenant_id", "occurred_at", "actor", "correlation_id", "payload"):
        with pytest.raises(UnreadableEvent, match=key):
            from_json(orjson.dumps({name: value for name, value in raw.items() if name != key}))


@given(st.binary() | values.map(orjson.dumps))
def test_no_bytes_upset_the_reader(body: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        from_json(body)


def test_every_payload_class_is_one_event() -> None:
    assert all(event_type(entry.payload) is entry and name == entry.name for name, entry in CATALOGUE.items())
    with pytest.raises(KeyError):
        event_type(dict)


def test_a_client_s_events_travel_in_one_slot() -> None:
    of_tenant = replace(EVENT, client_id=None)
    assert slot_of(EVENT) == slot_of(fact(BatchCompleted(1, 0)))
    assert {slot_of(replace(EVENT, client_id=named_id("client", str(n)))) for n in range(2_000)} == set(range(SLOTS))
    assert 0 <= slot_of(of_tenant) < SLOTS
    assert subject(7, "ItemAdded") == "events.7.ItemAdded"
    assert filters(["B", "A"]) == ["events.*.A", "events.*.B"]
