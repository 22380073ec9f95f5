"""What the cells of a column look like: the second opinion on what its header says. Pure.

A few hundred cells tell: a column named "Website" full of LinkedIn company pages is one of company pages.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from services.ingest.vocabulary import Holds
from shared.canonical import email_address, linkedin_company, linkedin_person, registrable_domain
from shared.values import phone

_NUMBER: Final = re.compile(r"[+-]?[\d.,\s]+")
_COUNT: Final = re.compile(r"\D{0,12}\d[\d.,\s'kKmM+]*(?:\s*(?:-|–|to|bis|a|à)\s*\d[\d.,\s'kKmM+]*)?\D{0,20}")
_AMOUNT: Final = re.compile(r"\D{0,8}\d[\d.,\s']*\s*\D{0,24}(?:\d[\d.,\s']*\D{0,12})?")
_DATE: Final = re.compile(r"\d{1,4}[-/. ]\d{1,4}(?:[-/. ]\d{1,4})?(?:[T ].*)?|(?:19|20)\d\d|.*[^\W\d]{3,}\W+\d{2,4}.*")
_ENOUGH: Final = 300  # characters of a cell: the patterns above are slow on very long ones
_ID: Final = re.compile(r"([1-9]\d{0,9})(?:\.0)?", re.ASCII)  # `1441.0` of a spreadsheet
_OF_IDS: Final = re.compile("^id|id$")
_FLAG: Final = frozenset(("true", "false", "yes", "no", "0", "1"))
_SALUTATIONS: Final = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "sr", "sra", "mme", "sig", "dhr")
)


def share(holds: Holds, values: Iterable[str]) -> float | None:
    """The part of the values (0 to 1) that look like it; None when there are none."""
    found = [_LOOKS[holds](value[:_ENOUGH]) for value in values]
    return sum(found) / len(found) if found else None


def company_page(key: str, cell: str) -> str:
    """The cell; where it is LinkedIn's number of a company, the address of its page.

    `key` is of the column's header: a number is one where that is an id's.
    """
    number = _ID.fullmatch(cell) if _OF_IDS.search(key) else None
    return f"linkedin.com/company/{number[1]}" if number else cell


def _is_text(value: str) -> bool:
    return not (_is_link(value) or _is_address(value) or value.casefold() in _FLAG)


def _is_name(value: str) -> bool:
    return _is_text(value) and not _NUMBER.fullmatch(value)


def _is_title(value: str) -> bool:
    return _is_name(value) and value.casefold().rstrip(".") not in _SALUTATIONS


def _is_link(value: str) -> bool:
    return bool(re.match(r"(?:https?:)?//|www\.", value, re.I))


def _is_address(value: str) -> bool:
    return " " not in value and "@" in value and email_address(value) is not None


def _has_address(value: str) -> bool:
    return "@" in value and email_address(value) is not None


def _is_website(value: str) -> bool:
    return " " not in value.strip() and "@" not in value and registrable_domain(value) is not None


_LOOKS: Final[Mapping[Holds, Callable[[str], bool]]] = {
    "address": _has_address,
    "amount": lambda value: _AMOUNT.fullmatch(value) is not None,
    "company_link": lambda value: linkedin_company(value) is not None,
    "count": lambda value: _COUNT.fullmatch(value) is not None,
    "link": _is_link,
    "date": lambda value: _DATE.fullmatch(value) is not None,
    "name": _is_name,
    "person_link": lambda value: linkedin_person(value) is not None,
    "phone": lambda value: phone(value) is not None,
    "text": _is_text,
    "title": _is_title,
    "website": _is_website,
}
