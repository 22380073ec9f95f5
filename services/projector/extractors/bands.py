"""The bands that leads are filtered by: head count, revenue, funding. One spelling each, whoever answered."""

import re
from functools import lru_cache
from typing import Any, Final

from shared.values import WHOLE, text, whole

SIZES: Final = (
    (1, "1"),
    (10, "2-10"),
    (50, "11-50"),
    (200, "51-200"),
    (500, "201-500"),
    (1_000, "501-1000"),
    (5_000, "1001-5000"),
    (10_000, "5001-10000"),
)
REVENUES: Final = (
    (5e5, "0-500K"),
    (1e6, "500K-1M"),
    (5e6, "1M-5M"),
    (1e7, "5M-10M"),
    (2.5e7, "10M-25M"),
    (7.5e7, "25M-75M"),
    (2e8, "75M-200M"),
    (5e8, "200M-500M"),
    (1e9, "500M-1B"),
    (1e10, "1B-10B"),
    (1e11, "10B-100B"),
    (1e12, "100B-1T"),
)
FUNDINGS: Final = (
    (1e6, "$0 - $1M"),
    (5e6, "$1M - $5M"),
    (1e7, "$5M - $10M"),
    (2.5e7, "$10M - $25M"),
    (5e7, "$25M - $50M"),
    (1e8, "$50M - $100M"),
    (2.5e8, "$100M - $250M"),
)
_UNTOLD: Final = (
    "UNKNOWN",
    "UNDISCLOSED",
    "NOTDISCLOSED",
    "NOTAVAILABLE",
    "NOTAPPLICABLE",
    "NOFUNDING",
    "BOOTSTRAPPED",
)
_UNITS: Final = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_HEADS = re.compile(rf"({WHOLE})(?:[.,](\d{{1,2}}))?(K?)(\+?)", re.IGNORECASE | re.ASCII)
_AMOUNT = re.compile(r"(\d[\d,]{0,20}(?:\.\d{1,9})?)([KMBT]?)", re.IGNORECASE | re.ASCII)
_MORE_THAN = re.compile(r"\s*(?:>|over|more than|above)", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d.,'’]*\d", re.ASCII)
_DECIMAL_COMMA = re.compile(r"0,\d+|[\d.]*,(?!\d{3}$)\d+", re.ASCII)
_DOTTED_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3}){2,}", re.ASCII)
# A band is far wider than what these differ from a dollar by; what yen, rupees and others do is not.
_CURRENCIES = re.compile(r"[\s$€£]|US(?=\$)|USD|EUR(?:OS?)?|GBP|CHF")
_LEAST: Final = ("start", "min", "from")
_MOST: Final = ("end", "max", "to")
_AMOUNTS: Final = ("value_usd", "amount", "value")
_RANGE = re.compile(r"(\d+(?:\.\d+)?[KMBT]?)-(\d+(?:\.\d+)?[KMBT])", re.ASCII)
_MORE = re.compile(r"(\d+(?:\.\d+)?[KMBT])\+", re.ASCII)


def size_bucket(value: object) -> str | None:
    """The head count band of a count, or of a provider's band ("501-1,000 employees", "10,001+", [51, 200])."""
    return _size_bucket(written) if (written := _short(value)) else None


def revenue_range(value: object) -> str | None:
    """A yearly revenue as a band: "$10M - 25M" is "10M-25M", and an amount finds its own, "12,5 Mio. EUR" too.

    Euros, pounds and francs count as dollars; an amount in what else stays as it is written.
    """
    return _revenue_range(written) if (written := _short(value)) else None


def funding_range(value: object) -> str | None:
    """The total raised, as "$1M - $5M" or "$250M+", an amount too; None where the provider does not know it."""
    return _funding_range(written) if (written := _short(value)) else None


def _short(value: object) -> str | None:
    if isinstance(value, dict | list):
        return _pair(value)
    value = int(value) if isinstance(value, float) and abs(value) < 1e15 else value
    return None if isinstance(value, str) and len(value) > 60 else text(value)


def _pair(value: dict[str, Any] | list[Any]) -> str | None:
    """A band that is told as its two ends, the upper one perhaps open; or an amount with its currency."""
    if isinstance(value, list):
        least, most = value if len(value) == 2 else (None, None)
    else:
        if amount := next((told for name in _AMOUNTS if (told := _end(value.get(name)))), None):
            return amount
        least, most = (next((value[name] for name in names if name in value), None) for names in (_LEAST, _MOST))
    least, most = _end(least), _end(most)
    return least and (f"{least}-{most}" if most else f"{least}+")


