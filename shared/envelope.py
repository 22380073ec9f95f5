"""The envelope around every payload, and its JSON on the wire.

One event is one JSON object: the keys of `Event` (absent when None) and `payload`. Reading goes through the
upcasters, so code only ever sees the newest version of a payload.
"""

import re
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from shared.events import CATALOGUE, DispatchRefused, StepDispatched, event_type
from shared.ids import derive_id
from shared.record import record
from shared.upcast import upcast


class UnstorableEvent(ValueError):
    """The event has the character NUL somewhere, which PostgreSQL cannot read in JSON."""


class EventTooLarge(UnstorableEvent):
    """The event has more than MAX_EVENT_BYTES; the message says how many."""


class UnreadableEvent(ValueError):
    """The bytes are not an event this program knows; the message says which part is wrong."""


@record
class Event:
    """One fact. `position` is its place in the log (0 before it is appended); ids are prefixed ULIDs."""

    id: str
    type: str
    version: int
    tenant_id: str
    occurred_at: datetime
    actor: str
    correlation_id: str
    payload: Any
    client_id: str | None = None
    batch_id: str | None = None
    item_id: str | None = None
    entity_id: str | None = None
    causation_id: str | None = None
    position: int = 0


@record
class Emit:
    """What a decision wants said: a payload and whom it is about. `role` tells apart several of one cause.

    With neither item nor batch given it is about those of its cause.
    """

    payload: Any
    item_id: str | None = None
    batch_id: str | None = None
    entity_id: str | None = None
    role: str = ""
    cause: Event | None = None


ENVELOPE_KEYS: Final = tuple(f.name for f in fields(Event) if f.name not in {"payload", "position"})
# The stream takes 8 MiB with headers (`max_payload` of deploy/nats/nats.conf): past what it refuses no relay goes on.
MAX_EVENT_BYTES: Final = 8_000_000
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_KNOWN: Final = frozenset({*ENVELOPE_KEYS, "payload"})


def stated(
    payload: Any,
    *,
    event_id: str,
    tenant_id: str,
    now: datetime,
    actor: str,
    correlation_id: str | None = None,
    client_id: str | None = None,
    batch_id: str | None = None,
    item_id: str | None = None,
    entity_id: str | None = None,
    causation_id: str | None = None,
) -> Event:
    """The event that says `payload`. It belongs with its batch, or begins something, unless `correlation_id` is given.

    Raises KeyError for a payload that is no event.
    """
    entry = event_type(type(payload))
    return Event(
        event_id, entry.name, entry.version, tenant_id, now, actor, correlation_id or batch_id or event_id, payload,
        client_id, batch_id, item_id, entity_id, causation_id,
    )  # fmt: skip


def caused_id(cause_id: str, payload: type, role: str = "") -> str:
    """The id of the event that follows from a cause: same cause, payload type and role give the same."""
    return derive_id("evt", cause_id, f"{event_type(payload).name}/{role}")


def outcome_id(dispatch_id: str, kind: type[StepDispatched | DispatchRefused] = StepDispatched) -> str:
    """The id of the event that says what came of a dispatch's POST, whether it is in the log yet or not."""
    return caused_id(derive_id("evt", dispatch_id, "sent"), kind)


def caused(cause: Event, emit: Emit, *, now: datetime, actor: str) -> Event:
    """The event that follows from `cause`, with the id of `caused_id`."""
    return stated(
        emit.payload,
        event_id=caused_id(cause.id, type(emit.payload), emit.role),
        tenant_id=cause.tenant_id,
        now=now,
        actor=actor,
        correlation_id=cause.correlation_id,
        client_id=cause.client_id,
        batch_id=emit.batch_id or cause.batch_id,
        item_id=emit.item_id if emit.item_id or emit.batch_id else cause.item_id,
        entity_id=emit.entity_id,
        causation_id=cause.id,
    )


def to_json(event: Event) -> bytes:
    """The event's bytes on the wire and in the log."""
    body = {key: value for key in ENVELOPE_KEYS if (value := getattr(event, key)) is not None}
    body["payload"] = event.payload
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


def checked_json(event: Event) -> bytes:
    """As `to_json`. Raises EventTooLarge, and UnstorableEvent."""
    written = to_json(event)
    if _has_nul(written):
        raise UnstorableEvent(f"{event.type} {event.id} has the character NUL, which cannot be stored")
    if len(written) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{event.type} {event.id} has {len(written)} bytes; an event has {MAX_EVENT_BYTES} at most")
    return written


def from_json(body: bytes | str, position: int = 0) -> Event:
    """The event of these bytes. Raises UnreadableEvent."""
    try:
        raw = orjson.loads(body)
        name, version = raw["type"], raw["version"]
        entry = CATALOGUE.get(name)
        if entry is None:
            raise UnreadableEvent(f"event type {name!r} is not in the catalogue")
        payload = raw["payload"]
        if version != entry.version:
            payload = upcast(name, version, entry.version, payload)
        # By place: keywords, none of which is an interned string here, would take as long as all the rest.
        event = Event(
            raw["id"], name, entry.version, raw["tenant_id"], datetime.fromisoformat(raw["occurred_at"]), raw["actor"],
            raw["correlation_id"], _reader(entry.payload).validate_python(payload), raw.get("client_id"),
            raw.get("batch_id"), raw.get("item_id"), raw.get("entity_id"), raw.get("causation_id"), position,
        )  # fmt: skip
        if not _KNOWN.issuperset(raw):
            raise UnreadableEvent(f"not an event: it has {', '.join(sorted(raw.keys() - _KNOWN))}")
        return event
    except UnreadableEvent:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableEvent(f"{name}: payload.{place}: {first['msg']}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent(f"not an event: {error}") from error


def told(error: BaseException, limit: int) -> str:
    """An error's type and message, as text that an event can hold whatever is in it."""
    text = f"{type(error).__name__}: {error}"[:limit]
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def no_fields(value: object) -> str | None:
    """What a value is, where an event cannot hold it as the fields of an item; None where it can."""
    if not isinstance(value, dict):
        return f"{type(value).__name__}, not a dict of fields"
    try:
        written = orjson.dumps(value)
    except TypeError as error:
        return f"what is no JSON: {error}"
    return "text with a NUL character" if _has_nul(written) else None


def _has_nul(written: bytes) -> bool:
    return b"\\u0000" in written and _NUL.search(written) is not None


@cache
def _reader(payload: type) -> Any:
    return TypeAdapter(payload).validator
