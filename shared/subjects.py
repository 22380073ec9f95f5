"""Where an event travels: `events.{slot}.{type}`. Every client hashes to one of 64 slots, for good."""

import zlib
from collections.abc import Iterable
from typing import Final

from shared.envelope import Event

SLOTS: Final = 64
STREAM: Final = "EVENTS"
INBOX_STREAM: Final = "INBOX"
INBOX_SUBJECT: Final = "inbox.callbacks"


def slot_of(event: Event) -> int:
    """The slot of the event's client, or of its tenant where no client applies."""
    return slot_of_ids(event.client_id, event.tenant_id)


def slot_of_ids(client_id: str | None, tenant_id: str) -> int:
    """The slot of a client, or of a tenant where no client applies."""
    return zlib.crc32((client_id or tenant_id).encode()) % SLOTS


def subject(slot: int, event_type: str) -> str:
    """The subject of one event."""
    return f"events.{slot}.{event_type}"


def filters(event_types: Iterable[str]) -> list[str]:
    """The subjects a reader of these types asks for."""
    return [f"events.*.{name}" for name in sorted(event_types)]
