"""How a file becomes a table: its encoding, delimiter, header and footer, and a stream of the rows between.

Whatever the bytes are, reading ends in rows or in UnreadableFile, and holds a few rows at a time in memory.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, product, zip_longest
from pathlib import Path
from typing import Final, NamedTuple

from services.ingest.files.encoding import Busy, Encoding, UnreadableFile, encoding_of
from services.ingest.files.file_kind import kind_of
from services.ingest.files.layout import Header, find_header, footer_length, is_blank, least_cells
from services.ingest.files.limits import Limits
from services.ingest.files.misfits import too_long, too_much, too_short, torn
from services.ingest.files.records import Record, Records, is_well_quoted, open_text
from services.ingest.files.table_checks import refuse_what_is_no_table
from services.ingest.files.workbook import sheet_of
from shared.events import BadRow

__all__ = ["REASON", "ROW_CHARACTERS", "Busy", "Limits", "Row", "Rows", "Table", "UnreadableFile", "open_table"]

# What one event can carry, cells and fields, however many bytes a character takes.
ROW_CHARACTERS: Final = 500_000
# The first column of a list of bad rows: such a file, mended, is read without it.
REASON: Final = "leadstream_reason"
_DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_ROWS: Final = 60
_LONGEST_FOOTER: Final = 40
_LOOKED_AT: Final = 1 << 16
_DOUBLED: Final = re.compile(r'\w""|""\w')
_SPACED: Final = re.compile(r'[,;\t|] +"(?![",;\t|\r\n])')
# A line that is one cell with others in it: a program that knew another delimiter has written it.
_WRAPPED: Final = re.compile(r'^"(?:[^"\r\n]|"")*[,;\t|](?:[^"\r\n]|"")*"\r?$', re.M)
_SEPARATOR: Final = re.compile(r'"?sep=([,;|:^~\t])"?[ \t]*(?:[\r\n]|$)', re.I)


class Row(NamedTuple):
    """One data row: its number from 1, its line in the file, its cells as the file has them.

    There are as many cells as headers, unless `bad` says why the row does not fit.
    """

    number: int
    line: int
    cells: list[str]
    bad: BadRow | None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as a table; `preamble_lines` stand above its header. A line of a workbook is a row of its `sheet`.

    `least_cells`: a row with fewer has been broken off.
    """

    records: Records
    preamble_lines: int
    header_row: int
    headers: tuple[str, ...]
    least_cells: int
    warnings: tuple[str, ...]
    limits: Limits
    sheet: str | None = None

    @property
    def encoding(self) -> str:
        """As Python names it; "xlsx" for a workbook."""
        return "xlsx" if self.sheet else self.records.encoding.name

    @property
    def delimiter(self) -> str:
        """Empty for a workbook."""
        return "" if self.sheet else self.records.delimiter

    def rows(self) -> "Rows":
        """The data rows, read anew from the file."""
        return Rows(self)


class Rows(Iterable[Row]):
    """The data rows of a table in the order of the file: neither blank ones nor what stands below the table.

    When the last one has been given, `footer_lines` says how many lines stand below, `footer` what those say that are
    not blank. Raises UnreadableFile.
    """

    def __init__(self, table: Table) -> None:
        self.footer_lines = 0
        self.footer: list[str] = []
        self._table = table

    def __iter__(self) -> Iterator[Row]:
        table, number = self._table, 0
        width, most, first = len(table.headers), table.limits.rows, _folded(table.headers[0])
        for line, cells, is_torn in self._without_footer():
            if is_blank(cells):
                continue
            number += 1
            if number > most:
                raise UnreadableFile(
                    f"Row {number:,}, in line {line:,}, is past the limit of {most:,} rows "
                    "(LEADSTREAM_INGEST_MAX_ROWS). Split the file, or raise the limit."
                )
            if len("".join(cells)) > ROW_CHARACTERS:
                yield Row(number, line, cells, too_much(number, cells, ROW_CHARACTERS))
            elif is_torn:
                yield Row(number, line, cells, torn(number, line, cells))
            elif _folded(cells[0]) == first and _repeats(table, cells):
                yield Row(
                    number, line, cells, BadRow(number, table.headers[0], cells[0], "The row repeats the header.")
                )
            elif len(cells) == width:
                yield Row(number, line, cells, None)
            else:
                yield _misfit(number, line, cells, table)

    def _without_footer(self) -> Iterator[Record]:
        """The records below the header; the last ones are held back until the end shows what they are."""
        records = islice(self._table.records, self._table.header_row + 1, None)
        held = list(islice(records, _LONGEST_FOOTER))
        while more := list(islice(records, _LONGEST_FOOTER)):
            held += more
            yield from held[:-_LONGEST_FOOTER]
            del held[:-_LONGEST_FOOTER]
        self.footer_lines = footer_length([cells for _, cells, _ in held], len(self._table.headers))
        end = len(held) - self.footer_lines
        self.footer = [
            " ".join(filter(None, map(str.strip, cells))) for _, cells, _ in held[end:] if not is_blank(cells)
        ]
        yield from held[:end]


