"""When something happened, as files and providers tell it: days, months, years, moments. Pure.

Nothing here raises.
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from shared.canonical import clean_cell
from shared.enrichment import respelled

Span = tuple[date, date]  # the first and the last day something may have happened on

_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ]\d.*)?)?)?", re.ASCII)
_YEAR_LAST = re.compile(r"(?:(?:(\d{1,2})[-/.])?(\d{1,2})([-/.]))?(\d{4})(?:[ ,]+\d{1,2}:.*)?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_NAMED = re.compile(r"([^\W\d_]{3,10})\.?(?:[ -](\d{1,2})(?:st|nd|rd|th)?)?,?[ -](?:de )?(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -](?:de )?([^\W\d_]{3,10})\.?,?[ -](?:de )?(\d{4})")
_YEAR_NAMED = re.compile(r"(\d{4})[ -]([^\W\d_]{3,10})\.?")
_DAY_SHORT = re.compile(r"(\d{1,2}([/.])\d{1,2}\2)([0-9]{2})((?:[ ,]+\d{1,2}:.*)?)", re.ASCII)
_MONTH_SHORT = re.compile(r"((?:\d{1,2}\.?[ -])?[^\W\d_]{3,10}\.?)(?:-|[ -]?['’])([0-9]{2})")
_EPOCH = date(1970, 1, 1)
# January to December, in the languages that exports come in.
_MONTH_NAMES = """
january february march april may june july august september october november december
januar februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
januari februari maart april mei juni juli augustus september oktober november december
"""
_MONTHS: Final = {
    name: number for line in _MONTH_NAMES.split("\n") for number, name in enumerate(line.split(), start=1)
} | {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11}
_SHORT: Final = {"dec": 12, "okt": 10, "dez": 12, "mär": 3, "mrz": 3, "fév": 2, "févr": 2, "avr": 4, "déc": 12}
_OTHERS: Final = {"ene": 1, "abr": 4, "ago": 8, "dic": 12, "fev": 2, "set": 9, "out": 10, "gen": 1, "mag": 5, "giu": 6}
_BY_NAME: Final = _MONTHS | _SHORT | _OTHERS | {"lug": 7, "ott": 10, "mrt": 3, "mei": 5, "janv": 1, "juil": 7, "mai": 5}


def span(value: object) -> Span | None:
    """When something happened, as precisely as it is told: a day, a month or a year between 1900 and 2100.

    From text, a number (a year, or seconds or milliseconds since 1970) or an object of `year`, `month` and `day`.
    A year of two digits, 1950 to 2049, counts in 10/1/23 and 1.10.23, and after a month's name with a hyphen or an
    apostrophe: "Aug-24", "Aug '24". Else it could be a day, or stand first: "08-24", "Aug 24" and "23-10-01" are none.
    """
    if isinstance(value, dict):
        return _parts(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) < 10**15:
        value = str(value)
    return _span(value) if isinstance(value, str) and len(value) < 40 else None


def moment(value: object) -> datetime | None:
    """When something happened: a time or day, of UTC if no zone is told, or seconds or milliseconds since 1970."""
    told = str(int(value)) if isinstance(value, int | float) and abs(value) < 10**15 else value
    if not isinstance(told, str) or len(told) > 40:
        return None
    told = told.strip().removesuffix(" UTC")
    if told.isdecimal() and told.isascii() and len(told) in (10, 13):
        return datetime.fromtimestamp(int(told) / (1 if len(told) == 10 else 1000), UTC)
    try:
        when = datetime.fromisoformat(told)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        days = span(told)
        return datetime.combine(days[0], time(), UTC) if days and days[0] == days[1] else None


def refreshed_at(answer: Any, received_at: datetime) -> str:
    """When a provider last looked, as its answer says; without word of it, or of a later time, when that came.

    Sorts as text.
    """
    told = moment(respelled(answer).get("last_refresh")) if isinstance(answer, dict) else None
    return min(told or received_at, received_at).astimezone(UTC).isoformat()[:26]


def iso_date(value: object) -> str | None:
    """What `span` reads, as precisely as it is told: YYYY-MM-DD, YYYY-MM or YYYY, which `span` reads as the same."""
    return written(days) if (days := span(value)) else None


def written(days: Span) -> str:
    """A day, a month or a year as ISO 8601 writes it."""
    first, last = days
    precision = 10 if first == last else 7 if first.month == last.month else 4
    return first.isoformat()[:precision]


@lru_cache(maxsize=16_384)
def _span(value: str) -> Span | None:
    value = _with_century(clean_cell(value) or "")
    if found := _YEAR_FIRST.fullmatch(value) or _COMPACT.fullmatch(value):
        return _days(found[1], found[2], found[3])
    if found := _YEAR_LAST.fullmatch(value):
        first, second = found[1], found[2]
        # Exports write the month first, but not with full stops; 13 and above can only be a day.
        day_first = first and (int(first) > 12 or found[3] == ".")
        month_, day = (second, first) if day_first else (first or second, first and second)
        return _days(found[4], month_, day)
    if found := _NAMED.fullmatch(value):
        return _days(found[3], _month_number(found[1]), found[2])
    if found := _DAY_FIRST.fullmatch(value):
        return _days(found[3], _month_number(found[2]), found[1])
    if found := _YEAR_NAMED.fullmatch(value):
        return _days(found[1], _month_number(found[2]), None)
    return _since_1970(value) if value.isdecimal() and value.isascii() else None


def _with_century(value: str) -> str:
    if found := _DAY_SHORT.fullmatch(value):
        return f"{found[1]}{_whole_year(found[3])}{found[4]}"
    found = _MONTH_SHORT.fullmatch(value)
    return f"{found[1]} {_whole_year(found[2])}" if found else value


def _whole_year(digits: str) -> str:
    return f"{'20' if digits < '50' else '19'}{digits}"


def _month_number(name: str) -> str:
    return str(_BY_NAME.get(name.lower(), 0))


def _since_1970(digits: str) -> Span | None:
    """Seconds or milliseconds, told apart by how many digits they have today."""
    if len(digits) not in (10, 13):
        return None
    day = _EPOCH + timedelta(days=int(digits) // (86_400 if len(digits) == 10 else 86_400_000))
    return (day, day) if day.year <= 2100 else None


def _parts(told: dict[str, Any]) -> Span | None:
    """Of {"year": 2024, "month": 8 or "Aug"}."""
    year_, month_, day = (_word(told.get(name)) for name in ("year", "month", "day"))
    if year_ is None or not year_.isdecimal():
        return None
    if month_ is None:
        return _span(year_)
    number = month_ if month_.isdecimal() else _month_number(month_)
    return _days(year_, number, day if day and day.isdecimal() else None)


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


def _word(value: object) -> str | None:
    if isinstance(value, str):
        return clean_cell(value[:200])
    return str(value) if type(value) is int and abs(value) < 10**15 else None
