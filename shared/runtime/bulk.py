"""Writing in bulk: a connection that holds rows back, writes each once, and by COPY where its key is new.

For folds of a long log. Always true: a statement that names a table finds all that was written to it before.
"""

import re
from collections.abc import AsyncIterator, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar

from psycopg import waiting
from psycopg.abc import PQGen

from shared.runtime.copying import Copier
from shared.runtime.database import Holding, Rows

T = TypeVar("T")
BITS: Final = 1 << 26


class BloomFilter:
    """Which keys may be in a table: never denies one that is, and takes 8 MB however many there are.

    Of a million keys, one in 70 is taken to be there that is not.
    """

    def __init__(self) -> None:
        self._bits = bytearray(BITS >> 3)

    def add(self, keys: Iterable[Hashable]) -> None:
        """Know of these keys."""
        bits = self._bits
        for key in keys:
            bit = hash(key) & (BITS - 1)
            bits[bit >> 3] |= 1 << (bit & 7)

    def __contains__(self, key: Hashable) -> bool:
        bit = hash(key) & (BITS - 1)
        return bool(self._bits[bit >> 3] & (1 << (bit & 7)))


@dataclass
class Held:
    """The rows of one table that are held back, by key, and by the first column of a key that has more."""

    rows: Rows[Any]
    by_key: dict[Any, Any] = field(default_factory=dict)
    by_first: dict[Any, list[Any]] = field(default_factory=dict)

    def take(self, changed: Iterable[Any]) -> None:
        """Hold these rows in the place of what their keys had."""
        by_key, key_of, composite = self.by_key, self.rows.key_of, len(self.rows.key) > 1
        for row in changed:
            key = key_of(row)
            if composite and key not in by_key:
                self.by_first.setdefault(key[0], []).append(key)
            by_key[key] = row

    def over(self, values: Iterable[Any], found: Iterable[Any]) -> list[Any]:
        """What a look-up by the first column of the key gives: what the table has, and in its place what is held."""
        by_key, key_of = self.by_key, self.rows.key_of
        if len(self.rows.key) > 1:
            keys = [key for value in values for key in self.by_first.get(value, ())]
        else:
            keys = [value for value in values if value in by_key]
        return [by_key[key] for key in keys] + [row for row in found if key_of(row) not in by_key]


class BulkConnection(Holding):
    """A connection like any other until `in_bulk`.

    `fresh`: it has made the tables, and nothing is written to them but by it and in bulk: it knows which keys are new.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fresh = False
        self.holding = False
        self._held: dict[str, Held] = {}
        self._perhaps: dict[str, BloomFilter] = {}
        self._copiers: dict[str, Copier[Any]] = {}

    @asynccontextmanager
    async def in_bulk(self) -> AsyncIterator[None]:
        """Hold back what `Rows` write, and write it at the end. After an error it is let go of: roll back then."""
        self.holding = True
        try:
            yield
            await self._write(list(self._held))
        finally:
            self.holding = False
            self._held.clear()

    def hold(self, rows: Rows[T], changed: Iterable[T]) -> None:
        """Take rows to be written."""
        self._held.setdefault(rows.table.name, Held(rows)).take(changed)

    async def look_up(self, rows: Rows[T], values: Sequence[Any], statement: str, parameters: Sequence[Any]) -> list[T]:
        """The rows that a SELECT by the first column of the key gives, those that are held back among them."""
        cursor = await super().execute(statement, parameters)
        found = [rows.row(each) for each in await cursor.fetchall()]
        held = self._held.get(rows.table.name)
        return held.over(values, found) if held else found

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:  # noqa: ASYNC109 - the name is psycopg's
        """Wait for the server. In bulk the loop stands still: its turns, one for every 8 KB, are a tenth of a fold."""
        if self.holding:
            return waiting.wait(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        return await super().wait(gen, interval, timeout)

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """As ever; rows of tables that the statement names are written before."""
        if self._held and (named := self._held.keys() & _words(query)):
            await self._write(named)
        return await super().execute(query, params, **options)

    async def _write(self, tables: Iterable[str]) -> None:
        for table in tables:
            held = self._held.pop(table, None)
            if held is None:  # written already: a statement that wrote another table has a column of this name
                continue
            new = await self._known(held)
            if table not in self._copiers:
                self._copiers[table] = Copier(held.rows)
            if new:
                await self._copiers[table].copy(self, new)

    async def _known(self, held: Held) -> list[Any]:
        """Write the rows whose keys may be there; the others."""
        if not self.fresh:
            await held.rows.write(self, held.by_key.values())
            return []
        perhaps = self._perhaps.setdefault(held.rows.table.name, BloomFilter())
        known: list[Any] = []
        new: list[Any] = []
        for key, row in held.by_key.items():
            (known if key in perhaps else new).append(row)
        await held.rows.write(self, known)
        perhaps.add(held.by_key)
        return new


@lru_cache
def _words(statement: str | bytes) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", statement if isinstance(statement, str) else statement.decode()))
