"""One answer, read: which tables fit its workflow and its entity, and what they find in it. Never raises.

Whom it is about says which table: of an item that is its company and its person. An address is looked for first
where the workflow is named for it.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from services.projector.extractors import company, contact, person
from shared.enrichment import EMPLOYERS, MAX_LAYERS, objects, respelled
from shared.entities import scope_of
from shared.jobs import Entry
from shared.mapping import Column, column, pick
from shared.values import Span

TABLES: Final = {"company": company.TABLE, "person": person.TABLE, "contact": contact.TABLE}
_LINES: Final = {line.name: line for table in TABLES.values() for line in table}
FEW: Final = 2  # columns that keys in another spelling must give before they are believed
COMPANY_KEYS: Final = ("company_", "organization_")
PERSON_KEYS: Final = ("person_", "first_name", "last_name", "full_name", "job_title")
MOST: Final = 100  # objects of an answer that are looked at for an address


class Reading(NamedTuple):
    """What an answer says: columns, jobs (most recent first), since when the current one, the last funding; the
    `employer` as in `Profile`.
    """

    columns: dict[str, Any]
    jobs: list[Entry]
    current_since: Span | None = None
    funded: Span | None = None
    employer: tuple[str, ...] | None = None


def read(raw: object, workflow: str, entity_id: str, more: tuple[Column, ...] = ()) -> Reading:
    """What `raw` says about a company, a person or (entity_id of an item) both; `more`: a client's own lines."""
    kind = scope_of(entity_id)
    about_address = "email" in workflow
    found = _contact(raw, contact.sought) if about_address else _table(raw, kind)
    if about_address and "person_email" not in found.columns:
        other = _table(raw, kind)
        if other.jobs:  # a person's profile, and not the row sent back
            found = other._replace(columns=found.columns | other.columns)
    elif not found.columns and kind != "company":
        found = found._replace(columns=_contact(raw, contact.beside).columns)
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


def _table(raw: object, kind: str) -> Reading:
    """What the tables find; where they find nothing, in its objects however their keys are spelled."""
    found = _read(raw, kind)
    if not found.columns:
        others = (_read(candidate, kind) for candidate in _respelled(raw))
        found = next((other for other in others if len(other.columns) >= FEW), found)
    return found


def _read(raw: object, kind: str) -> Reading:
    firm = company.answer(raw, sure=kind == "company") if kind != "person" else {}
    told = person.answer(raw, sure=kind == "person") if kind != "company" else {}
    if kind not in ("company", "person"):
        firm, told = firm or _own(told, *COMPANY_KEYS), told or _own(firm, *PERSON_KEYS)
    who = person.profile_of(told)
    columns = company.columns_of(firm) | who.columns | contact.beside(told)
    return Reading(columns, who.jobs, who.current_since, company.last_funding(firm), who.employer)


def _own(found: dict[str, Any], *names: str) -> dict[str, Any]:
    """Of an object about the other kind what is said of this one in so many words."""
    return {key: value for key, value in found.items() if key.startswith(names)}


def _contact(raw: object, said: Callable[[dict[str, Any]], dict[str, Any]]) -> Reading:
    """What the first object with an address says, the outer ones first; without one, what any says."""
    told = [columns for each in islice(_inside(raw, MAX_LAYERS), MOST) if (columns := said(each))]
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