@contextmanager
def open_table(path: Path, limits: Limits | None = None) -> Iterator[Table]:
    """The file as a table, for the length of the block; all of it is read once, for its encoding.

    Raises UnreadableFile for what is no table, and OSError as `open` does.
    """
    limits = limits or Limits()
    _refuse_size(path, limits)
    if kind_of(path, limits.unpacked_bytes) == "text":
        encoding = encoding_of(path)
        yield _table(_readings(path, encoding, limits), limits, encoding.warning)
        return
    with sheet_of(path, limits.unpacked_bytes) as sheet:
        records = Records(sheet.path, Encoding("utf-8", nuls=True), ",", limits, is_sheet=True)
        yield _table([records], limits, sheet.warning, sheet.name)


def _refuse_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFile("The file is empty (0 bytes). Export the list again.")
    if size > limits.file_bytes:
        raise UnreadableFile(
            f"The file has {size:,} bytes and the limit is {limits.file_bytes:,} (LEADSTREAM_UPLOAD_MAX_BYTES). "
            "Split the file, or raise the limit."
        )


def _table(readings: list[Records], limits: Limits, warning: str | None, sheet: str | None = None) -> Table:
    records, sample, header = _best(readings)
    line, headers, _ = sample[header.index]
    below = _rows_below(sample, header)
    refuse_what_is_no_table(headers, below, limits.columns)
    if headers[0].strip() == REASON:
        records, headers, below = replace(records, skipped=1), headers[1:], [cells[1:] for cells in below]
    warnings = [warning] if warning else []
    if not below:
        warnings.append("There is a header and no row below it.")
    least = least_cells(below, len(headers))
    return Table(records, line - 1, header.index, tuple(headers), least, tuple(warnings), limits, sheet)


def _rows_below(sample: list[Record], header: Header) -> list[list[str]]:
    """The first rows, none blank; of a file that is no longer than the sample not what stands below them."""
    below = [cells for _, cells, _ in sample[header.index + 1 :]]
    footer = footer_length(below, len(sample[header.index][1])) if len(sample) < _SAMPLE_ROWS else 0
    return [cells for cells in below[: len(below) - footer] if not is_blank(cells)]


def _readings(path: Path, encoding: Encoding, limits: Limits) -> list[Records]:
    """The file in each way that is possible: delimiter as a `sep=` line says or any; quotes escaped, spaced, or not;
    lines in quotes as a whole, or not.
    """
    with open_text(path, encoding) as file:
        start = file.read(_LOOKED_AT)
    named = _SEPARATOR.match(start)
    marks = named[1] if named else _DELIMITERS
    spaced = (True, False) if _SPACED.search(start) else (False,)
    wrapped = (False, True) if _WRAPPED.search(start) else (False,)
    return [
        Records(path, encoding, mark, limits, escape, is_spaced=is_spaced, is_wrapped=is_wrapped)
        for is_wrapped, mark in product(wrapped, marks)
        for escape, is_spaced in product(_escapes(start, mark), spaced)
    ]


def _escapes(start: str, mark: str) -> tuple[str | None, ...]:
    """What may stand before a quotation mark in a cell, the likelier first: a cell may as well end in a backslash."""
    if '\\"' not in start:
        return (None,)
    return (None, "\\") if is_well_quoted(start, mark) or _DOUBLED.search(start) else ("\\", None)


def _best(readings: list[Records]) -> tuple[Records, list[Record], Header]:
    """The reading that makes the best table of the first records, with these."""
    found: list[tuple[Records, list[Record], Header]] = []
    problems: list[UnreadableFile] = []
    for records in readings:
        try:
            sample = list(islice(records, _SAMPLE_ROWS))
        except UnreadableFile as problem:
            problems.append(problem)
            continue
        if header := find_header([[] if _SEPARATOR.match(",".join(cells)) else cells for _, cells, _ in sample]):
            found.append((records, sample, header))
    best = max(found, key=lambda one: one[2].score, default=None)
    if best is None or (problems and len(best[1][best[2].index][1]) == 1):  # read as one column, anything is a table
        raise problems[0] if problems else UnreadableFile("The file has no rows. Export the list again.")
    return best


def _folded(cell: str) -> str:
    """A header's cell to compare: a file put below another brings its byte order mark, which hides quotation marks."""
    text = cell.strip()
    return (text.strip("\ufeff").strip('"').strip() if text.startswith("\ufeff") else text).casefold()


def _repeats(table: Table, cells: Sequence[str]) -> bool:
    """Whether a row says what the header says, in whatever case; empty cells at its end may be missing or too many."""
    both = zip_longest(table.headers, cells, fillvalue="")
    return all(_folded(header) == _folded(cell) for header, cell in both)


def _misfit(number: int, line: int, cells: list[str], table: Table) -> Row:
    """A row that is not as long as the header. Empty cells at the end may be missing or too many."""
    width = len(table.headers)
    if len(cells) < width:
        padded = cells + [""] * (width - len(cells))
        bad = too_short(number, cells, table.headers, table.least_cells) if len(cells) < table.least_cells else None
        return Row(number, line, padded, bad)
    if is_blank(cells[width:]):
        return Row(number, line, cells[:width], None)
    return Row(number, line, cells, too_long(number, cells, width, table.delimiter))
