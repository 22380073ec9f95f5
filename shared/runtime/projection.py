"""Verify, rebuild, undo and time travel: the same fold as live, from position 1, in a schema of its own.

All of them fold beside the live tables while the service works. Verify compares at one moment and leaves nothing
behind. Rebuild puts the folded tables in the place of the live ones in one short transaction and keeps the old ones
for undo; the service loses its connection for that moment and goes on from the same checkpoint.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import errors

from shared.runtime import log
from shared.runtime.database import Connection, one
from shared.runtime.definition import Definition
from shared.runtime.log_rows import is_another
from shared.runtime.proof import Damaged, first_damage, prove
from shared.runtime.refusals import Impossible
from shared.runtime.shadow import CHUNK, LEFT_OUT, Shadow, checkpoint, foldable, opened, shape
from shared.runtime.table_comparison import SHOWN, Difference, compare, counted
from shared.runtime.tables import ddl

TERMINATION_MS: Final = 10_000
LOCK_TRIES: Final = 5


@dataclass
class Verdict:
    """What a fold of the log up to `position` said about one service's tables, and the rows it came to by table.

    `ahead`: how many positions beyond the log's end the tables stood; the fold and the comparison are as of its end.
    `not_listed`: how many rows differ beside `differences`, by table. `damaged`: where the log first is not what was
    written, if that was looked for. `compared`: whether there were tables of the same shape to compare with.
    `undoable`: whether this program can bring back those that it replaced; None where they held what the log has not,
    and were not kept. `schema`: where the fold's tables are now.
    """

    service: str
    position: int
    events: int
    schema: str | None = None
    compared: bool = False
    undoable: bool | None = False
    rows: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    different_rows: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    not_listed: dict[str, int] = field(default_factory=dict)
    damaged: int | None = None
    ahead: int = 0


def rebuild_schema(name: str) -> str:
    """Where a rebuild of the service folds."""
    return f"{name}_rebuild"


def verify_schema(name: str) -> str:
    """Where a verification of the service folds."""
    return f"{name}_verify"


def old_schema(name: str) -> str:
    """Where the tables are that a rebuild has replaced."""
    return f"{name}_before"


async def verify(admin_url: str, definition: Definition[Any], listed: int = SHOWN) -> Verdict:
    """Fold the log afresh and compare, row by row, with the live tables at one moment.

    `listed`: how many differences of each table are listed at most. Raises Impossible, OtherShape, Busy.
    """
    async with opened(admin_url, definition, verify_schema(definition.name)) as shadow:
        await _insist_on_tables(shadow.connection, definition.name)
        definition.insist_on_shape(await shape(shadow.connection, definition.name))
        try:
            await shadow.begin(lasting=False)
            await _catch_up(shadow)
            return await _compared(shadow, listed)
        finally:
            await shadow.drop()


async def rebuild(admin_url: str, definition: Definition[Any], proved: int = 0) -> Verdict:
    """Fold the log afresh, compare, and swap the result in; what an interrupted rebuild has folded is gone on from.

    `proved`: up to here the log is known to be whole; what is not is not folded. Raises Impossible, Busy.
    """
    with _of_a_whole_log():
        return await _rebuilt(admin_url, definition, proved)


async def _rebuilt(admin_url: str, definition: Definition[Any], proved: int) -> Verdict:
    name = definition.name
    async with opened(admin_url, definition, rebuild_schema(name), lock=name, proved=proved) as shadow:
        await _insist_on_tables(shadow.connection, name)
        if not await shadow.resume():
            await shadow.begin()
        await _catch_up(shadow)
        await _analyse(shadow)
        comparable = await shape(shadow.connection, name) == definition.shape
        if comparable:
            verdict = await _compared(shadow)
        else:  # tables of another shape cannot be compared, which is what they are rebuilt for
            rows = await counted(shadow.connection, definition, shadow.schema)
            verdict = Verdict(name, shadow.position, shadow.events, rows=rows)
        if shadow.failures:
            await shadow.drop()
            _insist_on_every_event(shadow)
        verdict.position, kept = await _swap(shadow, f"DROP SCHEMA IF EXISTS {old_schema(name)} CASCADE")
        verdict.schema, verdict.undoable, verdict.ahead = name, comparable if kept else None, 0
        return verdict


async def undo(admin_url: str, definition: Definition[Any], proved: int = 0) -> Verdict:
    """Bring the tables from before the last rebuild up to date and back; the rebuilt ones are then kept instead.

    `proved` is as `rebuild` has it. Raises Impossible, OtherShape, Busy.
    """
    schema, lock = old_schema(definition.name), definition.name
    with _of_a_whole_log():
        async with opened(admin_url, definition, schema, lock=lock, proved=proved) as shadow:
            if await checkpoint(shadow.connection, schema) is None:
                raise Impossible(f"there is no rebuild of {definition.name} to undo: no schema {schema}")
            await shadow.adopt()
            await _catch_up(shadow)
            same = await shape(shadow.connection, definition.name) == definition.shape
            rows = await counted(shadow.connection, definition, schema)
            position, kept = await _swap(shadow)
            undoable = same if kept else None
            return Verdict(definition.name, position, shadow.events, definition.name, rows=rows, undoable=undoable)


async def as_of(admin_url: str, definition: Definition[Any], position: int, schema: str) -> Verdict:
    """Fold the log up to a position into a schema of its own, to be looked at and dropped.

    A log that is damaged is folded as it is, and the verdict says where. Raises Impossible, Busy.
    """
    async with opened(admin_url, definition, schema) as shadow:
        head = await log.last_position(shadow.connection)
        if not 0 <= position <= head:
            raise Impossible(f"position {position} does not exist: the log has positions 1 to {head}")
        if not await shadow.resume():
            if await _exists(shadow.connection, schema):
                raise Impossible(f"there is a schema {schema} already: drop it, or name another with --into")
            await shadow.begin()
        if shadow.position > position:
            raise Impossible(f"schema {schema} holds the log up to {shadow.position} already: drop it first")
        await shadow.fold(position)
        await _analyse(shadow)
        rows = await counted(shadow.connection, definition, schema)
        damaged = await first_damage(shadow.connection, 0, position)
        return Verdict(
            definition.name, position, shadow.events, schema, rows=rows, failures=shadow.failures, damaged=damaged
        )


async def whole_log(admin_url: str, upto: int) -> int:
    """See once for all services that the log is whole up to a position, which is given back. Raises Impossible."""
    with _of_a_whole_log(". Nothing was changed"):
        return await prove(admin_url, upto)


@contextmanager
def _of_a_whole_log(so: str = "") -> Iterator[None]:
    """What is made of the log is made of what was written. `so`: what else is said where it is not."""
    try:
        yield
    except Damaged as found:
        raise Impossible(f"the log is damaged at {found.position}: run `leadstream repair` first{so}") from None


def _insist_on_every_event(shadow: Shadow) -> None:
    for position, error in sorted(shadow.failures.items()):
        raise Impossible(f"{shadow.definition.name} cannot fold the event at position {position}: {error}")


async def _insist_on_tables(connection: Connection, name: str) -> None:
    if await checkpoint(connection, name) is None:
        raise Impossible(f"{name} has no tables yet: it folds the log itself when it is started")


async def _catch_up(shadow: Shadow) -> None:
    """Fold until the live checkpoint, which moves on meanwhile, is near."""
    while True:
        live = await foldable(shadow.connection, shadow.definition.name)
        await shadow.fold(live)
        if await foldable(shadow.connection, shadow.definition.name) - live < CHUNK:
            return


async def _compared(shadow: Shadow, listed: int = SHOWN) -> Verdict:
    """Fold what is missing and compare, in one transaction that sees the live tables at one moment."""
    definition = shadow.definition
    async with shadow.connection.transaction():
        await shadow.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        position = await foldable(shadow.connection, definition.name)
        ahead = (await checkpoint(shadow.connection, definition.name) or 0) - position
        await shadow.fold(position)
        found = await compare(shadow.connection, definition, shadow.schema, position, listed)
    return Verdict(
        definition.name, position, shadow.events, compared=True, rows=found.rows, differences=found.differences,
        different_rows=found.different_rows, not_listed=found.not_listed, failures=dict(shadow.failures), ahead=ahead,
    )  # fmt: skip


async def _analyse(shadow: Shadow) -> None:
    """Let the planner know the new tables, as autovacuum has let it know the old ones."""
    for table in shadow.definition.metadata.sorted_tables:
        await shadow.connection.execute(f'ANALYZE "{table.name}"')


async def _swap(shadow: Shadow, *first: str) -> tuple[int, bool]:
    """Put the shadow's tables in the live ones' place, and those where undo finds them; the position of both, and True.

    False: the live ones held what the log has not, and are not kept. `first`: statements that come before, in the same
    transaction.
    """
    for attempt in range(LOCK_TRIES):
        await _catch_up(shadow)
        try:
            return await _swap_now(shadow, first)
        except errors.LockNotAvailable:
            if attempt + 1 == LOCK_TRIES:
                raise Impossible(
                    f"the tables of {shadow.definition.name} are in use for long; look at pg_stat_activity and repeat"
                ) from None
        except asyncio.CancelledError:
            # A commit that is under way is not taken back: who stops a rebuild is told whether it came about.
            if not await _is_swapped(shadow):
                raise
            connection, name = shadow.connection, shadow.definition.name
            return await checkpoint(connection, name) or 0, await _exists(connection, old_schema(name))
    raise AssertionError


async def _is_swapped(shadow: Shadow) -> bool:
    (left_out,) = await one(shadow.connection, "SELECT to_regclass(%s)", (f"{shadow.schema}.{LEFT_OUT}",))
    return left_out is None


async def _swap_now(shadow: Shadow, first: Sequence[str]) -> tuple[int, bool]:
    connection, name = shadow.connection, shadow.definition.name
    notes = [t.name for t in shadow.definition.metadata.sorted_tables if not t.info.get("derived", True)]
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '3s'")
        # Whoever waits for these locks looks the names up again afterwards, and finds the new tables.
        for note in notes:
            await connection.execute(f"LOCK TABLE {name}.{note} IN ACCESS EXCLUSIVE MODE")
        await _end_terms(connection, name)
        position = await foldable(connection, name)
        kept = await checkpoint(connection, name) == position and not await is_another(connection, name)
        last = [] if kept else [f"DROP SCHEMA {old_schema(name)} CASCADE"]
        await shadow.fold(position)
        _insist_on_every_event(shadow)
        await connection.execute(f"DROP TABLE {shadow.schema}.{LEFT_OUT}")
        for note in set(notes) - {"checkpoint"}:
            await connection.execute(f"TRUNCATE {shadow.schema}.{note}")
            await connection.execute(f"INSERT INTO {shadow.schema}.{note} SELECT * FROM {name}.{note}")
        for statement in (*first, *_handed_over(shadow), *_renamed(shadow.schema, name), *last):
            await connection.execute(statement)
    return position, kept


async def _end_terms(connection: Connection, name: str) -> None:
    """End the sessions in which replicas lead: a batch half done must not end in the new tables, nor memory stay."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
        " WHERE usename = %s AND datname = current_database() AND application_name = %s",
        (TERMINATION_MS, name, f"leadstream {name}"),
    )


def _handed_over(shadow: Shadow) -> list[str]:
    """The statements that give the tables to the service and let its reader see them."""
    name, metadata = shadow.definition.name, shadow.definition.metadata
    return [
        *ddl(metadata, reader=f"{name}_reader"),
        *(f'ALTER TABLE {shadow.schema}."{table.name}" OWNER TO {name}' for table in metadata.sorted_tables),
        f"ALTER SCHEMA {shadow.schema} OWNER TO {name}",
        f"GRANT USAGE ON SCHEMA {shadow.schema} TO {name}_reader",
    ]


def _renamed(schema: str, name: str) -> list[str]:
    """The statements that let `schema` take the name, and what had it be kept for undo."""
    return [
        f"ALTER SCHEMA {name} RENAME TO {name}_leaving",
        f"ALTER SCHEMA {schema} RENAME TO {name}",
        f"ALTER SCHEMA {name}_leaving RENAME TO {old_schema(name)}",
    ]


async def _exists(connection: Connection, schema: str) -> bool:
    (found,) = await one(connection, "SELECT to_regnamespace(%s)", (schema,))
    return found is not None
