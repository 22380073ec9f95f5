"""Typed normalisers: any JSON value in, one well-formed value or None out.

None of them raises, and each gives the same answer for its own answer.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from shared import canonical
from shared.dates import Span as Span
from shared.dates import span as span
from shared.legal_forms import is_legal_form

_LARGEST: Final = 2**31 - 1  # PostgreSQL `integer`
# A whole number as files write it: one sign, of any that there is, between its thousands.
WHOLE: Final = r"(?:\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+|(?:['’]\d{3})+|(?:[ \u00a0\u202f]\d{3})+)(?!\d)|\d+)"
_COUNT = re.compile(rf"[~≈]?\s*({WHOLE})(?:[.,]0{{1,2}}|\.0+)?(?:\s+[^\W\d]+)?")
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)", re.ASCII)
# An address, a link, an amount, an id (letters between digits, or too many digits at once), a date, "4.9E+11" of Excel.
_NO_PHONE = re.compile(
    r"[@$€£%_]|//|www\.|\d(?!x|ext)[a-z]+\+?\d|\d{16}"
    r"|^(?:(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\2(?:19|20)\d\d)(?!\S)",
    re.IGNORECASE,
)
_BY_ID: Final = re.compile(r"(?:https://www\.)?linkedin\.com/[a-z/]+/(?:\d+|AC[a-z]AA[\w-]{8,})", re.ASCII)
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
    """A number of things from 0 to 2,147,483,647: 67, 67.0, "67", "1,047", "1 employee". A range is none.

    "1.000" is a thousand, as are "1 000", "1'000", "1.000,00"; "1000.0" too.
    """
    if isinstance(value, str):
        found = _COUNT.fullmatch(value.strip()) if len(value) < 40 else None
        value = whole(found[1]) if found else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _LARGEST else None


def whole(digits: str) -> int:
    """The number that WHOLE has found."""
    return int(re.sub(r"\D", "", digits))


def year(value: object) -> int | None:
    """A year from 1000 to 2100; in a text the only one that it names ("1999-05-01", "est. 1999"), or of a date."""
    found = count(value)
    if found is None and isinstance(value, str) and len(value) < 40:
        named = _YEAR.findall(value)
        found = int(named[0]) if len(named) == 1 else None
    if found and 1000 <= found <= 2100:
        return found
    return known[0].year if (known := span(value)) else None


def flag(value: object) -> bool | None:
    """true, false, and what forms write instead: "yes", "no", 1, 0."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str) or value in (0, 1) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def texts(value: object) -> list[str] | None:
    """A list of different texts, from a list or from text with commas; None when it has none. Of an object its name.

    The comma of "Square, Inc." is within a name.
    """
    items = _entries(value) if isinstance(value, str) else value if isinstance(value, list) else []
    found = [known for item in items if (known := text(item.get("name") if isinstance(item, dict) else item))]
    return (list(dict.fromkeys(found)) if len(found) > 1 else found) or None


def _entries(told: str) -> list[str]:
    entries: list[str] = []
    for part in told.split(","):
        if entries and is_legal_form(part):
            entries[-1] += f",{part}"
        else:
            entries.append(part)
    return entries


def listed(value: object) -> list[str] | None:
    """As `texts`, but text is one entry: "Technology, Information and Media" is one industry."""
    return texts([value] if isinstance(value, str) else value)


def domain(value: object) -> str | None:
    """The registrable domain of a host or an address, unless anybody can have a mailbox there."""
    return _domain(value) if isinstance(value, str) else None


def company_link(value: object) -> str | None:
    """The link of a LinkedIn company page, in one spelling."""
    return _company_link(value) if isinstance(value, str) else None


def person_link(value: object) -> str | None:
    """The link of a LinkedIn profile, in one spelling."""
    return _person_link(value) if isinstance(value, str) else None


def is_by_id(link: str) -> bool:
    """Whether a LinkedIn page, as a link or a key, is told by LinkedIn's id: it may be any that is told by its name."""
    return _BY_ID.fullmatch(link) is not None


def address(value: object) -> str | None:
    """An e-mail address, in lower case."""
    return canonical.email_address(value) if isinstance(value, str) and len(value) < 400 else None


def phone(value: object) -> str | None:
    """A phone number as it is written, with what stands around it ("+1 415 555 0100 ext. 12", "Tel. 089/12345").

    None for what has fewer than five digits, or as many letters as digits, or is something else with digits.
    """
    written = text(value)
    digits = sum(map(str.isdecimal, written)) if written and len(written) < 100 else 0
    if written is None or digits < 5 or sum(map(str.isalpha, written)) >= digits:
        return None
    return None if _NO_PHONE.search(written) else written


def month(value: object) -> date | None:
    """The first day of the month; of January when only the year is told."""
    if isinstance(value, str):
        return _month(value) if len(value) < 40 else None
    known = span(value)
    return known[0].replace(day=1) if known else None


# Names, titles, towns and pages come back from lead to lead, and most of a projection is looking at them.
_cell = lru_cache(maxsize=65_536)(canonical.clean_cell)
_domain = lru_cache(maxsize=65_536)(canonical.company_domain)


@lru_cache(maxsize=65_536)
def _company_link(value: str) -> str | None:
    key = canonical.linkedin_company(value)
    return f"https://www.{key}" if key else None  # no more than that: SQL takes the key off the link again


@lru_cache(maxsize=65_536)
def _person_link(value: str) -> str | None:
    return canonical.linkedin_page(canonical.linkedin_person(value))


@lru_cache(maxsize=16_384)
def _month(value: str) -> date | None:
    known = span(value)
    return known[0].replace(day=1) if known else None
