"""CSV that a spreadsheet opens without running anything in it, and JSON lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from shared.spreadsheet import harmless


class Csv:
    """A header and a line a lead; lists are joined by "; ", and what looks like a formula begins with an apostrophe."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._header = _lines([columns])

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """The lines of these leads."""
        header, self._header = self._header, b""
        return header + _lines([harmless(written(row[name])) for name in self._columns] for row in rows)

    def end(self) -> Iterator[bytes]:
        """The header, when there was no lead."""
        yield self._header

    def close(self) -> None:
        """Nothing is held."""


class JsonLines:
    """A JSON object a lead, every column in it."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """The lines of these leads."""
        chosen = ({name: row[name] for name in self._columns} for row in rows)
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in chosen)

    def end(self) -> Iterator[bytes]:
        """Nothing follows the last line."""
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


def written(value: Any) -> str:
    """A value as one text, for formats in which a cell is one; objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value)):
        return orjson.dumps(value).decode()
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
