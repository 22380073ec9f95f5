"""Leads as CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from services.projector.lead import COLUMNS

HEADER: Final = ("lead_id", "outcome", "source_workstream", *COLUMNS)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def header_line() -> str:
    """The first line."""
    return _line(HEADER)


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """The lines of these leads."""
    return "".join(_line(_cell(row.get(name)) for name in HEADER) for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        value = "; ".join(map(str, value)) if isinstance(value, list) else orjson.dumps(value).decode()
    written = str(value)
    # A leading apostrophe makes a spreadsheet show the text and not calculate it.
    return "'" + written if written.startswith(_FORMULA) else written


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
