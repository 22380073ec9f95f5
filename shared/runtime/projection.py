"""Rebuild and verify: the same fold as live, from position 1, in a schema of its own, with nothing emitted.

Verify folds inside one transaction that is rolled back, so it sees one moment of the log and of the live tables and
leaves nothing behind. Rebuild puts the folded tables in the place of the live ones in one transaction; the service,
whose connections are closed then, goes on from the same checkpoint.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import MetaData

from shared.runtime import log
from shared.runtime.database import Connection, connect, ddl
from shared.runtime.machine import Definition, Machine

CHUNK: Final = 2_000
SHOWN: Final = 10
Progress = Callable[[str, int, int], None]


class OtherShape(RuntimeError):
    """The live tables were made by another version of the program: there is nothing to compare, only to rebuild."""


@dataclass(frozen=True)
class Difference:
    """A row that one side has and the other has not: `live` or `replayed`."""

    table: str
    side: str
    row: dict[str, Any]


@dataclass
class Verdict:
    """What a fold of the log up to `position` said about one service's live tables: rows by table, differences."""

    service: str
    position: int
    events: int
    rows: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    different_rows: int = 0


def silent(service: str, position: int, upto: int) -> None:
    """No progress is shown."""


async def verify(admin_url: str, definition: Definition[Any], progress: Progress = silent) -> Verdict:
    """Fold the log afresh and compare, row by row, with the live tables as they are at this moment."""
    async with _moment(admin_url, definition.name) as connection:
        if await _shape(connection, definition.name) != definition.shape:
            raise OtherShape(
                f"the tables of {definition.name} were made by another version of the program; "
                f"run `leadstream rebuild {definition.name}`"
            )
        shadow = f"verify_{definition.name}"
        verdict = await _fold(connection, definition, shadow, await _checkpoint(connection, definition.name), progress)
        await _compare(connection, definition, shadow, verdict)
        await connection.rollback()
    return verdict


async def rebuild(admin_url: str, definition: Definition[Any], progress: Progress = silent) -> Verdict:
    """Fold the log afresh up to the live checkpoint, compare, and put the result in the live tables' place."""
    name, shadow = definition.name, f"rebuild_{definition.name}"
    async with await connect(admin_url, name=f"rebuild {name}") as connection:
        await connection.execute(f"LOCK TABLE {name}.checkpoint IN ACCESS EXCLUSIVE MODE")
        await _close_connections(connection, name)
        position = await _checkpoint(connection, name)
        comparable = await _shape(connection, name) == definition.shape
        verdict = await _fold(connection, definition, shadow, position, progress)
        if comparable:  # tables of another shape cannot be compared, which is what they are rebuilt for
            await _compare(connection, definition, shadow, verdict)
        await _swap(connection, definition, shadow)
        await connection.commit()
        await _close_connections(connection, name)
    return verdict


async def _close_connections(connection: Connection, name: str) -> None:
    """End the service's sessions: a batch half done holds locks and waits for ours, and memory holds what was."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND datname = current_database()",
        (name,),
    )


@asynccontextmanager
async def _moment(admin_url: str, name: str) -> AsyncIterator[Connection]:
    async with await connect(admin_url, name=f"verify {name}") as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield connection


async def _checkpoint(connection: Connection, name: str) -> int:
    statement = f"SELECT coalesce(min(position), 0) FROM {name}.checkpoint"
    row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return int(row[0])


async def _shape(connection: Connection, name: str) -> str:
    row = await (await connection.execute(f"SELECT min(shape) FROM {name}.checkpoint")).fetchone()
    return str(row[0]) if row else ""


async def _fold(
    connection: Connection, definition: Definition[Any], shadow: str, upto: int, progress: Progress
) -> Verdict:
    await connection.execute(f"DROP SCHEMA IF EXISTS {shadow} CASCADE; CREATE SCHEMA {shadow}")
    await connection.execute(f"SET LOCAL search_path = {shadow}")
    for statement in ddl(definition.metadata):
        await connection.execute(statement)
    machine: Machine[Any] = Machine(definition, replay=True)
    await machine.start(connection)
    verdict = Verdict(definition.name, upto, 0)
    async for messages in log.bodies(connection, definition.reads, after=0, upto=upto, chunk=CHUNK):
        await machine.apply(connection, messages)
        verdict.events += len(messages)
        progress(definition.name, messages[-1][0], upto)
    await connection.execute("UPDATE checkpoint SET position = %s", (upto,))
    return verdict


async def _compare(connection: Connection, definition: Definition[Any], shadow: str, verdict: Verdict) -> None:
    for table in derived_tables(definition.metadata):
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        count = await connection.execute(f'SELECT count(*) FROM "{table.name}"')
        row = await count.fetchone()
        verdict.rows[table.name] = int(row[0]) if row else 0
        live, replayed = f'{definition.name}."{table.name}"', f'{shadow}."{table.name}"'
        for side, here, there in (("live", live, replayed), ("replayed", replayed, live)):
            only = f"SELECT {columns} FROM {here} EXCEPT ALL SELECT {columns} FROM {there}"
            cursor = await connection.execute(f"SELECT to_jsonb(d), count(*) OVER () FROM ({only}) d LIMIT {SHOWN}")
            found = await cursor.fetchall()
            verdict.differences += [Difference(table.name, side, row) for row, _ in found]
            verdict.different_rows += found[0][1] if found else 0


def derived_tables(metadata: MetaData) -> list[Any]:
    """The tables that follow from the log; the others (checkpoint, notes of a process) do not."""
    return [table for table in metadata.sorted_tables if table.info.get("derived", True)]


async def _swap(connection: Connection, definition: Definition[Any], shadow: str) -> None:
    """Let the folded schema take the live one's place, with its owner, its reader and its processes' notes."""
    name = definition.name
    notes = [t.name for t in definition.metadata.sorted_tables if not t.info.get("derived", True)]
    statements = [f"INSERT INTO {shadow}.{note} SELECT * FROM {name}.{note}" for note in notes if note != "checkpoint"]
    statements += ddl(definition.metadata, reader=f"{name}_reader")
    statements += [f'ALTER TABLE {shadow}."{t.name}" OWNER TO {name}' for t in definition.metadata.sorted_tables]
    statements += [
        f"DROP SCHEMA {name} CASCADE",
        f"ALTER SCHEMA {shadow} RENAME TO {name}",
        f"ALTER SCHEMA {name} OWNER TO {name}",
        f"GRANT USAGE ON SCHEMA {name} TO {name}_reader",
    ]
    for statement in statements:
        await connection.execute(statement)
