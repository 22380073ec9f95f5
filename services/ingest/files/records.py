"""Text as records: what a CSV reader makes of a file, one record at a time, each with the line it begins in."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, Final

from services.ingest.files.encoding import Encoding, UnreadableFile

Record = tuple[int, list[str]]

_LONGEST_LINE: Final = 1 << 24
_QUOTES: Final = "Look for a quotation mark that is not doubled there, and export the file again."
_END: Final = "\ue000\ue001end of file\ue001\ue000"


@dataclass(frozen=True, slots=True)
class Records:
    """A text file and how to read it: cells longer than `cell_characters` are refused, the first `skipped` left out.

    `escape` stands before a quotation mark inside a cell, where that is not doubled; in a file that `is_spaced`, spaces
    before a cell; in one that `is_wrapped` all lines, or those with quotation marks, are one cell with the row in it.
    The records of a sheet are its rows, and numbered as such.
    """

    path: Path
    encoding: Encoding
    delimiter: str
    cell_characters: int
    escape: str | None = None
    skipped: int = 0
    is_sheet: bool = False
    is_spaced: bool = False
    is_wrapped: bool = False

    def __iter__(self) -> Iterator[Record]:
        """(line, cells) of each record, blank ones too; lines count from 1. Raises UnreadableFile."""
        csv.field_size_limit(self.cell_characters)
        line, only_single = 1, True
        with open_text(self.path, self.encoding) as file:
            lines = chain(_lines(file, self.encoding), (_END,))
            reader = csv.reader(
                lines, delimiter=self.delimiter, escapechar=self.escape, skipinitialspace=self.is_spaced
            )
            try:
                for cells in reader:
                    if cells and cells[-1].endswith(_END):
                        return _refuse_open_quote(cells, line)
                    if self.is_wrapped and len(cells) == 1 and (only_single or '"' in cells[0]):
                        cells = next(csv.reader(cells, delimiter=self.delimiter), [])
                    else:
                        only_single = only_single and len(cells) < 2
                    yield line, cells[self.skipped :] if self.skipped else cells
                    line = line + 1 if self.is_sheet else reader.line_num + 1
            except csv.Error as error:
                raise UnreadableFile(self._what_is_wrong(line, error)) from error
            except UnicodeError as error:
                raise UnreadableFile(f"Line {line} is not {self.encoding.name}. Export the file again.") from error

    def _what_is_wrong(self, line: int, error: csv.Error) -> str:
        if "field limit" not in str(error):
            return f"The row in line {line} cannot be read ({error}). {_QUOTES}"
        return (
            f"The row in line {line} has a cell of more than {self.cell_characters:,} characters, the limit "
            f"(LEADSTREAM_INGEST_MAX_CELL_CHARACTERS). {_QUOTES} If the text is meant to be so long, raise the limit."
        )


def is_well_quoted(start: str, delimiter: str) -> bool:
    """Whether, as far as the start tells, marks inside cells are doubled and nothing follows one that closes a cell."""
    try:
        deque(csv.reader(StringIO(start, newline=""), delimiter=delimiter, strict=True), maxlen=0)
    except csv.Error as error:
        return "end of data" in str(error)
    return True


def open_text(path: Path, encoding: Encoding) -> IO[str]:
    """The file as text, its line ends as they are."""
    return path.open(encoding=encoding.name, errors=encoding.errors, newline="")


def _lines(file: IO[str], encoding: Encoding) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise UnreadableFile(f"A line has more than {_LONGEST_LINE:,} characters: this is no list of rows.")
        yield line.replace("\0", "") if encoding.nuls else line


def _refuse_open_quote(cells: list[str], line: int) -> None:
    if cells != [_END]:
        raise UnreadableFile(f"The row in line {line} opens a quotation mark that is never closed. {_QUOTES}")
