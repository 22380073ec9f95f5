"""A person's answer as columns of a lead, and the jobs it tells of."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from services.projector.extractors.countries import country
from services.projector.extractors.mapping import answer_of, column, pick
from services.projector.extractors.values import (
    Span,
    company_link,
    domain,
    flag,
    person_link,
    span,
    text,
)
from shared.canonical import company_name_key
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, objects, respelled

TABLE: Final = (
    column("person_first_name", text, "first_name", "person_first_name", "name.given_name", "name.givenName"),
    column("person_last_name", text, "last_name", "person_last_name", "name.family_name", "name.familyName"),
    column("person_full_name", text, "name", "full_name", "person_full_name", "person_name", "name.fullName"),
    column(
        "person_linkedin_url", person_link, "url", "linkedin_url", "linkedin_profile_url", "profile_url",
        "person_linkedin_url", "linkedin", "linkedin_profile", "socials.LINKEDIN.url",
    ),
    column(
        "person_title", text, "title", "job_title", "current_title", "person_title", "professional_title",
        "employment.title",
    ),
    column("person_headline", text, "headline", "person_headline", "linkedin_headline"),
    column("person_location", text, "location_name", "location", "location.name", "person_location"),
    column("person_summary", text, "summary", "person_summary", "bio", "about"),
)  # fmt: skip
SINCE: Final = (column("", span, "job_start_date", "current_job_start_date", "person_current_job_start_date"),)
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
_RECENCY: Final = itemgetter(slice(0, 7))
MOST_JOBS: Final = 1_000
LONGEST_KEY: Final = 1_000  # bytes; two of them fit into an entry of an index of PostgreSQL


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Dates are the first of a month; `ordinal` 0 is the most recent of the person's jobs."""

    company_name: str | None
    company_domain: str | None
    company_linkedin_url: str | None
    title: str | None
    start_date: date | None
    end_date: date | None
    is_current: bool
    ordinal: int


class Profile(NamedTuple):
    """Everything one answer says: columns, jobs, and when the job the person stands for began."""

    columns: dict[str, Any]
    jobs: list[Job]
    current_since: Span | None


NOBODY: Final = Profile({}, [], None)


class _Entry(NamedTuple):
    """A job as it is told. The first seven sort the most recent last; they have no None."""

    is_current: bool
    since: date
    until: date
    company_name: str
    title: str
    company_domain: str
    company_linkedin_url: str
    start: date | None
    end: date | None
    began: Span | None


def answer(raw: object, *, sure: bool = False) -> dict[str, Any]:
    """The person enrichment object in `raw`; {} when there is none. See `answer_of`."""
    return answer_of(raw, PERSON_FIELDS, COMPANY_FIELDS, sure=sure)


def profile_of(found: dict[str, Any]) -> Profile:
    """The `person_*` columns that an enrichment object has a value for, its jobs, and the start of the current one.

    Jobs are the most recent first: current ones, then by start, then by end; MOST_JOBS at most.
    """
    if not found:
        return NOBODY
    columns, entries = pick(TABLE, found), _entries(found)
    if "person_location" not in columns and (place := _place(found)):
        columns["person_location"] = place
    headline = _headline(found, entries, columns.get("person_title"))
    if headline and headline.title:
        columns.setdefault("person_title", headline.title)
    since = (headline and headline.began) or pick(SINCE, found).get("")
    if since:
        columns["person_current_job_start_date"] = since[0].replace(day=1)
    jobs = [_job(entry, ordinal) for ordinal, entry in enumerate(entries)]
    return Profile(columns, jobs, since)


def employer_keys(job: Job) -> tuple[str, ...]:
    """What the employer is known by; see `company_keys`."""
    return company_keys(job.company_domain, job.company_linkedin_url, job.company_name)


@lru_cache(maxsize=65_536)
def company_keys(host: str | None, linkedin_url: str | None, name: str | None) -> tuple[str, ...]:
    """What a company is known by, the surest first: registrable domain, LinkedIn page, normalised name.

    Two companies may share a name: a set of keys to look in is as strict as the keys that were put in.
    """
    link = company_link(linkedin_url)
    keys = (domain(host), link and _short(link.removeprefix("https://www.")), name_key(name))
    return tuple(filter(None, keys))


def name_key(name: str | None) -> str | None:
    """A company's normalised name, as a key."""
    key = company_name_key(name)
    return key and _short(key)


def _short(key: str) -> str:
    """A key that an index takes: of a long one its beginning and a digest of it."""
    told = key.encode()
    if len(told) <= LONGEST_KEY:
        return key
    return f"{told[: LONGEST_KEY - 33].decode(errors='ignore')} {hashlib.sha256(told).hexdigest()[:32]}"


def _headline(found: dict[str, Any], entries: list[_Entry], title: str | None) -> _Entry | None:
    """The job a person stands for: the latest if current, else the current one named on top, else any.

    Named are an employer and a title, as far as they are told.
    """
    latest = next(map(_entry, objects(found.get("latest_experience"))), None)
    if latest and latest.is_current:
        return latest
    current = [entry for entry in entries if entry.is_current]
    org = text(found.get("org") or found.get("job_company_name"))
    named = (
        entry for entry in current
        if (org or title) and _same(org, entry.company_name) and _same(title, entry.title)
    )  # fmt: skip
    return next(named, current[0] if current else None)


def _place(found: dict[str, Any]) -> str | None:
    """City, state and country where they are told one by one; not a country alone."""
    told = found["location"] if isinstance(found.get("location"), dict) else found
    city, state, land = text(told.get("city")), text(told.get("state")), country(told.get("country"))
    return ", ".join(filter(None, (city, state, land))) if city else None


def _same(told: str | None, name: str) -> bool:
    return told is None or told.casefold() == name.casefold()


def _entries(found: dict[str, Any]) -> list[_Entry]:
    for name in JOBS:
        told = found.get(name)
        if told and (entries := [e for item in objects(told) if (e := _entry(item))]):
            entries.sort(key=_RECENCY, reverse=True)
            return [entry for n, entry in enumerate(entries) if n == 0 or entry != entries[n - 1]][:MOST_JOBS]
    return []


def _entry(told: dict[str, Any]) -> _Entry | None:
    """None when it names neither an employer nor a title."""
    said = pick(JOB, respelled(told))
    name, title = said.get("company_name", ""), said.get("title", "")
    host, link = said.get("company_domain", ""), said.get("company_linkedin_url", "")
    if not (name or title or host or link):
        return None
    began, ended = said.get("start"), said.get("end")
    start, end = began and began[0].replace(day=1), ended and ended[0].replace(day=1)
    current = said.get("is_current", start is not None and end is None)
    since, until = start or end or date.min, end or date.max
    return _Entry(current, since, until, name, title, host, link, start, end, began)


def _job(entry: _Entry, ordinal: int) -> Job:
    current, _, _, name, title, host, link, start, end, _ = entry
    return Job(name or None, host or None, link or None, title or None, start, end, current, ordinal)
