"""An Excel workbook: text stays text, whatever it begins with; numbers, dates and flags are cells of their kind.

Times are those of UTC: a workbook knows no others.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from services.projector.formats.text import written

SHEET_ROWS: Final = 1_048_575  # below the header
CELL_CHARACTERS: Final = 32_767
_PART: Final = 1 << 16


class Xlsx:
    """One sheet `leads`, and a further one each time it is full; rows go to a temporary file at once."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._folder = tempfile.TemporaryDirectory(prefix="leads-")
        self._file = Path(self._folder.name) / "leads.xlsx"
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(str(self._file), options)
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheet: Any = None
        self._row = 0
        self._begin_sheet()

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Write the rows down; nothing of a workbook is ready before its end."""
        for row in rows:
            if self._row == SHEET_ROWS:
                self._begin_sheet()
            self._row += 1
            for column, name in enumerate(self._columns):
                self._write(column, row[name])
        return b""

    def end(self) -> Iterator[bytes]:
        """The whole workbook, in parts."""
        self._book.close()
        with self._file.open("rb") as stream:
            while part := stream.read(_PART):
                yield part

    def close(self) -> None:
        """Remove the temporary file."""
        self._folder.cleanup()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet("leads" if self._sheet is None else None)
        self._row = 0
        for column, name in enumerate(self._columns):
            self._sheet.write_string(0, column, name)

    def _write(self, column: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
        elif isinstance(value, int):
            self._sheet.write_number(self._row, column, value)
        elif isinstance(value, datetime):
            told = value.astimezone(UTC).replace(tzinfo=None)
            self._sheet.write_datetime(self._row, column, told, self._time)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._row, column, value, self._date)
        else:
            self._sheet.write_string(self._row, column, written(value)[:CELL_CHARACTERS])
