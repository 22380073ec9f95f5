"""The log's two doors: appending events, and reading them back, in order or by what they are about."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from shared.envelope import Event, checked_json, from_json
from shared.ids import to_hex
from shared.runtime.database import Connection, one, one_or_none, uuid_array
from shared.runtime.lease import HOLDS, Lost
from shared.runtime.log_rows import CHUNK_BYTES, window
from shared.subjects import slot_of

Columns = tuple[str, ...]
Message = tuple[int, bytes]  # an event's position and its bytes
# How many positions one query looks at: where events of the types are few, each would look at all the rest of the log.
SPAN: Final = 25_000
BODIES: Final = window(
    "position, convert_to(body, 'UTF8')",
    "position > %s AND position <= %s AND (%s::text[] IS NULL OR type = ANY(%s::text[]))",
)
_IDS: Final = ("tenant_id", "client_id", "batch_id", "item_id", "entity_id")
APPEND: Final = (
    "SELECT log.append(%s::uuid[], %s::text[], %s::smallint[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[],"
    " %s::uuid[], %s::timestamptz[], %s)"
)


def columns(events: Sequence[Event]) -> Columns:
    """The events as log.append() takes them: an array for each column, as PostgreSQL reads them, and the bodies.

    Raises UnstorableEvent.
    """
    return (
        uuid_array(event.id for event in events),
        _array(f'"{event.type}"' for event in events),
        _array(str(slot_of(event)) for event in events),
        *(_array(_digits(identifier) for identifier in map(attrgetter(name), events)) for name in _IDS),
        _array(event.occurred_at.isoformat() for event in events),
        b"\n".join(map(checked_json, events)).decode(),
    )


async def append(connection: Connection, events: Sequence[Event]) -> int:
    """Append in the connection's transaction; the position of the last event in the log.

    Events whose id the log has already are left out. Raises UnstorableEvent, and psycopg.errors.InsufficientPrivilege
    for an event type that the role may not write. All other appends wait from here until the transaction ends: make it
    the last step.
    """
    (position,) = await one(connection, APPEND, columns(events))
    return int(position)


async def send(connection: Connection, prepared: Columns) -> None:
    """Append `columns`, in a pipeline: nothing is waited for, and a failure shows when the transaction ends."""
    await connection.execute(APPEND, prepared)


async def append_in_term(connection: Connection, events: Sequence[Event], term: int) -> int:
    """As `append`, while the lease of this term is held. Raises Lost."""
    row = await one_or_none(connection, f"{APPEND} WHERE {HOLDS}".encode(), (*columns(events), term))
    if row is None:
        raise Lost("another replica leads")
    return int(row[0])


async def last_position(connection: Connection) -> int:
    """The position of the last event, by the events themselves (`head_of` has what stands in log.head); 0 for none."""
    (position,) = await one(connection, "SELECT coalesce(max(position), 0) FROM log.events")
    return int(position)


async def position_at(connection: Connection, moment: datetime) -> int:
    """The position of the last event that had occurred at this moment; 0 if none had."""
    before = "SELECT position FROM log.events WHERE occurred_at <= %s ORDER BY position DESC LIMIT 1"
    row = await one_or_none(connection, before, (moment,))
    return int(row[0]) if row else 0


async def bodies(
    connection: Connection, types: Sequence[str] | None, *, after: int, upto: int, chunk: int
) -> AsyncGenerator[list[Message], None]:
    """Position and bytes of the events of these types (None: of all) with after < position <= upto, in order.

    Each list has at most `chunk` events, and fewer where they are wide or far between; none is empty.
    """
    while after < upto:
        reach = min(after + SPAN, upto)
        cursor = await connection.execute(
            BODIES.encode(),
            (after, reach, types and list(types), types and list(types), chunk, CHUNK_BYTES),
            binary=True,
        )
        found = await cursor.fetchall()
        if found:
            yield found
        after = found[-1][0] if found else reach


async def events_of(connection: Connection, event_ids: Iterable[str]) -> dict[str, Event]:
    """These events, by id: what is wide and never changes is kept here and nowhere twice."""
    wanted = uuid_array(event_ids)
    cursor = await connection.execute("SELECT body FROM log.events WHERE id = ANY(%s::uuid[])", (wanted,))
    events = [from_json(body) for (body,) in await cursor.fetchall()]
    return {event.id: event for event in events}


async def payloads(connection: Connection, event_ids: Iterable[str]) -> dict[str, Any]:
    """The payloads of these events, by id."""
    return {event_id: event.payload for event_id, event in (await events_of(connection, event_ids)).items()}


async def items_added(connection: Connection, item_ids: Iterable[str]) -> dict[str, Event]:
    """The ItemAdded events of these items, by item."""
    wanted = uuid_array(item_ids)
    cursor = await connection.execute(
        "SELECT body FROM log.events WHERE item_id = ANY(%s::uuid[]) AND type = 'ItemAdded'", (wanted,)
    )
    events = [from_json(body) for (body,) in await cursor.fetchall()]
    return {str(event.item_id): event for event in events}


def _array(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _digits(identifier: str | None) -> str:
    return to_hex(identifier) if identifier else "NULL"
