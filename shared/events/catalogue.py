"""The catalogue: what stands in it for each payload class, and the words that payloads share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args

Fields = dict[str, Any]
Kind = Literal["SYNC", "ASYNC"]
Scope = Literal["item", "company", "person"]
FailureCode = Literal["RATE_LIMIT", "API_ERROR", "VALIDATION", "AUTH", "TIMEOUT", "INTERNAL", "CONFIGURATION"]
SkipReason = Literal[
    "company_enrichment_in_progress",
    "company_already_enriched",
    "company_not_found",
    "person_enrichment_in_progress",
    "person_already_enriched",
    "person_not_found",
    "fields_already_there",
    "no_company_named",
    "by_hand",
]


@dataclass(frozen=True, slots=True)
class EventType:
    """How one payload class stands in the log: its wire name and version, and the services that may write it."""

    name: str
    version: int
    writers: tuple[str, ...]
    payload: type


CATALOGUE: Final[dict[str, EventType]] = {}
_BY_CLASS: Final[dict[type, EventType]] = {}
_P = TypeVar("_P")


def event(name: str, version: int, *writers: str) -> Callable[[type[_P]], type[_P]]:
    """Class decorator: enters a payload class into the catalogue under its wire name."""

    def register(payload: type[_P]) -> type[_P]:
        entry = EventType(name, version, writers, payload)
        CATALOGUE[name] = entry
        _BY_CLASS[payload] = entry
        return payload

    return register


def event_type(payload: type) -> EventType:
    """The catalogue entry of a payload class. Raises KeyError for a class that is no event."""
    return _BY_CLASS[payload]


def wire_names(payloads: object) -> tuple[str, ...]:
    """The wire names of the payload classes of a union, in its order."""
    return tuple(event_type(payload).name for payload in get_args(payloads))
