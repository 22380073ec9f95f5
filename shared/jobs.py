"""The jobs that an answer about a person tells of, in whatever shape. Pure; nothing here raises."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from shared.canonical import company_name_key
from shared.dates import Span
from shared.enrichment import objects, respelled
from shared.mapping import column, pick
from shared.values import company_link, domain, flag, span, text

TITLE: Final = column(
    "person_title", text, "title", "job_title", "current_title", "person_title", "professional_title",
    "employment.title",
)  # fmt: skip
JOBS: Final = (
    "experience",
    "current_experience",
    "experiences",
    "work_experience",
    "employment_history",
    "work_history",
    "latest_experience",
)
JOB: Final = (
    column(
        "company_name", text, "company_name", "company", "company.name", "organization_name", "organization.name",
        "organization", "employer",
    ),
    column("title", text, "title", "job_title", "title.name", "position", "position_title", "role"),
    column(
        "company_domain", domain, "company_domain", "company.domain", "company.website", "company_website", "domain",
        "website",
    ),
    column(
        "company_linkedin_url", company_link, "url", "company_linkedin_url", "company.url", "company.linkedin_url",
        "company_linkedin_profile_url", "company_url", "linkedin_url",
    ),
    column("start", span, "start_date", "started_on", "starts_at", "start", "started_at"),
    column("end", span, "end_date", "ended_on", "ends_at", "end", "ended_at"),
    column("is_current", flag, "is_current", "current", "is_current_position"),
)  # fmt: skip
RECENCY: Final = itemgetter(slice(0, 7))
MOST_JOBS: Final = 1_000
Start = date | tuple[str, int, bool] | None  # the month; title, year and whether the month is told; no start is told


class Entry(NamedTuple):
    """A job as it is told: its dates are the first of a month, of a year alone January to December.

    `began` is as precise as the start was told. The first seven sort the most recent last (RECENCY), without any None.
    """

    is_current: bool
    since: date
    until: date
    company_name: str
    title: str
    company_domain: str
    company_linkedin_url: str
    start_date: date | None
    end_date: date | None
    began: Span | None


def entries_of(found: dict[str, Any]) -> list[Entry]:
    """The jobs of an enrichment object in snake case, out of all its lists; see `together`."""
    return together(filter(None, map(_entry, objects(found.get(name)))) for name in JOBS)


def together(lists: Iterable[Iterable[Entry]]) -> list[Entry]:
    """Every job of lists about one person, the surest list first; MOST_JOBS at most.

    The most recent first: current ones, then by start, then by end. Left out is what a surer list says of that employer
    and start, or of that employer, title and year, if one of them tells the year alone; what has no start, if a surer
    list names the employer; and a current one, if a surer list says without a start that it is current or has ended.
    """
    found: dict[Entry, None] = {}
    told: defaultdict[str, set[Start]] = defaultdict(set)
    given = list(filter(None, map(list, lists)))
    for number, entries in enumerate(given, start=1):
        found |= dict.fromkeys(entry for entry in entries if number == 1 or not _is_told(entry, told))
        for entry in entries if number < len(given) else ():  # of the last nobody asks what it has told
            said = _said(entry)
            for name in _employer(entry):
                told[name] |= said
    return sorted(found, key=RECENCY, reverse=True)[:MOST_JOBS]


def standing_for(found: dict[str, Any], entries: list[Entry]) -> Iterator[Entry]:
    """Current jobs, that which a person stands for first: the latest if current, those named on top, then any.

    Named are an employer and a title, as far as they are told. `entries`: of the same object; a job may come twice.
    """
    latest = next(map(_entry, objects(found.get("latest_experience"))), None)
    if latest and latest.is_current:
        yield latest
    org, title = text(found.get("org") or found.get("job_company_name")), pick((TITLE,), found).get(TITLE.name)
    current = [entry for entry in entries if entry.is_current]
    for entry in current:
        if (org or title) and _same(org, entry.company_name) and _same(title, entry.title):
            yield entry
    yield from current


def _entry(told: dict[str, Any]) -> Entry | None:
    """None when it names neither an employer nor a title."""
    said = pick(JOB, respelled(told))
    name, title = said.get("company_name", ""), said.get("title", "")
    host, link = said.get("company_domain", ""), said.get("company_linkedin_url", "")
    if not (name or title or host or link):
        return None
    began, ended = said.get("start"), said.get("end")
    start, end = began and began[0].replace(day=1), ended and ended[1].replace(day=1)
    current = said.get("is_current", start is not None and end is None)
    since, until = start or end or date.min, end or date.max
    return Entry(current, since, until, name, title, host, link, start, end, began)


def _said(entry: Entry) -> set[Start]:
    """What is told of its start; nothing where that could be any."""
    if entry.began is None:
        return {None} if entry.end_date or entry.is_current else set()
    first, last = entry.began
    return {entry.start_date, (entry.title.casefold(), first.year, first.month == last.month)}


def _is_told(entry: Entry, told: Mapping[str, set[Start]]) -> bool:
    """Whether it is one of the jobs whose starts are `told` by employer."""
    starts = [told[name] for name in _employer(entry) if name in told]
    if entry.began is None:
        return bool(starts)
    (first, last), title = entry.began, entry.title.casefold()
    same: set[Start] = {entry.start_date, (title, first.year, False)}
    if first.month != last.month:
        same.add((title, first.year, True))
    if entry.is_current:
        same.add(None)
    return not all(map(same.isdisjoint, starts))


@lru_cache(maxsize=16_384)
def _employer(entry: Entry) -> tuple[str, ...]:
    """What the employer is known by; where none is, the name or title that stands there."""
    known = (entry.company_domain, entry.company_linkedin_url, company_name_key(entry.company_name))
    return tuple(filter(None, known)) or ((entry.company_name or entry.title).casefold(),)


def _same(told: str | None, name: str) -> bool:
    return told is None or told.casefold() == name.casefold()
