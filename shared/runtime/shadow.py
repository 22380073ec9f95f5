"""A second fold of the log, in a schema beside the live one: what verify compares with and rebuild swaps in.

Always true: its tables are the fold of the log up to its checkpoint, which moves in the same transactions, so a fold
that was interrupted goes on. Nothing is emitted, and the live tables are not touched.
"""

import asyncio
import hashlib
import inspect
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog

from shared.envelope import Event
from shared.runtime import log
from shared.runtime.bulk import BulkConnection
from shared.runtime.database import Connection, connect_as, one
from shared.runtime.definition import Definition
from shared.runtime.log import Message
from shared.runtime.log_rows import ends_of, is_another
from shared.runtime.machine import Machine, may_be_the_event
from shared.runtime.proof import Damaged, first_damage
from shared.runtime.refusals import Impossible
from shared.runtime.tables import ddl

CHUNK: Final = 5_000
# How many chunks are one transaction, and how many chunks' rows are kept in memory: enough for the items that are under
# way, and flat however long the log is.
CHUNKS: Final = 8
# The table beside the folded ones that names the events they are without.
LEFT_OUT: Final = "left_out"
logger = structlog.get_logger()
Apply = Callable[[Connection, Sequence[Message]], Awaitable[None]]


class Busy(Impossible):
    """Somebody folds into the same schema at this moment."""


class Shadow:
    """The fold of one service in one schema, on a connection of its own.

    `proved`: the hash chain is known to be whole up to here, and each chunk beyond is proved before it is folded;
    None: the log is taken as it is. `failures`: the events that could not be folded and were left out, position to
    error; kept beside the tables, for who goes on.
    """

    def __init__(
        self, connection: BulkConnection, definition: Definition[Any], schema: str, proved: int | None
    ) -> None:
        self.connection = connection
        self.definition = definition
        self.schema = schema
        self.events = 0
        self._proved = proved
        self.failures: dict[int, str] = {}
        self._machine: Machine[Any] = Machine(
            definition, replay=True, batches_in_memory=CHUNKS, set_aside=self._set_aside
        )

    @property
    def position(self) -> int:
        """The tables hold the log up to here."""
        return self._machine.position

    async def begin(self, lasting: bool = True) -> None:
        """Make the schema anew, empty. Tables that are not to last are not written ahead: a crash empties them."""
        kind = "TABLE" if lasting else "UNLOGGED TABLE"
        async with self.connection.transaction():
            await self.connection.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE; CREATE SCHEMA {self.schema}")
            for statement in ddl(self.definition.metadata):
                await self.connection.execute(statement.replace("CREATE TABLE", f"CREATE {kind}", 1))
            await self.connection.execute(
                f"CREATE {kind} {LEFT_OUT} (position bigint PRIMARY KEY, error text NOT NULL)"
            )
            await self.connection.execute(f"COMMENT ON SCHEMA {self.schema} IS '{fingerprint(self.definition)}'")
        await self._machine.start(self.connection)
        self.connection.fresh = True

    async def resume(self) -> bool:
        """Go on where an earlier fold by this very program stopped; False if there is none.

        One of a log that went on otherwise is none.
        """
        made_by = "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')"
        if await one(self.connection, made_by, (self.schema,)) != (fingerprint(self.definition),):
            return False
        if not await self._is_of_the_log():
            return False
        await self._go_on()
        return True

    async def adopt(self) -> None:
        """Go on from tables that were live. Raises OtherShape where this program cannot, and Impossible."""
        self.definition.insist_on_shape(await shape(self.connection, self.schema), f"schema {self.schema}")
        if not await self._is_of_the_log():
            made = f"schema {self.schema} was made of events that the log has no more"
            raise Impossible(f"{made}: it is not brought back")
        await self._go_on()

    async def _is_of_the_log(self) -> bool:
        """Whether all that the tables were made of is in the log."""
        reaches = await checkpoint(self.connection, self.schema) == await foldable(self.connection, self.schema)
        return reaches and not await is_another(self.connection, self.schema)

    async def _go_on(self) -> None:
        await self.connection.execute(
            f"CREATE TABLE IF NOT EXISTS {LEFT_OUT} (position bigint PRIMARY KEY, error text NOT NULL)"
        )
        cursor = await self.connection.execute(f"SELECT position, error FROM {LEFT_OUT}")
        self.failures = dict(await cursor.fetchall())
        await self._machine.start(self.connection)
        await self._prove(self.position)

    async def _prove(self, upto: int) -> None:
        """See that the log is whole up to a position. Raises Damaged."""
        if self._proved is None or upto <= self._proved:
            return
        if (position := await first_damage(self.connection, self._proved, upto)) is not None:
            raise Damaged(position)
        self._proved = upto

    async def fold(self, upto: int) -> None:
        """Fold on to a position, some chunks a transaction, written in bulk; chunk by chunk where an event fails."""
        while self.position < upto:
            try:
                async with self.connection.transaction(), self.connection.in_bulk():
                    folded = await self._some_chunks(self._machine.apply_all, upto)
            except Damaged:
                raise
            except Exception as error:
                if not may_be_the_event(error):
                    raise
                logger.warning("a fold in bulk failed; going on chunk by chunk", error=repr(error)[:300])
                self.connection.fresh = False
                await self._machine.start(self.connection)
                folded = await self._some_chunks(self._machine.apply, upto)
            self.events += folded

    async def _some_chunks(self, apply: Apply, upto: int) -> int:
        """Fold some chunks on, and say of how many events."""
        folded, types = 0, self.definition.reads
        async with aclosing(log.bodies(self.connection, types, after=self.position, upto=upto, chunk=CHUNK)) as chunks:
            for _ in range(CHUNKS):
                messages = await anext(chunks, None)
                await self._prove(upto if messages is None else messages[-1][0])
                if messages is None:
                    await self._machine.move(self.connection, upto)
                    self._machine.position = upto
                    break
                await apply(self.connection, messages)
                folded += len(messages)
                await asyncio.sleep(0)  # whoever shows how far it is, or wants it to stop, has waited for this
        return folded

    async def _set_aside(self, connection: Connection, letters: Sequence[Event]) -> None:
        """Note, in the transaction that goes on without them, the events that these letters are about."""
        for letter in letters:
            self.failures[letter.payload.position] = letter.payload.error
            await connection.execute(
                f"INSERT INTO {LEFT_OUT} VALUES (%s, %s) ON CONFLICT DO NOTHING".encode(),
                (letter.payload.position, letter.payload.error),
            )

    async def drop(self) -> None:
        """Leave nothing behind."""
        await self.connection.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")


