"""The rows of log.events: what stands beside a body, where the log ends, and how many rows are read at once."""

from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from shared.ids import to_hex
from shared.runtime.chain import Entry, Link
from shared.runtime.database import Connection, one, one_or_none
from shared.runtime.refusals import Impossible
from shared.subjects import slot_of_ids

COLUMNS: Final = (
    "position", "id", "type", "slot", "tenant_id", "client_id", "batch_id", "item_id", "entity_id", "occurred_at",
    "body", "chain",
)  # fmt: skip
CHUNK_BYTES: Final = 8 * 1024 * 1024
ENDS: Final = """
SELECT coalesce((SELECT min(position) FROM log.events), 1), coalesce((SELECT max(position) FROM log.events), 0),
       h.position, h.chain
FROM (SELECT) one LEFT JOIN log.head h ON true
"""


class HeadGone(Impossible):
    """log.head has no row."""

    def __str__(self) -> str:
        """What is wrong, and what to do about it."""
        return "log.head has no row, so nothing can be appended: `leadstream repair` makes it anew"


class NoEvent(ValueError):
    """These bytes are nothing that the log can hold; the message says of what kind the fault is."""


class Ends(NamedTuple):
    """The lowest and the highest position of a row at one moment (1 and 0 without any), and the head; None: no row."""

    first: int
    last: int
    head: Link | None

    @property
    def by_head(self) -> int:
        """Where the log ends by its head; by its rows where there is no head."""
        return self.last if self.head is None else self.head.position

    @property
    def end(self) -> int:
        """Where the log ends, by its rows or by its head: whichever is further."""
        return max(self.last, self.head.position if self.head else 0)


def window(columns: str, condition: str) -> str:
    """The SELECT of the first rows that meet a condition: so many at most, and so many bytes, but one at least.

    Both are parameters, after those of the condition: with numbers there PostgreSQL keeps the plan that it made while
    the log was short, which reads all of it.
    """
    return (
        f"SELECT {columns} FROM (SELECT *, row_number() OVER (ORDER BY position) AS number,"
        " sum(octet_length(body)) OVER (ORDER BY position) AS bytes"
        f" FROM log.events WHERE {condition} ORDER BY position LIMIT %s) e"
        " WHERE bytes <= %s OR number = 1 ORDER BY position"
    )


def row_of(entry: Entry) -> tuple[Any, ...]:
    """The row of log.events that these bytes make: whatever stands beside the body is a copy of a part of it.

    Raises NoEvent.
    """
    try:
        return _row_of(entry)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NoEvent(type(error).__name__) from None


def checked_row(entry: Entry) -> tuple[Any, ...]:
    """As `row_of`, for bytes that come from elsewhere: all of the body is JSON, and every column what the log takes.

    Raises NoEvent.
    """
    row = row_of(entry)
    try:
        orjson.loads(entry.body)
        datetime.fromisoformat(row[COLUMNS.index("occurred_at")])
        row[COLUMNS.index("type")].encode()
    except (AttributeError, TypeError, ValueError) as error:
        raise NoEvent(type(error).__name__) from None
    return row


def _row_of(entry: Entry) -> tuple[Any, ...]:
    event = _envelope(entry.body)
    about = [to_hex(event[name]) if event.get(name) else None for name in ("client_id", "batch_id", "item_id")]
    entity = to_hex(event["entity_id"]) if event.get("entity_id") else None
    return (
        entry.position, to_hex(event["id"]), event["type"], slot_of_ids(event.get("client_id"), event["tenant_id"]),
        to_hex(event["tenant_id"]), *about, entity, event["occurred_at"], entry.body.decode(), entry.chain,
    )  # fmt: skip


async def head_of(connection: Connection, lock: bool = False) -> Link:
    """Where the log ends, by its head; `lock`: nobody appends until the transaction ends. Raises HeadGone."""
    head = "SELECT position, chain FROM log.head" + (" FOR UPDATE" if lock else "")
    row = await one_or_none(connection, head)
    if row is None:
        raise HeadGone
    return Link(row[0], bytes(row[1]))


async def ends_of(connection: Connection) -> Ends:
    """Where the rows of log.events and log.head say that the log begins and ends."""
    first, last, position, chain = await one(connection, ENDS)
    return Ends(first, last, None if position is None else Link(position, bytes(chain)))


async def is_another(connection: Connection, schema: str) -> bool:
    """Whether the log has another event where the tables in this schema stand than the one that they were made of.

    Tables of a version that did not note it are not known to be of another log.
    """
    found: tuple[bool] = await one(
        connection,
        f"SELECT count(*) > 0 FROM {schema}.checkpoint c JOIN log.events e USING (position)"
        r" WHERE to_jsonb(c) ->> 'chain' NOT IN ('\x', e.chain::text)",
    )
    return found[0]


def _envelope(body: bytes) -> Any:
    """What stands before the payload, which is not read: that is quicker, and nothing beside the body is made of it."""
    before, payload, _ = body.partition(b',"payload":')
    try:
        return orjson.loads(before + b"}" if payload else body)
    except orjson.JSONDecodeError:
        return orjson.loads(body)
