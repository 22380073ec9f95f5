"""docs/asyncapi.json: every event as a channel of the stream, with its exact schema, senders and readers.

Receivers are what each service's broker says it subscribes to; senders are the writers of the catalogue.
"""

import json
from typing import Any, Final

from faststream.specification import AsyncAPI
from pydantic import TypeAdapter

from docs.generate.catalogue import prose
from docs.generate.services import built
from shared.envelope import ENVELOPE_KEYS, Event
from shared.events import CATALOGUE, EventType
from shared.runtime.settings import SERVICES
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT, SLOTS, STREAM

Json = dict[str, Any]
SCHEMA_REF: Final = "#/components/schemas/{model}"
INBOX: Final = "inbox"
SLOT: Final = f"0 to {SLOTS - 1}: a hash of the client's id, or where there is none, of the tenant's"
DESCRIPTION: Final = (
    "Events of leadstream. A service sends an event by appending it to the log in PostgreSQL; the relay "
    f"publishes the log to the stream {STREAM}, in order, so that an event's stream sequence is its position "
    "in the log. docs/events.md has the same catalogue for reading."
)
ABOUT: Final = {
    "id": "Of this event: evt_ and a ULID. Its 128 bits, in hexadecimal, are the Nats-Msg-Id.",
    "occurred_at": "UTC.",
    "actor": "Who did it: a person or a service.",
    "correlation_id": "The same for everything that followed from one command.",
    "causation_id": "The event that this one follows from.",
    "entity_id": "The company or person it is about.",
}


def document() -> str:
    """The AsyncAPI document."""
    schemas: Json = {}
    for entry in CATALOGUE.values():
        schemas |= _schemas(entry)
    whole = {
        "asyncapi": "3.0.0",
        "info": {"title": "leadstream", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {entry.name: _channel(entry) for entry in CATALOGUE.values()} | {INBOX: _inbox()},
        "operations": dict(_operations()),
        "components": {"messages": {e.name: _message(e) for e in CATALOGUE.values()}, "schemas": schemas},
    }
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _channel(entry: EventType) -> Json:
    return {
        "address": f"events.{{slot}}.{entry.name}",
        "title": f"events.*.{entry.name}",
        "description": prose(entry.payload),
        "parameters": {"slot": {"description": SLOT}},
        "messages": {entry.name: {"$ref": f"#/components/messages/{entry.name}"}},
    }


def _inbox() -> Json:
    names = [entry.name for entry in _detoured()]
    return {
        "address": INBOX_SUBJECT,
        "title": INBOX_SUBJECT,
        "description": f"Stream {INBOX_STREAM}: what callbacks accepted while the database was away.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _detoured() -> list[EventType]:
    return [e for e in CATALOGUE.values() if e.writers == ("callbacks",)]


def _operations() -> list[tuple[str, Json]]:
    found = []
    for service in SERVICES:
        found += [_operation(service, "send", e.name) for e in CATALOGUE.values() if service in e.writers]
        found += [_operation(service, "receive", name) for name in _subscribed(service)]
    return [*found, _operation("callbacks", "send", INBOX), _operation("callbacks", "receive", INBOX)]


def _operation(service: str, action: str, channel: str) -> tuple[str, Json]:
    about = {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "tags": [{"name": service}]}
    return f"{service}.{action}.{channel}", about


def _subscribed(service: str) -> list[str]:
    """The event types of the service's channels, as FastStream documents them."""
    found = json.loads(AsyncAPI(built(service).broker).to_specification().to_json())
    return sorted(channel["address"].removeprefix("events.*.") for channel in found["channels"].values())


def _message(entry: EventType) -> Json:
    return {
        "name": entry.name,
        "title": f"{entry.name}, version {entry.version}",
        "contentType": "application/json",
        "payload": {"$ref": SCHEMA_REF.format(model=f"{entry.name}Event")},
    }


def _schemas(entry: EventType) -> Json:
    payload = TypeAdapter(entry.payload).json_schema(ref_template=SCHEMA_REF, mode="serialization")
    parts: Json = payload.pop("$defs", {})
    return {f"{entry.name}Event": _envelope(entry), entry.name: payload, **parts}


def _envelope(entry: EventType) -> Json:
    """The event around the payload. Keys that do not apply are absent, never null."""
    known = TypeAdapter(Event).json_schema(mode="serialization")
    properties = {key: _present(known["properties"][key], ABOUT.get(key)) for key in ENVELOPE_KEYS}
    properties["type"] = {"const": entry.name}
    properties["version"] = {"const": entry.version}
    properties["payload"] = {"$ref": SCHEMA_REF.format(model=entry.name)}
    required = sorted(key for key in properties if key in known["required"])
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def _present(schema: Json, description: str | None) -> Json:
    options = schema.get("anyOf", [schema])
    kept = next(option for option in options if option.get("type") != "null")
    wanted = {key: kept[key] for key in ("type", "format") if key in kept}
    return wanted | ({"description": description} if description else {})
