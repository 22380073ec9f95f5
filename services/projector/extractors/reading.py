"""One answer, read: which table fits its workflow and its entity, and what they find in it. Never raises."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from services.projector.extractors import company, contact, person
from services.projector.extractors.mapping import Column, column, pick
from services.projector.extractors.person import Job
from services.projector.extractors.values import Span
from shared.enrichment import EMPLOYERS, MAX_LAYERS, objects, respelled

TABLES: Final = {"company": company.TABLE, "person": person.TABLE, "contact": contact.TABLE}
_LINES: Final = {line.name: line for table in TABLES.values() for line in table}
FEW: Final = 2  # columns that keys in another spelling must give before they are believed
MOST: Final = 100  # objects of an answer that are looked at for an address


class Reading(NamedTuple):
    """What an answer says: columns, jobs (most recent first), since when the current one, the last funding."""

    columns: dict[str, Any]
    jobs: list[Job]
    current_since: Span | None = None
    funded: Span | None = None


def read(raw: object, workflow: str, entity_id: str, more: tuple[Column, ...] = ()) -> Reading:
    """What `raw` says about a company, a person or (entity_id of an item) both; `more`: a client's own lines."""
    if "email" in workflow:
        found = _contact(raw)
    else:
        kind = entity_id.partition("_")[0]
        found = _read(raw, kind)
        if not found.columns:
            others = (_read(candidate, kind) for candidate in _respelled(raw))
            found = next((other for other in others if len(other.columns) >= FEW), found)
    if more:
        wanted = (pick(more, each) for each in objects(raw))
        found = found._replace(columns=next(filter(None, wanted), {}) | found.columns)
    return found


def own_lines(told: Mapping[str, Any]) -> tuple[Column, ...]:
    """A client's `answer_mapping`, column to path or paths, as lines; what names no column of answers is left out."""
    lines = []
    for name, paths in told.items():
        paths = [paths] if isinstance(paths, str) else paths
        if name in _LINES and isinstance(paths, list) and all(isinstance(path, str) for path in paths):
            lines.append(column(name, _LINES[name].normalise, *paths))
    return tuple(lines)


def _read(raw: object, kind: str) -> Reading:
    firm = company.answer(raw) if kind != "person" else {}
    who = person.profile(raw) if kind != "company" else person.NOBODY
    return Reading(company.columns_of(firm) | who.columns, who.jobs, who.current_since, company.last_funding(firm))


def _contact(raw: object) -> Reading:
    """What the first object with an address says, the outer ones first; without one, what any says."""
    told = [columns for each in islice(_inside(raw, MAX_LAYERS), MOST) if (columns := pick(contact.TABLE, each))]
    with_address = (columns for columns in told if "person_email" in columns)
    return Reading(next(with_address, told[0] if told else {}), [])


def _inside(raw: object, layers: int) -> Iterator[dict[str, Any]]:
    """The objects of an answer in snake case, those of an employer left out: its address is not the person's."""
    level = objects(raw)
    for _ in range(layers):
        level = [respelled(each) for each in level]
        yield from level
        level = [
            inner for each in level for key, value in each.items() if key not in EMPLOYERS for inner in objects(value)
        ]


def _respelled(raw: object) -> Iterator[dict[str, Any]]:
    """The objects of an answer, the outer ones first, in snake case."""
    for outer in objects(raw)[:1]:
        yield from map(respelled, (outer, *(inner for inner in outer.values() if isinstance(inner, dict))))
