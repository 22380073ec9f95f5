"""Rows as the CSV that COPY reads: one line a row, the quickest way into a table.

A row is written as a JSON array without its brackets, in one call: with a backslash for the escape it is CSV already,
but for characters that JSON writes in another way: line breaks, which texts have, and some that they seldom have.
"""

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy.dialects.postgresql import JSONB

from shared.ids import to_hex
from shared.runtime.database import Connection, Id, Rows

T = TypeVar("T")
AT_ONCE: Final = 1_000


class Copier(Generic[T]):
    """Copies rows into one table, none of which may be there already."""

    def __init__(self, rows: Rows[T]) -> None:
        self._values = rows.values_of
        self._ids = [n for n, column in enumerate(rows.columns) if isinstance(column.type, Id)]
        self._json = [n for n, column in enumerate(rows.columns) if isinstance(column.type, JSONB)]
        self._statement = f"COPY {rows.table.name} ({rows.names}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\\')"

    async def copy(self, connection: Connection, rows: Sequence[T]) -> None:
        """Write the rows. Raises UniqueViolation; DataError or TypeError for what a column cannot hold."""
        async with connection.cursor() as cursor, cursor.copy(self._statement) as copy:
            for first in range(0, len(rows), AT_ONCE):
                await copy.write(b"\n".join(map(self.line, rows[first : first + AT_ONCE])) + b"\n")

    def line(self, row: T) -> bytes:
        """One row."""
        values = list(self._values(row))
        for n in self._ids:
            if values[n] is not None:
                values[n] = to_hex(values[n])
        for n in self._json:
            if values[n] is not None:
                values[n] = orjson.dumps(values[n]).decode()
        line = orjson.dumps(values)[1:-1]
        if b"\\" not in line:
            return line
        # Between backslashes that are written twice every other one begins an escape.
        parts = [part.replace(b"\\n", b"\n") for part in line.split(b"\\\\")]
        other = any(b"\\" in part.replace(b'\\"', b"") for part in parts)
        return _spelt(values) if other else b"\\\\".join(parts)


def _spelt(values: Sequence[Any]) -> bytes:
    return b",".join(_quoted(value) if isinstance(value, str) else orjson.dumps(value) for value in values)


def _quoted(text: str) -> bytes:
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
