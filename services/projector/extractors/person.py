"""A person's answer as columns of a lead, and the jobs it tells of."""

import hashlib
from functools import lru_cache
from typing import Any, Final, NamedTuple

from services.projector.extractors.countries import country
from shared.canonical import company_name_key
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS
from shared.jobs import TITLE, Entry, entries_of, standing_for
from shared.mapping import answer_of, column, pick
from shared.values import (
    Span,
    company_link,
    domain,
    person_link,
    span,
    text,
)

TABLE: Final = (
    column("person_first_name", text, "first_name", "person_first_name", "name.given_name", "name.givenName"),
    column("person_last_name", text, "last_name", "person_last_name", "name.family_name", "name.familyName"),
    column("person_full_name", text, "name", "full_name", "person_full_name", "person_name", "name.fullName"),
    column(
        "person_linkedin_url", person_link, "url", "linkedin_url", "linkedin_profile_url", "profile_url",
        "person_linkedin_url", "linkedin", "linkedin_profile", "socials.LINKEDIN.url",
    ),
    TITLE,
    column("person_headline", text, "headline", "person_headline", "linkedin_headline"),
    column("person_location", text, "location_name", "location", "location.name", "person_location"),
    column("person_summary", text, "summary", "person_summary", "bio", "about"),
)  # fmt: skip
SINCE: Final = (column("", span, "job_start_date", "current_job_start_date", "person_current_job_start_date"),)
LONGEST_KEY: Final = 1_000  # bytes; two of them fit into an entry of an index of PostgreSQL


class Profile(NamedTuple):
    """Everything one answer says: columns, jobs, and when the job the person stands for began.

    `employer`: what the employer of that job is known by, () where all jobs have ended, None where nothing is said.
    """

    columns: dict[str, Any]
    jobs: list[Entry]
    current_since: Span | None
    employer: tuple[str, ...] | None


NOBODY: Final = Profile({}, [], None, None)


def answer(raw: object, *, sure: bool = False) -> dict[str, Any]:
    """The person enrichment object in `raw`; {} when there is none. See `answer_of`."""
    return answer_of(raw, PERSON_FIELDS, COMPANY_FIELDS, sure=sure)


def profile_of(found: dict[str, Any]) -> Profile:
    """The `person_*` columns that an enrichment object has a value for, its jobs, and the start of the current one.

    Jobs are the most recent first: current ones, then by start, then by end; MOST_JOBS at most.
    """
    if not found:
        return NOBODY
    columns, entries = pick(TABLE, found), entries_of(found)
    if "person_location" not in columns and (place := _place(found)):
        columns["person_location"] = place
    headline = next(standing_for(found, entries), None)
    if headline and headline.title:
        columns.setdefault("person_title", headline.title)
    since = (headline and headline.began) or pick(SINCE, found).get("")
    if since:
        columns["person_current_job_start_date"] = since[0].replace(day=1)
    return Profile(columns, entries, since, _employer(found, entries, headline, since))


def employer_keys(job: Entry) -> tuple[str, ...]:
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


def _employer(
    found: dict[str, Any], jobs: list[Entry], headline: Entry | None, since: Span | None
) -> tuple[str, ...] | None:
    """See `Profile`. A job has ended where it has a date and is not current."""
    name = headline.company_name if headline else text(found.get("org") or found.get("job_company_name"))
    keys = employer_keys(headline) if headline else company_keys(None, None, name)
    if not (headline or since) and jobs and all(job.start_date or job.end_date for job in jobs):
        left = {key for job in jobs for key in employer_keys(job)}
        if left.issuperset(keys):
            return ()
    return keys or ((name,) if name else None)


def _place(found: dict[str, Any]) -> str | None:
    """City, state and country where they are told one by one; not a country alone."""
    told = found["location"] if isinstance(found.get("location"), dict) else found
    city, state, land = text(told.get("city")), text(told.get("state")), country(told.get("country"))
    return ", ".join(filter(None, (city, state, land))) if city else None
