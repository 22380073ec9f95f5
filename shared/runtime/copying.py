"""Rows as the CSV that COPY reads: one line a row, the quickest way into a table.

A row is written as a JSON array without its brackets, in one call: with a backslash for the escape it is CSV already,
but for characters that JSON writes in another way: line breaks, which texts have, and some that they seldom have.
Columns of JSON come last: nothing in them has to be looked for.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

from shared.ids import to_hex
from shared.runtime.database import Connection, Rows
from shared.runtime.tables import Id

T = TypeVar("T")
# Rows sent at once: while the server writes these, the next are made into lines.
AT_ONCE: Final = 64


class Copier(Generic[T]):
    """Copies rows into one table, none of which may be there already."""

    def __init__(self, rows: Rows[T]) -> None:
        columns = sorted(rows.columns, key=_is_json)
        names = [str(column.name) for column in columns]
        self._values: Callable[[T], tuple[Any, ...]] = attrgetter(*names)
        self._ids = [n for n, column in enumerate(columns) if isinstance(column.type, Id)]
        self._json = next((n for n, column in enumerate(columns) if _is_json(column)), len(columns))
        listed = ", ".join(f'"{name}"' for name in names)
        self._statement = f"COPY {rows.table.name} ({listed}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\\')"

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
        line = _as_csv(values[: self._json])
        if self._json == len(values):
            return line
        # What is JSON within JSON has no other escapes than of backslashes and quotation marks.
        told = [None if value is None else orjson.dumps(value).decode() for value in values[self._json :]]
        return line + b"," + orjson.dumps(told)[1:-1]


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSONB)


def _as_csv(values: Sequence[Any]) -> bytes:
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
