"""Leads as files: one module a format, written as the rows come, so that memory does not grow with their number.

A writer is used for one file, off the event loop: `rows` gives the bytes that are ready, `end` the rest, and `close`
is called whatever happens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from services.projector.filters import OWN
from services.projector.formats import text
from services.projector.lead import COLUMNS

HEADER: Final = ("lead_id", *OWN, *COLUMNS)


class Writer(Protocol):
    """Writes one file."""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Take some rows; what of the file is ready."""
        ...

    def end(self) -> Iterator[bytes]:
        """The rest of the file."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True)
class Format:
    """A file format: its MIME type, and what makes a writer of these columns."""

    media_type: str
    writer: Callable[[Sequence[str]], Writer]


def _sheet(columns: Sequence[str]) -> Writer:
    from services.projector.formats.sheet import Xlsx

    return Xlsx(columns)


def _parquet(columns: Sequence[str]) -> Writer:
    from services.projector.formats.parquet import Parquet  # 50 MB of memory, for those who ask for it

    return Parquet(columns)


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format("text/csv; charset=utf-8", text.Csv),
    "jsonl": Format("application/x-ndjson", text.JsonLines),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _sheet),
    "parquet": Format("application/vnd.apache.parquet", _parquet),
}
