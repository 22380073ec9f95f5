"""The log's two doors: appending events, and reading them back in order."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

import orjson

from shared.envelope import Event, from_json, to_json
from shared.ids import to_hex
from shared.runtime.database import Connection
from shared.subjects import slot_of

CHUNK_BYTES: Final = 8 * 1024 * 1024


def records(events: Iterable[Event]) -> str:
    """The events as the JSON array that log.append() takes."""
    return orjson.dumps([_record(event) for event in events]).decode()


async def append(connection: Connection, events: Sequence[Event]) -> int:
    """Append in the connection's transaction; the position of the last event in the log.

    Events whose id the log has already are left out. Raises psycopg.errors.InsufficientPrivilege for an event type
    that the role may not write. All other appends wait from here until the transaction ends: make it the last step.
    """
    cursor = await connection.execute("SELECT log.append(%s::json)", (records(events),))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def send(connection: Connection, prepared: str) -> None:
    """Append `records`, in a pipeline: nothing is waited for, and a failure shows when the transaction ends."""
    await connection.execute("SELECT log.append(%s::json)", (prepared,))


async def head(connection: Connection) -> int:
    """The position of the last event, 0 for an empty log."""
    cursor = await connection.execute("SELECT coalesce(max(position), 0) FROM log.events")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def bodies(
    connection: Connection, types: Sequence[str] | None, *, after: int, upto: int, chunk: int
) -> AsyncIterator[list[tuple[int, bytes]]]:
    """Position and bytes of the events of these types (None: of all) with after < position <= upto, in order.

    Each list has at most `chunk` events, and fewer where they are wide.
    """
    while after < upto:
        cursor = await connection.execute(
            "SELECT position, body FROM ("
            "SELECT position, body, row_number() OVER (ORDER BY position) AS number,"
            " sum(octet_length(body)) OVER (ORDER BY position) AS bytes"
            " FROM log.events WHERE position > %s AND position <= %s"
            " AND (%s::text[] IS NULL OR type = ANY(%s::text[])) ORDER BY position LIMIT %s) e"
            " WHERE bytes <= %s OR number = 1 ORDER BY position",
            (after, upto, types and list(types), types and list(types), chunk, CHUNK_BYTES),
        )
        found = await cursor.fetchall()
        if not found:
            return
        yield [(position, body.encode()) for position, body in found]
        after = found[-1][0]


async def payloads(connection: Connection, event_ids: Iterable[str]) -> dict[str, Any]:
    """The payloads of these events, by id: what is wide and never changes is kept here and nowhere twice."""
    wanted = "{" + ",".join(map(to_hex, event_ids)) + "}"
    cursor = await connection.execute("SELECT body FROM log.events WHERE id = ANY(%s::uuid[])", (wanted,))
    events = [from_json(body) for (body,) in await cursor.fetchall()]
    return {event.id: event.payload for event in events}


async def items_added(connection: Connection, item_ids: Iterable[str]) -> dict[str, Event]:
    """The ItemAdded events of these items, by item."""
    wanted = "{" + ",".join(map(to_hex, item_ids)) + "}"
    cursor = await connection.execute(
        "SELECT body FROM log.events WHERE item_id = ANY(%s::uuid[]) AND type = 'ItemAdded'", (wanted,)
    )
    events = [from_json(body) for (body,) in await cursor.fetchall()]
    return {str(event.item_id): event for event in events}


async def item_fields(connection: Connection, item_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The fields of these items' rows, by item, as their ItemAdded events have them."""
    return {item_id: event.payload.fields for item_id, event in (await items_added(connection, item_ids)).items()}


async def item_answers(connection: Connection, item_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What these items' steps were answered, by item and workflow."""
    wanted = "{" + ",".join(map(to_hex, item_ids)) + "}"
    cursor = await connection.execute(
        "SELECT body FROM log.events WHERE item_id = ANY(%s::uuid[]) AND type = 'ItemCompleted' ORDER BY position",
        (wanted,),
    )
    completed = [event for (body,) in await cursor.fetchall() if (event := from_json(body)).payload.answer_id]
    said = await payloads(connection, {event.payload.answer_id for event in completed})
    found: dict[str, dict[str, Any]] = {}
    for event in completed:
        found.setdefault(str(event.item_id), {})[event.payload.workflow] = said[event.payload.answer_id].answer
    return found


def _record(event: Event) -> dict[str, object]:
    return {
        "id": to_hex(event.id),
        "type": event.type,
        "slot": slot_of(event),
        "tenant_id": to_hex(event.tenant_id),
        "client_id": event.client_id and to_hex(event.client_id),
        "batch_id": event.batch_id and to_hex(event.batch_id),
        "item_id": event.item_id and to_hex(event.item_id),
        "entity_id": event.entity_id and to_hex(event.entity_id),
        "occurred_at": event.occurred_at,
        "body": orjson.Fragment(to_json(event)),
    }