@asynccontextmanager
async def opened(
    admin_url: str, definition: Definition[Any], schema: str, *, lock: str | None = None, proved: int | None = None
) -> AsyncIterator[Shadow]:
    """A shadow in this schema. Meanwhile nobody else opens one with this lock (the schema's own by default): Busy."""
    connection = await connect_as(BulkConnection, admin_url, name=f"fold {schema}", search_path=schema, autocommit=True)
    async with connection:
        key = zlib.crc32(f"leadstream/fold/{lock or schema}".encode())
        (alone,) = await one(connection, "SELECT pg_try_advisory_lock(%s)", (key,))
        if not alone:
            raise Busy(f"another command works on {definition.name} in schema {schema} now; wait until it has ended")
        yield Shadow(connection, definition, schema, proved)


async def checkpoint(connection: Connection, schema: str) -> int | None:
    """How far the tables in this schema hold the log; None where there are none."""
    if not await _has_tables(connection, schema):
        return None
    (position,) = await one(connection, f"SELECT coalesce(min(position), 0) FROM {schema}.checkpoint")
    return int(position)


async def foldable(connection: Connection, schema: str) -> int:
    """How far the tables in this schema hold the log, and no further than it goes."""
    return min(await checkpoint(connection, schema) or 0, (await ends_of(connection)).end)


async def shape(connection: Connection, schema: str) -> str | None:
    """The shape of the tables in this schema; None where there are none."""
    if not await _has_tables(connection, schema):
        return None
    found: tuple[str | None] = await one(connection, f"SELECT min(shape) FROM {schema}.checkpoint")
    return found[0]


async def _has_tables(connection: Connection, schema: str) -> bool:
    (table,) = await one(connection, "SELECT to_regclass(%s)", (f"{schema}.checkpoint",))
    return table is not None


def fingerprint(definition: Definition[Any]) -> str:
    """A hash of the program that folds: tables half made by another one are not gone on with."""
    folders = (Path(__file__).parent.parent, Path(inspect.getfile(definition.evolve)).parent)
    digest = hashlib.sha256(definition.shape.encode())
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:32]