def _end(value: object) -> str | None:
    return None if isinstance(value, dict | list) else _short(value)


@lru_cache(maxsize=4096)
def _size_bucket(written: str) -> str | None:
    if written.startswith("["):
        written = written.replace(",", "-")
    found = _HEADS.findall(written)
    if not found:
        return "1" if written.lower() in ("self-employed", "myself only") else None
    digits, fraction, thousand, plus = found[-1]
    more = plus or _MORE_THAN.match(written) or written.lower().endswith("or more")
    heads = int(f"{whole(digits)}{fraction:0<3}") if thousand else whole(digits)  # "1.5K" is 1500
    heads += 1 if more else 0
    return next((band for top, band in SIZES if heads <= top), "10001+") if heads else None


@lru_cache(maxsize=4096)
def _revenue_range(written: str) -> str | None:
    bare = _bare(written)
    if found := _AMOUNT.fullmatch(bare):
        amount = _amount(found)
        return next((band for top, band in REVENUES if amount < top), "1T+")
    return bare if _RANGE.fullmatch(bare) or _MORE.fullmatch(bare) else written


@lru_cache(maxsize=4096)
def _funding_range(written: str) -> str | None:
    bare = _bare(written)
    if found := _RANGE.fullmatch(bare):
        return f"${found[1]} - ${found[2]}"
    if _MORE.fullmatch(bare):
        return f"${bare}"
    if found := _AMOUNT.fullmatch(bare):
        amount = _amount(found)
        return next((band for top, band in FUNDINGS if amount < top), "$250M+") if amount else None
    return None if any(word in bare for word in _UNTOLD) else written


def _bare(written: str) -> str:
    """An amount or a range of them without spaces, currencies and words: "$10 - $50 million" is "10M-50M"."""
    bare = re.sub(r"\s*(?:[\u2010-\u2015]|\bTO\b)\s*", "-", written.upper())
    bare = _NUMBER.sub(_in_english, _CURRENCIES.sub("", bare))
    bare = re.sub(r"(?<=\d)(?:MILLION|MIO|MIL|MN|MM)S?\.?", "M", re.sub(r"(?<=\d)(?:BILLION|BIL|BN)S?\.?", "B", bare))
    bare = re.sub(r"(?<=\d)THOUSAND", "K", bare)
    bare = re.sub(r"^(?:<|UNDER|BELOW|LESSTHAN|UPTO)(?=\d)", "0-", bare)
    bare = re.sub(r"^(?:>|OVER|ABOVE|MORETHAN)(\d[^-]*)$|^(\d[^-]*)ORMORE$", r"\1\2+", bare)
    if "-" in bare or "+" in bare:
        bare = re.sub(r"(?<![\d.,])\d{1,3}(?:,?\d{3})+(?![\d.,KMBT])", _in_units, bare)
    if found := re.fullmatch(r"(0*[1-9]\d{0,2}(?:\.\d+)?)-(\d+(?:\.\d+)?)([KMBT])", bare):
        bare = f"{found[1]}{found[3]}-{found[2]}{found[3]}"  # one unit for both
    return bare


def _in_english(found: re.Match[str]) -> str:
    """A number with commas between thousands and a decimal point: "12.500.000,50" is "12500000.50".

    A comma that is followed by anything but three digits is the decimal sign; one dot before three digits is that too.
    """
    number = re.sub("['’]", "", found[0])
    if _DECIMAL_COMMA.fullmatch(number):
        return number.replace(".", "").replace(",", ".")
    return number.replace(".", "") if _DOTTED_THOUSANDS.fullmatch(number) else number


def _in_units(found: re.Match[str]) -> str:
    """Dollars at the end of a band, written shortly: "1,500,000" is "1.5M"."""
    amount = int(found[0].replace(",", ""))
    unit = next(unit for unit in "TBMK" if amount >= _UNITS[unit])
    return f"{amount / _UNITS[unit]:g}{unit}"


def _amount(found: re.Match[str]) -> float:
    return float(found[1].replace(",", "")) * _UNITS[found[2]]
