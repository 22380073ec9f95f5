"""Sets how a person can be reached, out of what was answered about them, where the row does not say it.

An answer about a person as a rule has no e-mail address: one about an e-mail does, whose step stands before this one.
A company's answer is not looked at: its address is nobody's, and would make one person of all who work there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from shared.canonical import email_address, linkedin_page, linkedin_person
from shared.enrichment import COMPANY_FIELDS, kind_of, respelled
from shared.values import phone

_PATHS: Final[Mapping[str, tuple[Callable[[object], str | None], tuple[str, ...]]]] = {
    "email": (
        email_address,
        ("email", "work_email", "person_email", "email_address", "business_email", "personal_email", "emails"),
    ),
    "mobile_phone": (
        phone,
        ("mobile_phone", "phone", "phone_number", "mobile_phone_number", "phone_numbers"),
    ),
    "person_linkedin_url": (lambda value: linkedin_page(linkedin_person(value)), ("linkedin_url", "url")),
}
_NAMES: Final = frozenset({"first_name", "last_name", "full_name"})
_NAMED: Final = ("email", "value", "number", "phone")  # in an entry such as {"type": "work", "email": "ann@acme.com"}
_FEW: Final = 2  # fields of a company: an answer about a number may have a `type` too


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`email`, `mobile_phone` and `person_linkedin_url`: the row's own where it has one, else the first answer's."""
    answers = _of_people(fields)
    found = {name: normalise(fields.get(name)) or _first(name, answers) for name, (normalise, _) in _PATHS.items()}
    return {name: value for name, value in found.items() if value}


def _of_people(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    answers, about = (_mapping(fields.get(name)) for name in ("answers", "answers_about"))
    told = (
        (about.get(workflow), respelled(answer)) for workflow, answer in answers.items() if isinstance(answer, dict)
    )
    return [answer for scope, answer in told if scope == "person" or (scope != "company" and not _is_a_company(answer))]


def _mapping(told: object) -> Mapping[str, Any]:
    return told if isinstance(told, Mapping) else {}


def _is_a_company(answer: dict[str, Any]) -> bool:
    """What was asked about an item may be either: an answer with fields that only a company's has, and no person's."""
    company = kind_of(answer) == "company" and _NAMES.isdisjoint(answer)
    return company and len(COMPANY_FIELDS & answer.keys()) >= _FEW


def _first(name: str, answers: list[dict[str, Any]]) -> str | None:
    normalise, keys = _PATHS[name]
    told = (value for answer in answers for key in keys for value in _values(answer.get(key)))
    return next((value for value in map(normalise, told) if value), None)


def _values(told: object, layers: int = 2) -> Iterator[object]:
    """What is told, one by one: the entries of a list; of an object what it calls the address or number.

    Of one that has no such, as {"work": ..., "mobile": ...}, all but its numbers, which are ids and scores.
    """
    if isinstance(told, Mapping):
        named = [told[key] for key in _NAMED if key in told]
        told = named or [value for value in told.values() if isinstance(value, str | Mapping)]
    if not isinstance(told, list):
        yield told
    elif layers:
        for each in told:
            yield from _values(each, layers - 1)
