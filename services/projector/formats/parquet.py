"""Parquet, for tools that count and join: typed columns, lists as lists, a row group a few thousand leads.

What is told of a lead in objects, its provenance and its contradictions, is JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as arrow
from pyarrow import parquet
from sqlalchemy import TIMESTAMP, BigInteger, Boolean, Date, Integer
from sqlalchemy.dialects.postgresql import JSONB

from services.projector.formats.text import written
from services.projector.tables import FINAL_LEADS

GROUP_ROWS: Final = 5_000
OBJECTS: Final = frozenset({"provenance", "contradictions"})
_TYPES: Final[tuple[tuple[type, Any], ...]] = (
    (JSONB, arrow.list_(arrow.string())),
    (BigInteger, arrow.int64()),
    (Integer, arrow.int32()),
    (Boolean, arrow.bool_()),
    (Date, arrow.date32()),
    (TIMESTAMP, arrow.timestamp("us", tz="UTC")),
)


class Parquet:
    """A file whose bytes leave as soon as a row group is full."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._schema = arrow.schema([(name, _type(name)) for name in columns])
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._waiting: list[Mapping[str, Any]] = []
        self._objects = OBJECTS.intersection(columns)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Take the rows; the row groups that are full."""
        self._waiting += map(self._flat, rows) if self._objects else rows
        if len(self._waiting) >= GROUP_ROWS:
            self._flush()
        return self._sink.taken()

    def end(self) -> Iterator[bytes]:
        """The last row group, and the footer that says where each one is."""
        if self._waiting:
            self._flush()
        self._writer.close()
        yield self._sink.taken()

    def close(self) -> None:
        """Nothing but memory is held."""

    def _flat(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**row, **{name: None if row[name] is None else written(row[name]) for name in self._objects}}

    def _flush(self) -> None:
        self._writer.write_table(arrow.Table.from_pylist(self._waiting, self._schema))
        self._waiting = []


class _Sink:
    """What the writer takes for a file, emptied as it is filled."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found


def _type(column: str) -> Any:
    if column in OBJECTS:
        return arrow.string()
    declared = FINAL_LEADS.c[column].type
    return next((kind for kind_of, kind in _TYPES if isinstance(declared, kind_of)), arrow.string())
