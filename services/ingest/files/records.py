"""Text as records: what a CSV reader makes of a file, one record at a time, each with the line it begins in.

How much one record can hold is bounded while its lines are read, so that no file fills the memory.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from services.ingest.files.encoding import Encoding, UnreadableFile
from services.ingest.files.limits import Limits

if TYPE_CHECKING:
    import _csv

# Line, cells, and whether a quotation mark is wrong in a record of several lines, which may be several records then.
Record = tuple[int, list[str], bool]

_LEAST_CHARACTERS: Final = 1 << 22
_LEAST_CELLS: Final = 1 << 14
_QUOTES: Final = "Look for a quotation mark that is not doubled there, and export the file again."
_SPACED: Final = re.compile(r'" +(?=[^\w" ]|$)')  # as spreadsheets write cells, and mean nothing by it
_END: Final = "\ue000\ue001end of file\ue001\ue000"


class _TooLong(Exception):
    """What is too long; the message goes on after "a"."""


@dataclass(frozen=True, slots=True)
class Records:
    """A text file and how to read it: cells, rows and lines past the `limits` are refused, the first `skipped` cells
    left out.

    `escape` stands before a quotation mark inside a cell, where that is not doubled; in a file that `is_spaced`, spaces
    before a cell; in one that `is_wrapped` all lines, or those with quotation marks, are one cell with the row in it.
    The records of a sheet are its rows, and numbered as such.
    """

    path: Path
    encoding: Encoding
    delimiter: str
    limits: Limits
    escape: str | None = None
    skipped: int = 0
    is_sheet: bool = False
    is_spaced: bool = False
    is_wrapped: bool = False

    def __iter__(self) -> Iterator[Record]:
        """Each record, blank ones too; lines count from 1. Raises UnreadableFile."""
        csv.field_size_limit(self.limits.cell_characters)
        line, only_single, most = 1, True, max(_LEAST_CELLS, 2 * self.limits.columns)
        with open_text(self.path, self.encoding) as file:
            fed: list[str] = []
            lines = _lines(file, self.encoding, max(_LEAST_CHARACTERS, 2 * self.limits.cell_characters), fed)
            reader = self._reader(chain(lines, (_END,)))
            try:
                for cells in reader:
                    if cells and cells[-1].endswith(_END):
                        return _refuse_open_quote(cells, line)
                    if len(cells) > most:
                        raise UnreadableFile(f"The row in line {line} has more than {most:,} cells. {_QUOTES}")
                    is_torn = len(fed) > 1 and self._is_torn(fed)
                    if self.is_wrapped and len(cells) == 1 and (only_single or '"' in cells[0]):
                        cells = next(csv.reader(cells, delimiter=self.delimiter), [])
                    else:
                        only_single = only_single and len(cells) < 2
                    yield line, cells[self.skipped :] if self.skipped else cells, is_torn
                    line = line + 1 if self.is_sheet else reader.line_num + 1
                    fed.clear()
            except _TooLong as error:
                raise UnreadableFile(f"From line {line} on a {error}") from None
            except csv.Error as error:
                raise UnreadableFile(self._what_is_wrong(line, error)) from error
            except UnicodeError as error:
                raise UnreadableFile(f"Line {line} is not {self.encoding.name}. Export the file again.") from error

    def _reader(self, lines: Iterable[str], strict: bool = False) -> "_csv.Reader":
        return csv.reader(
            lines, delimiter=self.delimiter, escapechar=self.escape, skipinitialspace=self.is_spaced, strict=strict
        )

    def _is_torn(self, lines: Sequence[str]) -> bool:
        try:
            deque(self._reader((_SPACED.sub('"', line) for line in lines), strict=True), maxlen=0)
        except csv.Error:
            return True
        return False

    def _what_is_wrong(self, line: int, error: csv.Error) -> str:
        if "field limit" not in str(error):
            return f"The row in line {line} cannot be read ({error}). {_QUOTES}"
        return (
            f"The row in line {line} has a cell of more than {self.limits.cell_characters:,} characters, the limit "
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


def _lines(file: IO[str], encoding: Encoding, most: int, fed: list[str]) -> Iterator[str]:
    """The lines of a file, put into `fed` too, which whoever reads records empties after each."""
    readline, nuls, size = file.readline, encoding.nuls, 0
    while line := readline(most + 1):
        size = size + len(line) if fed else len(line)
        if size > most:
            what = "row" if fed else "line"
            raise _TooLong(f"{what} has more than {most:,} characters: this is no list of rows. {_QUOTES}")
        if nuls:
            line = line.replace("\0", "")
        fed.append(line)
        yield line


def _refuse_open_quote(cells: list[str], line: int) -> None:
    if cells != [_END]:
        raise UnreadableFile(f"The row in line {line} opens a quotation mark that is never closed. {_QUOTES}")
