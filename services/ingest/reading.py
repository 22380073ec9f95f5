"""How a file becomes a table: its encoding, delimiter and header, found once, then a stream of rows.

Whatever the bytes are, reading ends in rows or in UnreadableFile, and holds a few rows at a time in memory.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, NamedTuple

from services.ingest.encoding import Encoding, UnreadableFile, encoding_of
from services.ingest.table_checks import refuse_what_is_no_table
from shared.events import BadRow

__all__ = ["Limits", "Row", "Rows", "Table", "UnreadableFile", "open_table"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_ROWS: Final = 50
_LONGEST_LINE: Final = 1 << 26
_SEPARATOR: Final = re.compile(r'^"?sep=([,;|:^~\t])"?\s*$', re.I)
_QUOTES: Final = "Look for a quotation mark that is not doubled there, and export the file again."
_END: Final = "\ue000\ue001end of file\ue001\ue000"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still read: bytes of a file, columns, characters of a cell, rows."""

    file_bytes: int = 1 << 30
    columns: int = 2_000
    cell_characters: int = 1 << 20
    rows: int = 1_000_000


class Row(NamedTuple):
    """One data row: its number from 1, its line in the file, its cells as the file has them.

    There are at least as many cells as headers; when there are more, `bad` says so.
    """

    number: int
    line: int
    cells: list[str]
    bad: BadRow | None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as a table; `preamble_lines` stand above its header."""

    path: Path
    encoding: str
    delimiter: str
    preamble_lines: int
    headers: tuple[str, ...]
    errors: str = "strict"
    header_row: int = 0
    warnings: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def rows(self) -> "Rows":
        """The data rows, read anew from the file."""
        return Rows(self)


class Rows(Iterator[Row]):
    """The data rows of a table in the order of the file: neither blank ones nor what stands below the table.

    When the last one has been given, `footer_lines` says how many lines stand below. Raises UnreadableFile.
    """

    def __init__(self, table: Table) -> None:
        self.footer_lines = 0
        self._rows = self._read(table)

    def __next__(self) -> Row:
        return next(self._rows)

    def _read(self, table: Table) -> Iterator[Row]:
        number, encoding = 0, Encoding(table.encoding, table.errors)
        records = _records(table.path, encoding, table.delimiter, table.limits)
        for line, cells in islice(records, table.header_row + 1, None):
            if _is_blank(cells):
                continue
            number += 1
            if number > table.limits.rows:
                raise UnreadableFile(f"The file has more than {table.limits.rows:,} rows. Split it into parts.")
            cells = _fitted(cells, len(table.headers))
            yield Row(number, line, cells, _too_long(number, table, cells))


@contextmanager
def open_table(path: Path, limits: Limits | None = None) -> Iterator[Table]:
    """The file as a table, for the length of the block; all of it is read once, for its encoding.

    Raises UnreadableFile for what is no table, and OSError as `open` does.
    """
    limits = limits or Limits()
    _refuse_size(path, limits)
    encoding = encoding_of(path)
    delimiter, records = _best_delimiter(path, encoding, limits)
    header_row = _header_row(records)
    line, headers = records[header_row]
    below = [cells for _, cells in records[header_row + 1 :] if not _is_blank(cells)]
    refuse_what_is_no_table(headers, below, limits.columns)
    warnings = (encoding.warning,) if encoding.warning else ()
    yield Table(
        path, encoding.name, delimiter, line - 1, tuple(headers), encoding.errors, header_row, warnings, limits
    )  # fmt: skip


def _too_long(number: int, table: Table, cells: list[str]) -> BadRow | None:
    width = len(table.headers)
    if len(cells) <= width:
        return None
    reason = (
        f"The row has {len(cells)} cells and the header {width} columns; the first cell too many is "
        f"{cells[width][:40]!r}. A cell with {table.delimiter!r} in it must stand in quotation marks."
    )
    return BadRow(number, "", cells[width][:200], reason)


def _refuse_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFile("The file is empty (0 bytes). Export the list again.")
    if size > limits.file_bytes:
        raise UnreadableFile(f"The file has {size:,} bytes, more than {limits.file_bytes:,}. Split it.")


_Record = tuple[int, list[str]]


def _header_row(records: list[_Record]) -> int:
    for index, (_, cells) in enumerate(records):
        if not _is_blank(cells) and not (index == 0 and cells[0].lower().startswith("sep=")):
            return index
    raise UnreadableFile("The file has no rows. Export the list again, with at least one row.")


def _best_delimiter(path: Path, encoding: Encoding, limits: Limits) -> tuple[str, list[_Record]]:
    """The delimiter that Excel's `sep=` line names, or the one whose header is widest and fits its rows."""
    with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
        named = _SEPARATOR.match(file.readline(_SAMPLE_ROWS))
    if named:
        return named[1], list(islice(_records(path, encoding, named[1], limits), _SAMPLE_ROWS))
    samples = {mark: _sample(path, encoding, mark, limits) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: _fitting_width(samples[mark]))
    return best, samples[best] or list(islice(_records(path, encoding, best, limits), _SAMPLE_ROWS))


def _sample(path: Path, encoding: Encoding, delimiter: str, limits: Limits) -> list[_Record]:
    """The first records, or none when the file cannot be read with this delimiter."""
    try:
        return list(islice(_records(path, encoding, delimiter, limits), _SAMPLE_ROWS))
    except UnreadableFile:
        return []


def _fitting_width(records: list[_Record]) -> int:
    header, *below = [cells for _, cells in records if not _is_blank(cells)] or [[]]
    fitting = sum(1 < len(cells) <= len(header) for cells in below)
    return len(header) if 2 * fitting >= len(below) else 0


def _records(path: Path, encoding: Encoding, delimiter: str, limits: Limits) -> Iterator[_Record]:
    """Each record with the line it begins in, counted from 1."""
    csv.field_size_limit(limits.cell_characters)
    with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
        reader, line = csv.reader(chain(_lines(file), (_END,)), delimiter=delimiter), 1
        try:
            for cells in reader:
                if cells and cells[-1].endswith(_END):
                    _refuse_open_quote(cells, line)
                    return
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(f"The row in line {line} cannot be read ({error}). {_QUOTES}") from error
        except UnicodeError as error:
            raise UnreadableFile(f"Line {line} is not {encoding.name}. Export the file again.") from error


def _lines(file: IO[str]) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise UnreadableFile(f"A line has more than {_LONGEST_LINE:,} characters: this is no list of rows.")
        yield line


def _refuse_open_quote(cells: list[str], line: int) -> None:
    if cells != [_END]:
        raise UnreadableFile(f"The row in line {line} opens a quotation mark that is never closed. {_QUOTES}")


def _is_blank(cells: list[str]) -> bool:
    return not any(map(str.strip, cells))


def _fitted(cells: list[str], width: int) -> list[str]:
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    return cells if len(cells) == width or not _is_blank(cells[width:]) else cells[:width]
