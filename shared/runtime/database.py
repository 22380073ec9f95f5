"""Connections to PostgreSQL, and the set-based reading and writing of state tables."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import orjson
import psycopg
from psycopg.abc import Params
from psycopg.adapt import Loader
from psycopg.types.json import set_json_loads
from sqlalchemy import Table

from shared.ids import from_hex, to_hex
from shared.runtime import clock
from shared.runtime.tables import DIALECT, Id
from shared.state import Tracked

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")
C = TypeVar("C", bound=Connection)
# What makes a connection notice within seconds that its server is gone, and not when TCP gives up.
NOTICING: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# Rows written by one statement at most.
AT_ONCE: Final = 10_000


class _UuidAsText(Loader):
    def load(self, data: Any) -> str:
        return bytes(data).decode()


def uuid_array(ids: Iterable[str]) -> str:
    """Ids as a `uuid[]`, as PostgreSQL reads one: a text is quicker to pass than a list, and digits need no quotes."""
    return "{" + ",".join(map(to_hex, ids)) + "}"


async def connect(url: str, *, name: str, search_path: str = "", autocommit: bool = False) -> Connection:
    """A connection that notices a dead server within seconds. Raises psycopg.OperationalError.

    `search_path`: the schema of a service. Everything it runs there are look-ups by index, and is planned so: a plan
    kept from when its tables were small would scan them for ever after.
    """
    return await connect_as(psycopg.AsyncConnection, url, name=name, search_path=search_path, autocommit=autocommit)


async def connect_as(kind: type[C], url: str, *, name: str, search_path: str, autocommit: bool) -> C:
    """The same as a connection of this kind."""
    connection = await kind.connect(
        url,
        autocommit=True,
        application_name=f"leadstream {name}",
        options=f"-c search_path={search_path} -c enable_seqscan=off" if search_path else None,
        **NOTICING,
    )
    connection.adapters.register_loader("uuid", _UuidAsText)
    set_json_loads(orjson.loads, connection)
    connection.prepare_threshold = 2
    try:
        await set_clock(connection)
        await connection.set_autocommit(autocommit)
    except BaseException:  # cancelled too: nobody has it yet who would close it
        await connection.close()
        raise
    return connection


async def ask_the_time(url: str) -> bool:
    """Compare this process's clock with the database's before anybody is told the time; whether that is there."""
    try:
        await (await connect(url, name="clock", autocommit=True)).close()
    except psycopg.OperationalError:
        return False
    return True


async def set_clock(connection: Connection) -> None:
    """Compare this process's clock with the database's."""
    asked = datetime.now(UTC)
    (told,) = await one(connection, "SELECT clock_timestamp()")
    clock.compare(told, asked, datetime.now(UTC))


async def one_or_none(connection: Connection, statement: str | bytes, parameters: Params | None = None) -> Any:
    """The row, as a tuple, of a statement that gives one at most; None where it gives none."""
    return await (await connection.execute(statement, parameters)).fetchone()


async def one(connection: Connection, statement: str | bytes, parameters: Params | None = None) -> Any:
    """The row, as a tuple, of a statement that always gives one."""
    row = await one_or_none(connection, statement, parameters)
    assert row is not None
    return row


class Holding(Connection, ABC):
    """A connection that may hold back what `Rows` write: see `shared.runtime.bulk`."""

    holding = False

    @abstractmethod
    def hold(self, rows: "Rows[T]", changed: Iterable[T]) -> None:
        """Take rows to be written later."""

    @abstractmethod
    async def look_up(
        self, rows: "Rows[T]", values: Sequence[Any], statement: str, parameters: Sequence[Any]
    ) -> list[T]:
        """The rows that a SELECT by the first column of the key gives, those that are held back among them."""


class Rows(Generic[T]):
    """The rows of one table by primary key and in SQL: read by column, written in sets.

    `row_class` is a `record` whose field names are the column names. `names`: the columns in its order, for a SELECT.
    """

    def __init__(self, table: Table, row_class: type[T]) -> None:
        self.table = table
        self.row_class = row_class
        self.columns = [table.c[f.name] for f in fields(row_class)]  # type: ignore[arg-type]
        self.key = tuple(str(column.name) for column in table.primary_key)
        self._prefixes = [c.type.prefix if isinstance(c.type, Id) else None for c in self.columns]
        # Plain strings: SQLAlchemy's names are a subclass, which orjson refuses as keys.
        self._plain = [str(column.name) for column in self.columns]
        self._ids = [at for at, column in enumerate(self.columns) if isinstance(column.type, Id)]
        self.values_of: Callable[[T], tuple[Any, ...]] = attrgetter(*self._plain)
        self.key_of: Callable[[T], Any] = attrgetter(*map(str, self.key))  # a value, or a tuple of them
        self.names = ", ".join(f'"{c.name}"' for c in self.columns)
        self._upsert = self._upsert_statement()
        self._delete = self._delete_statement()

    async def read(self, connection: Connection, column: str, values: Iterable[Any], where: str = "") -> list[T]:
        """All rows whose `column` is one of `values`; `where` is a fixed further condition in SQL."""
        asked = list(values)
        if not asked:
            return []
        wanted: Any = asked
        if isinstance(self.table.c[column].type, Id):
            wanted = uuid_array(asked)
        cast = self.table.c[column].type.compile(DIALECT)
        # Names come from the table's declaration, never from data.
        statement = f"SELECT {self.names} FROM {self.table.name} WHERE {column} = ANY(%s::{cast}[])"
        if where:
            statement += f" AND {where}"
        elif isinstance(connection, Holding) and column == self.key[0]:
            return await connection.look_up(self, asked, statement, (wanted,))
        return await self.select(connection, statement, (wanted,))

    async def select(self, connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[T]:
        """The rows of a SELECT that returns this table's columns in order."""
        cursor = await connection.execute(statement, parameters)
        return [self.row(values) for values in await cursor.fetchall()]

    async def load(self, connection: Connection, tracked: Tracked[Any, T], keys: Iterable[Any]) -> list[T]:
        """Bring in the rows with those of `keys` that nobody looked up yet; the key has to be one column."""
        wanted = tracked.unknown(keys)
        if not wanted:
            return []
        return self.enter(tracked, await self.read(connection, self.key[0], wanted), wanted)

    def enter(self, tracked: Tracked[Any, T], rows: Sequence[T], asked: Iterable[Any] = ()) -> list[T]:
        """Take rows that were read into the state by their keys. `asked`: the keys that are absent where none came."""
        tracked.loaded(asked, [(self.key_of(row), row) for row in rows])
        return list(rows)

    async def save(self, connection: Connection, tracked: Tracked[Any, T]) -> None:
        """Write the rows that changed, which then count as saved."""
        await self.upsert(connection, tracked.take_changed())

    async def upsert(self, connection: Connection, rows: Iterable[T]) -> None:
        """Insert the rows, replacing those whose key is there; at once, unless the connection holds them back."""
        if isinstance(connection, Holding) and connection.holding:
            connection.hold(self, rows)
        else:
            await self.write(connection, rows)

    async def write(self, connection: Connection, rows: Iterable[T]) -> None:
        """Insert the rows, replacing those whose key is there; very many of them piece by piece, each heard."""
        left = iter(rows)
        while records := [self._record(row) for row in islice(left, AT_ONCE)]:
            await connection.execute(self._upsert, (orjson.dumps(records).decode(),))

    async def delete(self, connection: Connection, keys: Iterable[tuple[Any, ...]]) -> None:
        """Delete by primary key."""
        records = [dict(zip(self.key, key, strict=True)) for key in keys]
        if records:
            await connection.execute(self._delete, (orjson.dumps(records).decode(),))

    def row(self, values: Sequence[Any]) -> T:
        """The row of one result of a SELECT of `names`."""
        return self.row_class(
            *[
                from_hex(prefix, value) if prefix is not None and value is not None else value
                for prefix, value in zip(self._prefixes, values, strict=True)
            ]
        )

    def _record(self, row: T) -> dict[str, Any]:
        values = list(self.values_of(row))
        for at in self._ids:
            if values[at] is not None:
                values[at] = to_hex(values[at])
        return dict(zip(self._plain, values, strict=True))

    def _typed(self, names: Iterable[str]) -> str:
        return ", ".join(f'"{name}" {self.table.c[name].type.compile(DIALECT)}' for name in names)

    def _upsert_statement(self) -> str:
        names = [column.name for column in self.columns]
        changing = [name for name in names if name not in self.key]
        action = "UPDATE SET " + ", ".join(f'"{n}" = EXCLUDED."{n}"' for n in changing) if changing else "NOTHING"
        return (
            f"INSERT INTO {self.table.name} ({self.names}) "
            f"SELECT {self.names} FROM json_to_recordset(%s::json) AS new ({self._typed(names)}) "
            f"ON CONFLICT ({', '.join(self.key)}) DO {action}"
        )

    def _delete_statement(self) -> str:
        match = " AND ".join(f"t.{name} = gone.{name}" for name in self.key)
        return (
            f"DELETE FROM {self.table.name} t "
            f"USING json_to_recordset(%s::json) AS gone ({self._typed(self.key)}) WHERE {match}"
        )
