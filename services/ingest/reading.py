"""How a file becomes rows: its encoding, delimiter and header, found once, then a stream of rows.

Whatever the bytes are, reading ends in rows or in UnreadableFile, and holds one row at a time in memory.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final

from services.ingest.encoding import Encoding, UnreadableFile, encoding_of
from services.ingest.table_checks import refuse_what_is_no_table

__all__ = ["FileShape", "Limits", "UnreadableFile", "inspect_file", "row_shape_problem", "rows"]

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


@dataclass(frozen=True, slots=True)
class FileShape:
    """How to read one file. `header_row` counts from 0 what a CSV reader yields, blank lines included."""

    encoding: str
    delimiter: str
    header_row: int
    headers: tuple[str, ...]
    errors: str = "strict"
    warnings: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


def inspect_file(path: Path, limits: Limits | None = None) -> FileShape:
    """The shape of the file, all of which is read once, for its encoding.

    Raises UnreadableFile for what is no table, and OSError as `open` does.
    """
    limits = limits or Limits()
    _refuse_size(path, limits)
    encoding = encoding_of(path)
    delimiter, records = _best_delimiter(path, encoding, limits)
    header_row = _header_row(records)
    headers, below = records[header_row], [row for row in records[header_row + 1 :] if not _is_blank(row)]
    refuse_what_is_no_table(headers, below, limits.columns)
    warnings = (encoding.warning,) if encoding.warning else ()
    return FileShape(encoding.name, delimiter, header_row, tuple(headers), encoding.errors, warnings, limits)


def rows(path: Path, shape: FileShape) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) of each row that is not blank, numbered from 1 without gaps; short rows are padded.

    A row that is longer than the header is given whole: `row_shape_problem` says so. Raises UnreadableFile.
    """
    number, encoding = 0, Encoding(shape.encoding, shape.errors)
    records = _records(path, encoding, shape.delimiter, shape.limits)
    for cells in islice(records, shape.header_row + 1, None):
        if _is_blank(cells):
            continue
        number += 1
        if number > shape.limits.rows:
            raise UnreadableFile(f"The file has more than {shape.limits.rows:,} rows. Split it into parts.")
        yield number, _fitted(cells, len(shape.headers))


def row_shape_problem(shape: FileShape, cells: list[str]) -> str | None:
    """Why a row from `rows` does not fit the header, or None."""
    width = len(shape.headers)
    if len(cells) <= width:
        return None
    return (
        f"The row has {len(cells)} cells and the header {width} columns; the first cell too many is "
        f"{cells[width][:40]!r}. A cell with {shape.delimiter!r} in it must stand in quotation marks."
    )


def _refuse_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFile("The file is empty (0 bytes). Export the list again.")
    if size > limits.file_bytes:
        raise UnreadableFile(f"The file has {size:,} bytes, more than {limits.file_bytes:,}. Split it.")


def _header_row(records: list[list[str]]) -> int:
    for index, cells in enumerate(records):
        if not _is_blank(cells) and not (index == 0 and cells[0].lower().startswith("sep=")):
            return index
    raise UnreadableFile("The file has no rows. Export the list again, with at least one row.")


def _best_delimiter(path: Path, encoding: Encoding, limits: Limits) -> tuple[str, list[list[str]]]:
    """The delimiter that Excel's `sep=` line names, or the one whose header is widest and fits its rows."""
    with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
        named = _SEPARATOR.match(file.readline(_SAMPLE_ROWS))
    if named:
        return named[1], list(islice(_records(path, encoding, named[1], limits), _SAMPLE_ROWS))
    samples = {mark: _sample(path, encoding, mark, limits) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: _fitting_width(samples[mark]))
    return best, samples[best] or list(islice(_records(path, encoding, best, limits), _SAMPLE_ROWS))


def _sample(path: Path, encoding: Encoding, delimiter: str, limits: Limits) -> list[list[str]]:
    """The first records, or none when the file cannot be read with this delimiter."""
    try:
        return list(islice(_records(path, encoding, delimiter, limits), _SAMPLE_ROWS))
    except UnreadableFile:
        return []


def _fitting_width(records: list[list[str]]) -> int:
    header, *below = [cells for cells in records if not _is_blank(cells)] or [[]]
    fitting = sum(1 < len(cells) <= len(header) for cells in below)
    return len(header) if 2 * fitting >= len(below) else 0


def _records(path: Path, encoding: Encoding, delimiter: str, limits: Limits) -> Iterator[list[str]]:
    csv.field_size_limit(limits.cell_characters)
    with path.open(encoding=encoding.name, errors=encoding.errors, newline="") as file:
        reader, line = csv.reader(chain(_lines(file), (_END,)), delimiter=delimiter), 1
        try:
            for cells in reader:
                if cells and cells[-1].endswith(_END):
                    _refuse_open_quote(cells, line)
                    return
                yield cells
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
