"""One answer, read: which table fits its workflow and its entity, and what they find in it. Never raises."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from services.projector.extractors import company, contact, person
from services.projector.extractors.mapping import Column, column, pick
from services.projector.extractors.person import Job
from services.projector.extractors.values import Span
from shared.enrichment import enrichments, objects

TABLES: Final = {"company": company.TABLE, "person": person.TABLE, "contact": contact.TABLE}
_LINES: Final = {line.name: line for table in TABLES.values() for line in table}
FEW: Final = 2  # columns that keys in another spelling must give before they are believed


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
        elif told := _flat_and_respelled(raw):
            found = found._replace(columns=_read(told, kind).columns | found.columns)
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
    candidates = (*enrichments(raw), *objects(raw))
    return Reading(next(filter(None, (pick(contact.TABLE, each) for each in candidates)), {}), [])


def _flat_and_respelled(raw: object) -> dict[str, Any] | None:
    """An enrichment that stands outermost with some keys in another spelling, as `_respelled` spells them."""
    if not isinstance(raw, dict) or all(_snake(key) == key for key in raw):
        return None
    flat = enrichments(raw)[:1] == [raw]
    return {_snake(key): value for key, value in raw.items()} if flat else None


def _respelled(raw: object) -> Iterator[dict[str, Any]]:
    """The objects of an answer, the outer ones first, with "Company Name" and "companyName" as `company_name`."""
    for outer in objects(raw)[:1]:
        for each in (outer, *(inner for inner in outer.values() if isinstance(inner, dict))):
            yield {_snake(key): value for key, value in each.items()}


@lru_cache(maxsize=4096)
def _snake(key: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key[:60])
    return re.sub(r"[\W_]+", "_", words).strip("_").lower()
