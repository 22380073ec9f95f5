"""Two folds of one service, row by row: what differs, and which event of the log should have caused it."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import MetaData, Table

from shared.ids import InvalidId, from_hex, to_hex
from shared.runtime.database import Connection, one
from shared.runtime.definition import Definition

# Of so many rows of a table the event is looked for that should have written them: it may be among very long ones.
SHOWN: Final = 10
# More than a person reads, and as many as fit into memory however wide the rows are.
LISTED: Final = 10_000
CANDIDATES: Final = 500
# Where a row says what it is about, the most telling first, and the column of the log that says the same.
ABOUT: Final = (
    ("item_id", "item_id"),
    ("entity_id", "entity_id"),
    ("person_id", "entity_id"),
    ("upload_id", "entity_id"),
    ("batch_id", "batch_id"),
    ("client_id", "client_id"),
    ("tenant_id", "tenant_id"),
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """The last event that should have written a row."""

    position: int
    event_id: str
    type: str


@dataclass(frozen=True)
class Difference:
    """One row as the live tables have it and as the log gives it; None where it is not there.

    `event`: the last that should have written it; None where there is none, or where it was not looked for.
    """

    table: str
    key: Row
    live: Row | None
    replayed: Row | None
    event: Cause | None

    @property
    def columns(self) -> list[str]:
        """The columns that differ; none where the row is there on one side only."""
        if self.live is None or self.replayed is None:
            return []
        return [name for name, value in self.live.items() if self.replayed[name] != value]


@dataclass(frozen=True)
class Comparison:
    """Rows by table as the log gives them, how many rows differ, and those that are listed.

    `not_listed`: how many others differ, by table, where there are any.
    """

    rows: dict[str, int]
    different_rows: int
    differences: list[Difference]
    not_listed: dict[str, int]


async def compare(
    connection: Connection, definition: Definition[Any], shadow: str, upto: int, listed: int
) -> Comparison:
    """Compare the live tables with those of the schema `shadow`, both as of position `upto`.

    At most `listed` differences of each table are listed.
    """
    total, found, more = 0, [], {}
    await connection.execute("SET LOCAL enable_seqscan = on")
    for table in _derived_tables(definition.metadata):
        joined = _joined(table, definition.name, shadow)
        (count,) = await one(connection, f"SELECT count(*) {joined}")
        if count:
            total += count
            found += await _differences(connection, definition, table, f"{joined} LIMIT {listed}", upto)
            if count > listed:
                more[table.name] = count - listed
    return Comparison(await counted(connection, definition, shadow), total, found, more)


async def counted(connection: Connection, definition: Definition[Any], schema: str) -> dict[str, int]:
    """The rows there are in a schema, by table."""
    rows = {}
    for table in _derived_tables(definition.metadata):
        (rows[table.name],) = await one(connection, f'SELECT count(*) FROM {schema}."{table.name}"')
    return rows


def _derived_tables(metadata: MetaData) -> list[Table]:
    """The tables that follow from the log; the others (checkpoint, notes of a process) do not."""
    return [table for table in metadata.sorted_tables if table.info.get("derived", True)]


def _joined(table: Table, live: str, shadow: str) -> str:
    """All pairs of rows of one key that are not the same, as the rest of a SELECT."""
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    here, there = (", ".join(f'{side}."{column.name}"' for column in table.columns) for side in "ls")
    return (
        f'FROM {live}."{table.name}" l FULL JOIN {shadow}."{table.name}" s USING ({keys})'
        f" WHERE ROW({here}) IS DISTINCT FROM ROW({there})"
    )


async def _differences(
    connection: Connection, definition: Definition[Any], table: Table, joined: str, upto: int
) -> list[Difference]:
    keys = [str(column.name) for column in table.primary_key]
    present = " AND ".join(f'%s."{key}" IS NULL' for key in keys)
    sides = ", ".join(f"CASE WHEN NOT ({present.replace('%s', side)}) THEN to_jsonb({side}) END" for side in "ls")
    cursor = await connection.execute(f"SELECT {sides} {joined}")
    found: list[Difference] = []
    for live, replayed in await cursor.fetchall():
        row = replayed or live
        cause = await _cause(connection, definition, row, upto) if len(found) < SHOWN else None
        found.append(Difference(table.name, {key: row[key] for key in keys}, live, replayed, cause))
    return found


async def _cause(connection: Connection, definition: Definition[Any], row: Row, upto: int) -> Cause | None:
    """The last event about the row's item, entity, batch or client that says nothing else of it than the row does."""
    for column, logged in ABOUT:
        about = _bits(row.get(column))
        if about is None:
            continue
        cursor = await connection.execute(
            f"SELECT position, id, type, body FROM log.events WHERE {logged} = %s::uuid AND type = ANY(%s)"
            f" AND position <= %s ORDER BY position DESC LIMIT {CANDIDATES}",
            (about, list(definition.consumes), upto),
        )
        candidates = await cursor.fetchall()
        for position, event_id, kind, body in candidates:
            if _agrees(orjson.loads(body).get("payload"), row):
                return Cause(position, from_hex("evt", event_id), kind)
        if candidates:
            position, event_id, kind, _ = candidates[0]
            return Cause(position, from_hex("evt", event_id), kind)
    return None


def _agrees(payload: Any, row: Row) -> bool:
    if not isinstance(payload, dict):
        return False
    return all(_plain(payload[name]) == _plain(row[name]) for name in payload.keys() & row.keys())


def _plain(value: Any) -> Any:
    return _bits(value) or value


def _bits(value: Any) -> str | None:
    """The hexadecimal digits of an id, written in either way; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        if "_" in value:
            return to_hex(value) if len(value.rpartition("_")[2]) == 26 else None
        digits = value.replace("-", "")
        return digits if len(digits) == 32 and int(digits, 16) >= 0 else None
    except (InvalidId, ValueError):
        return None
