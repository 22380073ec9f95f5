"""Typed normalisers: any JSON value in, one well-formed value or None out.

None of them raises, and each gives the same answer for its own answer.
"""

import calendar
import re
from datetime import date
from functools import lru_cache
from typing import Final

from shared import canonical

Span = tuple[date, date]  # the first and the last day something may have happened on

_LARGEST: Final = 2**31 - 1  # PostgreSQL `integer`
_COUNT = re.compile(r"[~≈]?\s*(\d{1,3}(?:[,' \u00a0\u202f]\d{3})+|\d+)(?:\.0+)?(?:\s+[^\W\d]+)?")
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ]\d.*)?)?)?", re.ASCII)
_YEAR_LAST = re.compile(r"(?:(?:(\d{1,2})[-/.])?(\d{1,2})[-/.])?(\d{4})(?:[ ,]+\d{1,2}:.*)?", re.ASCII)
_NAMED = re.compile(r"([A-Za-z]{3})[a-z]*\.?(?: (\d{1,2})(?:st|nd|rd|th)?)?,? (\d{4})", re.ASCII)
_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_TRUE: Final = frozenset({"true", "yes", "y", "1"})
_FALSE: Final = frozenset({"false", "no", "n", "0"})


def text(value: object) -> str | None:
    """Text without NUL, edges of white space or a spelled-out `null`; a whole number becomes text."""
    if isinstance(value, str):
        if len(value) < 200:
            return _cell(value)
        # No cell, and to fold every space of a long text would take longer than the rest of the lead.
        return value.replace("\0", "").strip() or None
    return str(value) if type(value) is int and abs(value) < 10**15 else None


def count(value: object) -> int | None:
    """A number of things from 0 to 2,147,483,647: 67, 67.0, "67", "1,047", "1 employee". A range is none."""
    if isinstance(value, str):
        found = _COUNT.fullmatch(value.strip()) if len(value) < 40 else None
        value = int(re.sub(r"\D", "", found[1])) if found else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def year(value: object) -> int | None:
    """A year from 1000 to 2100."""
    found = count(value)
    return found if found and 1000 <= found <= 2100 else None


def flag(value: object) -> bool | None:
    """true, false, and what forms write instead: "yes", "no", 1, 0."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str) or value in (0, 1) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def texts(value: object) -> list[str] | None:
    """A list of different texts, from a list or from text with commas; None when it has none."""
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    found = [known for item in items if (known := text(item))]
    return (list(dict.fromkeys(found)) if len(found) > 1 else found) or None


def listed(value: object) -> list[str] | None:
    """As `texts`, but text is one entry: "Technology, Information and Media" is one industry."""
    return texts([value] if isinstance(value, str) else value)


def domain(value: object) -> str | None:
    """The registrable domain of a host or an address."""
    return _domain(value) if isinstance(value, str) else None


def company_link(value: object) -> str | None:
    """The link of a LinkedIn company page, in one spelling."""
    return _company_link(value) if isinstance(value, str) else None


def person_link(value: object) -> str | None:
    """The link of a LinkedIn profile, in one spelling."""
    return _person_link(value) if isinstance(value, str) else None


def address(value: object) -> str | None:
    """An e-mail address, in lower case."""
    return canonical.email_address(value) if isinstance(value, str) and len(value) < 400 else None


def span(value: object) -> Span | None:
    """When something happened, as precisely as it is told: a day, a month or a year between 1900 and 2100."""
    if isinstance(value, str):
        return _span(value) if len(value) < 40 else None
    known = year(value)
    return _span(str(known)) if known else None


def month(value: object) -> date | None:
    """The first day of the month; of January when only the year is told."""
    if isinstance(value, str):
        return _month(value) if len(value) < 40 else None
    known = span(value)
    return known[0] if known else None


# Names, titles, towns and pages come back from lead to lead, and most of a projection is looking at them.
_cell = lru_cache(maxsize=65_536)(canonical.clean_cell)
_domain = lru_cache(maxsize=65_536)(canonical.registrable_domain)


@lru_cache(maxsize=65_536)
def _company_link(value: str) -> str | None:
    key = canonical.linkedin_company(value)
    return f"https://www.{key}" if key else None


@lru_cache(maxsize=65_536)
def _person_link(value: str) -> str | None:
    key = canonical.linkedin_person(value)
    return f"https://www.{key}" if key else None


@lru_cache(maxsize=16_384)
def _span(value: str) -> Span | None:
    value = value.strip()
    if found := _YEAR_FIRST.fullmatch(value):
        return _days(found[1], found[2], found[3])
    if found := _YEAR_LAST.fullmatch(value):
        first, second = found[1], found[2]
        # Exports write the month first; 13 and above can only be a day.
        month_, day = (second, first) if first and int(first) > 12 else (first or second, first and second)
        return _days(found[3], month_, day)
    if found := _NAMED.fullmatch(value):
        return _days(found[3], str(_MONTHS.get(found[1].lower(), 0)), found[2])
    return None


@lru_cache(maxsize=16_384)
def _month(value: str) -> date | None:
    known = _span(value)
    return known[0].replace(day=1) if known else None


def _days(year_: str, month_: str | None, day: str | None) -> Span | None:
    try:
        first = date(int(year_), int(month_ or 1), int(day or 1))
    except ValueError:
        return None
    if not 1900 <= first.year <= 2100:
        return None
    if day:
        return first, first
    last_month = first.month if month_ else 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])
