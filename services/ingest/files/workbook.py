"""An Excel workbook as CSV: its sheet with the most in it, values as a person would write them into a CSV file.

A workbook is unpacked and parsed in a process of its own with bounded memory, disk and time, two at once: a few bytes
can describe a sheet that fills the machine. Macros and links are never followed; of a formula its last value is read.
"""

import csv
import errno
import json
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from services.ingest.files.encoding import Busy, UnreadableFile

Value = int | float | str | bool | date | datetime | time | timedelta
_SECONDS: Final = 300
_REFUSED: Final = 3
_NO_ROOM: Final = 4
_SPARE_BYTES: Final = 1 << 30
_ADVICE: Final = "Look for a cell far away from the list, or save the sheet as CSV (UTF-8)."
_TURNS: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was chosen, as UTF-8 CSV in `path`, and the names of the visible ones that were not."""

    path: Path
    name: str
    others: tuple[str, ...]

    @property
    def warning(self) -> str | None:
        if not self.others:
            return None
        more = ", ".join(repr(name) for name in self.others)
        return f"Of the workbook's sheets {self.name!r} is read, which has the most in it; not read: {more}."


@contextmanager
def sheet_of(workbook: Path, unpacked_bytes: int) -> Iterator[Sheet]:
    """The sheet of a workbook, for the length of the block. Raises UnreadableFile."""
    with tempfile.TemporaryDirectory(prefix="leadstream-sheet-") as folder:
        target, memory = Path(folder) / "sheet.csv", _SPARE_BYTES + 3 * unpacked_bytes
        bounds = (str(memory), str(unpacked_bytes))
        done = _in_turn([sys.executable, "-m", __name__, str(workbook.resolve()), str(target), *bounds])
        if done.returncode in (_REFUSED, _NO_ROOM):
            raise (UnreadableFile if done.returncode == _REFUSED else Busy)(done.stdout.decode())
        if done.returncode:
            raise UnreadableFile(f"The workbook takes more than {memory >> 20:,} MB of memory to read. {_ADVICE}")
        chosen = json.loads(done.stdout)
        yield Sheet(target, chosen["name"], tuple(chosen["others"]))


def _in_turn(command: list[str]) -> "subprocess.CompletedProcess[bytes]":
    if not _TURNS.acquire(timeout=_SECONDS):
        raise Busy("Too many workbooks are read at the moment. Try again, or save the sheet as CSV (UTF-8).")
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadableFile(f"The workbook takes more than {_SECONDS} s to read. {_ADVICE}") from None
    finally:
        _TURNS.release()


def main(source: str, target: str, memory: str, size: str) -> int:
    """Write the sheet of `source` to `target`; its name goes to stdout, or why there is none."""
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    try:
        with CalamineWorkbook.from_path(source) as book:
            name, others = _chosen(book)
            _write(book.get_sheet_by_name(name), Path(target))
    except (CalamineError, UnreadableFile) as error:
        print(error if isinstance(error, UnreadableFile) else f"The workbook is damaged ({error}). Save it again.")
        return _NO_ROOM if isinstance(error, Busy) else _REFUSED
    print(json.dumps({"name": name, "others": others}))
    return 0


def _chosen(book: CalamineWorkbook) -> tuple[str, list[str]]:
    """Hidden sheets are helpers, unless there is no other."""
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    names = seen or [sheet.name for sheet in sheets]
    if not names:
        raise UnreadableFile("The workbook has no sheet with cells. Save the list as CSV.")
    best = max(names, key=lambda name: _filled(book.get_sheet_by_name(name))) if len(names) > 1 else names[0]
    return best, [name for name in names if name != best]


def _filled(sheet: CalamineSheet) -> int:
    return sum(value != "" for values in sheet.iter_rows() for value in values)


def _write(sheet: CalamineSheet, target: Path) -> None:
    try:
        _write_rows(sheet, target)
    except OSError as error:
        if error.errno == errno.EFBIG:
            limit = f"{resource.getrlimit(resource.RLIMIT_FSIZE)[0]:,} bytes (LEADSTREAM_INGEST_MAX_UNPACKED_BYTES)"
            raise UnreadableFile(f"Written as CSV, the sheet would have more than {limit}. {_ADVICE}") from None
        raise Busy(f"There is no room to read the workbook ({error.strerror}). Try again later.") from None


def _write_rows(sheet: CalamineSheet, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for values in sheet.iter_rows():
            while values and values[-1] == "":
                values.pop()
            writer.writerow([value if type(value) is str else written(value) for value in values])


def written(value: Value) -> str:
    """A value as text: dates by ISO 8601, without midnight; whole numbers without a fraction."""
    match value:
        case bool():
            return str(value).upper()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds").removesuffix(" 00:00:00")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
