"""What an answer sets of an item, as the registry said of the workflow. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.canonical import clean_cell, company_domain, email_address
from shared.enrichment import at, path_of, respelled
from shared.values import phone

_NORMALISED: Final[Mapping[str, Callable[[object], str | None]]] = {
    "email": email_address,
    "mobile_phone": phone,
    "company_phone": phone,
    "company_domain": company_domain,
}


def fields_set(sets: Mapping[str, list[str]], answer: object) -> dict[str, Any] | None:
    """The item's fields that the answer has a value for, by paths such as `emails.0`; None where it sets none.

    A key may be spelled otherwise: "Work Email" is `work_email`.
    """
    if not sets:
        return None
    found = {name: _first(name, paths, answer) for name, paths in sets.items()}
    return {name: value for name, value in found.items() if value is not None}


def _first(name: str, paths: list[str], answer: object) -> Any:
    for path in paths:
        told = _at(answer, path)
        normalise: Callable[[object], Any] = _NORMALISED.get(name, _plain)
        value = normalise(told)
        if value is not None:
            return value
    return None


def _plain(told: object) -> Any:
    return told if isinstance(told, bool | int | float) else clean_cell(told)


def _at(answer: Any, path: str) -> object:
    for step in path_of(path):
        answer = respelled(answer).get(str(step)) if isinstance(answer, dict) else at(answer, (step,))
    return answer
