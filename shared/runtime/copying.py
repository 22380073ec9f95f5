"""Rows as the text that COPY reads: one line a row, the quickest way into a table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy.dialects.postgresql import JSONB

from shared.ids import to_hex
from shared.runtime.database import Connection, Id, Rows

T = TypeVar("T")
AT_ONCE: Final = 1_000
# Stands for NULL. Unlike the usual \N it has no backslash, so that most lines have none and need no second look.
NULL: Final = "\x02"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", NULL: "\\x02"})
_TEXT: Final[Mapping[type, Callable[[Any], str]]] = {
    str: str,
    int: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
}


class Copier(Generic[T]):
    """Copies rows into one table, none of which may be there already."""

    def __init__(self, rows: Rows[T]) -> None:
        self._values = rows.values_of
        self._ids = [n for n, column in enumerate(rows.columns) if isinstance(column.type, Id)]
        self._json = [n for n, column in enumerate(rows.columns) if isinstance(column.type, JSONB)]
        self._tabs = len(rows.columns) - 1
        self._statement = f"COPY {rows.table.name} ({rows.names}) FROM STDIN (NULL '{NULL}')"

    async def copy(self, connection: Connection, rows: Sequence[T]) -> None:
        """Write the rows. Raises psycopg.errors.UniqueViolation, and DataError for what a column cannot hold."""
        async with connection.cursor() as cursor, cursor.copy(self._statement) as copy:
            for first in range(0, len(rows), AT_ONCE):
                await copy.write("".join(map(self.line, rows[first : first + AT_ONCE])))

    def line(self, row: T) -> str:
        """One row, with its end of line."""
        values = list(self._values(row))
        for n in self._ids:
            if values[n] is not None:
                values[n] = to_hex(values[n])
        for n in self._json:
            if values[n] is not None:
                values[n] = orjson.dumps(values[n]).decode()
        texts = [NULL if v is None else v if v.__class__ is str else _text(v) for v in values]
        line = "\t".join(texts)
        if self._is_plain(line, values):
            return f"{line}\n"
        return "\t".join(NULL if v is None else _text(v).translate(_ESCAPES) for v in values) + "\n"

    def _is_plain(self, line: str, values: list[Any]) -> bool:
        """Whether no value has a character that means something to COPY."""
        return (
            "\\" not in line
            and "\n" not in line
            and "\r" not in line
            and line.count("\t") == self._tabs
            and line.count(NULL) == values.count(None)
        )


def _text(value: Any) -> str:
    """As PostgreSQL reads it, and as `Rows.upsert` would have written it."""
    known = _TEXT.get(value.__class__)
    return known(value) if known else orjson.dumps(value).decode()
