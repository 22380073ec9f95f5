"""Dates as files and answers write them. Pure."""

import re
from datetime import date
from typing import Final

from shared.canonical import clean_cell

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ].*)?")
_SLASHED: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: .*)?")
_MONTH: Final = re.compile(r"(\d{1,2})[-/.](\d{4})")


def iso_date(value: object) -> str | None:
    """YYYY-MM-DD of an ISO date or time, of MM-YYYY, of month/day/year or else day/month/year."""
    text = clean_cell(value) or ""
    if iso := _ISO.fullmatch(text):
        return _day(iso[1], iso[2], iso[3] or "1")
    if slashed := _SLASHED.fullmatch(text):
        return _day(slashed[3], slashed[1], slashed[2]) or _day(slashed[3], slashed[2], slashed[1])
    month = _MONTH.fullmatch(text)
    return _day(month[2], month[1], "1") if month else None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
