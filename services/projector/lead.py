"""A lead out of what was uploaded for it and what was answered about it.

Pure: the same fields, answers, reference date and customers give the same lead, so that a replay gives what
stood there before. An answer wins over the upload, except for the e-mail address, which only the upload has.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, Literal

from services.projector.extractors import company, person
from services.projector.extractors.bands import revenue_range, size_bucket
from services.projector.extractors.countries import country
from services.projector.extractors.mapping import column, pick
from services.projector.extractors.person import Job, Profile, company_keys, employer_keys
from services.projector.extractors.values import (
    Span,
    company_link,
    count,
    domain,
    listed,
    month,
    person_link,
    span,
    text,
    texts,
    year,
)

Source = Literal["upload", "person_answer", "company_answer", "derived"]

NEW_IN_ROLE_MONTHS: Final = 6
RECENTLY_FUNDED_MONTHS: Final = 12
UPLOADED: Final = (
    column("person_first_name", text, "first_name"),
    column("person_last_name", text, "last_name"),
    column("person_full_name", text, "full_name"),
    column("person_email", text, "email"),
    column("person_linkedin_url", person_link, "person_linkedin_url"),
    column("person_title", text, "title"),
    column("person_headline", text, "headline"),
    column("person_location", text, "person_location"),
    column("person_summary", text, "summary"),
    column("person_current_job_start_date", month, "job_started_on"),
    column("company_name", text, "company_name_normalized", "company_name"),
    column("company_domain", domain, "company_domain", "company_website"),
    column("company_linkedin_url", company_link, "company_linkedin_url"),
    column("company_website", text, "company_website"),
    column("company_logo_url", text, "company_logo_url"),
    column("company_description", text, "company_description"),
    column("company_industry", text, "company_industry"),
    column("company_industries", listed, "company_industry"),
    column("company_employee_count", count, "company_employee_count"),
    column("company_city", text, "company_city"),
    column("company_state", text, "company_state"),
    column("company_country", country, "company_country"),
    column("company_revenue_range", revenue_range, "company_annual_revenue"),
    column("company_founded_year", year, "company_founded_year"),
    column("company_technologies", texts, "company_technologies"),
)
FLAGS: Final = ("is_new_in_role", "is_recently_funded", "is_worked_at_customer")
COLUMNS: Final = (
    *dict.fromkeys(line.name for table in (person.TABLE, UPLOADED, company.TABLE) for line in table),
    *FLAGS,
)
_UNKNOWN: Final[dict[str, Any]] = dict.fromkeys(COLUMNS)


@dataclass(frozen=True, slots=True)
class Lead:
    """`columns` has every name in COLUMNS, None if unknown; `provenance` has the source of each known one."""

    columns: dict[str, Any]
    provenance: dict[str, Source]
    jobs: list[Job]


def project(
    item_fields: Mapping[str, Any],
    person_raw: object | None,
    company_raw: object | None,
    *,
    reference_date: date,
    customers: frozenset[str] = frozenset(),
) -> Lead:
    """The lead of one item. `customers` are keys of the client's customers, as `company_keys` makes them."""
    profile = person.profile(person_raw)
    firm = company.answer(company_raw)
    columns: dict[str, Any] = _UNKNOWN.copy()
    provenance: dict[str, Source] = {}

    def fill(values: Mapping[str, Any], source: Source) -> None:
        columns.update(values)
        provenance.update(dict.fromkeys(values, source))

    fill(profile.columns, "person_answer")
    fill(company.columns_of(firm), "company_answer")
    fill(_uploaded(item_fields, columns, provenance), "upload")
    fill(_derived(item_fields, columns), "derived")
    fill(_flags(item_fields, profile, company.last_funding(firm), reference_date), "derived")
    if customers and (worked := _worked_at(customers, columns, profile.jobs)) is not None:
        fill({"is_worked_at_customer": worked}, "derived")
    return Lead(columns, provenance, profile.jobs)


def _uploaded(item: Mapping[str, Any], columns: dict[str, Any], known: Mapping[str, Source]) -> dict[str, Any]:
    """What the upload adds. Its state is left out when an answer has another city: no Austin in Ohio."""
    added = pick(UPLOADED, item, known)
    city = text(item.get("company_city"))
    if "company_state" in added and city and str(columns["company_city"] or city).lower() != city.lower():
        del added["company_state"]
    if "person_location" not in known and "person_location" not in added:
        parts = (text(item.get(f"person_{part}")) for part in ("city", "state", "country"))
        if place := ", ".join(part for part in parts if part):
            added["person_location"] = place
    return added


def _derived(item: Mapping[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """What follows from other columns where nobody said it."""
    derived: dict[str, Any] = {}
    if columns["person_full_name"] is None:
        names = (columns["person_first_name"], columns["person_last_name"])
        derived["person_full_name"] = " ".join(name for name in names if name) or None
    if columns["company_size_bucket"] is None:
        heads = columns["company_employee_count"]
        derived["company_size_bucket"] = size_bucket(heads or item.get("company_employee_count"))
    return {name: value for name, value in derived.items() if value is not None}


def _flags(item: Mapping[str, Any], profile: Profile, funded: Span | None, today: date) -> dict[str, bool]:
    """What can be said as of `today` from dates; a flag whose date is unknown or too vague is left out."""
    began = profile.current_since or span(item.get("job_started_on"))
    raised = [told for told in (funded, span(item.get("company_last_funding_date"))) if told]
    role_since, funding_since = _windows(today)
    found = {
        "is_new_in_role": _within(began and (began[0].replace(day=1), began[1]), role_since, today),
        "is_recently_funded": _within(max(raised, default=None), funding_since, today),
    }
    return {name: value for name, value in found.items() if value is not None}


def _within(when: Span | None, since: date, until: date) -> bool | None:
    """Whether it happened from `since` to `until`, both included; None when it is told too vaguely to say."""
    if when is None:
        return None
    first, last = when[0], min(when[1], until)
    if first > until or last < since:
        return False
    return True if first >= since else None


@lru_cache(maxsize=64)
def _windows(today: date) -> tuple[date, date]:
    """Since when a role is new (jobs are told to the month), and since when a funding is recent."""
    role_since = _months_before(today, NEW_IN_ROLE_MONTHS).replace(day=1)
    return role_since, _months_before(today, RECENTLY_FUNDED_MONTHS)


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month; never before the year 1."""
    year_, month_ = divmod(max(day.year * 12 + day.month - 1 - months, 12), 12)
    return date(year_, month_ + 1, min(day.day, calendar.monthrange(year_, month_ + 1)[1]))


def _worked_at(customers: frozenset[str], columns: dict[str, Any], jobs: list[Job]) -> bool | None:
    """Whether a past or present employer is a customer; None when no employer is known."""
    firm = company_keys(columns["company_domain"], columns["company_linkedin_url"], columns["company_name"])
    employers = [keys for keys in (firm, *map(employer_keys, jobs)) if keys]
    return any(not customers.isdisjoint(keys) for keys in employers) if employers else None
