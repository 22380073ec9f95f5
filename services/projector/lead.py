"""A lead out of what was uploaded for it and what was answered about it.

Pure: the same fields, answers, reference date and customers give the same lead, so that a replay gives what
stood there before. An answer wins over the upload, a newer answer over an older one; an older one, of another
workflow, fills what the newer leaves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from services.projector.contradictions import contradictions, employer_of
from services.projector.customers import Customers
from services.projector.extractors.bands import funding_range, revenue_range, size_bucket
from services.projector.extractors.company import FUNDED, website
from services.projector.extractors.countries import country
from services.projector.extractors.person import SINCE, company_keys, employer_keys
from services.projector.extractors.reading import TABLES, Reading
from services.projector.flags import FLAGS, WORKED_AT_CUSTOMER, Derived, Source, of_dates, worked_at
from shared.jobs import JOB, Entry, together
from shared.mapping import column, fingerprint, pick
from shared.values import (
    address,
    company_link,
    count,
    domain,
    listed,
    month,
    person_link,
    phone,
    span,
    text,
    texts,
    year,
)

REVISION: Final = 9  # to be raised when a normaliser or a rule gives another value for the same answer
UPLOAD: Final = "upload"
DERIVED: Final = "derived"
CUSTOMER: Final = "customer"
START: Final = "person_current_job_start_date"
STARTED: Final = "job_started_on"  # of an upload's row, as the next
FUNDED_ON: Final = "company_last_funding_date"
UPLOADED: Final = (
    column("person_first_name", text, "first_name"),
    column("person_last_name", text, "last_name"),
    column("person_full_name", text, "full_name"),
    column("person_email", address, "email"),
    column("person_email_status", text, "email_status"),
    column("person_phone", phone, "mobile_phone"),
    column("person_linkedin_url", person_link, "person_linkedin_url"),
    column("person_title", text, "title"),
    column("person_headline", text, "headline"),
    column("person_location", text, "person_location"),
    column("person_summary", text, "summary"),
    column(START, month, STARTED),
    column("company_name", text, "company_name_normalized", "company_name"),
    column("company_domain", domain, "company_domain", "company_website"),
    column("company_linkedin_url", company_link, "company_linkedin_url"),
    column("company_website", website, "company_website"),
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
    column("company_funding_range", funding_range, "company_total_funding"),
    column("company_phone", phone, "company_phone"),
    column("company_technologies", texts, "company_technologies"),
)
BELONGING: Final = tuple(line for line in UPLOADED if line.name in ("person_email", "company_city", "company_country"))
COLUMNS: Final = (
    *dict.fromkeys(
        line.name for table in (TABLES["person"], UPLOADED, TABLES["contact"], TABLES["company"]) for line in table
    ),
    *FLAGS,
)
VERSION: Final = f"{REVISION}-{fingerprint((*TABLES.values(), UPLOADED, JOB, SINCE, FUNDED))}"
_FIRM: Final = ("company_domain", "company_linkedin_url", "company_name")
_WHO: Final = ("person_first_name", "person_last_name", "person_full_name", "person_email", "person_linkedin_url")
Cite = Callable[[str], Source]
_UNKNOWN: Final[dict[str, Any]] = dict.fromkeys(COLUMNS)


class Answered(NamedTuple):
    """An answer and what to call it in the provenance of what it says."""

    label: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Lead:
    """`columns` has every name in COLUMNS, None if unknown; `provenance` has the source of each known one.

    A source is UPLOAD, DERIVED, CUSTOMER or the label of an answer; `via`: the field that an uploaded column was taken
    from. `customer`: what tells that an employer is one, where the source of `is_worked_at_customer` is CUSTOMER.
    `follows`: the sources that each column follows from whose source is DERIVED or CUSTOMER.
    """

    columns: dict[str, Any]
    provenance: dict[str, str]
    jobs: list[Entry] = field(default_factory=list)
    via: dict[str, str] = field(default_factory=dict)
    contradictions: list[dict[str, Any]] = field(default_factory=list)
    customer: str | None = None
    follows: dict[str, list[Source]] = field(default_factory=dict)


def project(
    item_fields: Mapping[str, Any],
    answers: Sequence[Answered] = (),
    *,
    reference_date: date,
    customers: Customers | None = None,
    uploaded: Mapping[str, Any] | None = None,
) -> Lead:
    """The lead of one item. `answers`: the newest first. `customers`: the client's own.

    `uploaded`: the row's own fields, where workflows have set others since; answers are held against these.
    """
    columns: dict[str, Any] = _UNKNOWN.copy()
    provenance: dict[str, str] = {}
    via: dict[str, str] = {}
    follows: dict[str, list[Source]] = {}

    def fill(values: Mapping[str, Any], source: str) -> None:
        columns.update(values)
        provenance.update(dict.fromkeys(values, source))

    def derive(derived: Mapping[str, Derived], source: str = DERIVED) -> None:
        for name, (value, sources) in derived.items():
            if value is not None:
                columns[name], provenance[name], follows[name] = value, source, list(dict.fromkeys(sources))

    told, starting = _of_one_employer(item_fields, answers, item_fields if uploaded is None else uploaded)
    for label, reading in told:
        fill(_added(reading.columns, columns, provenance), label)
    jobs = together(reading.jobs for _, reading in answers)
    fill(_uploaded(starting, columns, provenance, via), UPLOAD)

    def cite(name: str) -> Source:
        return provenance[name], via.get(name, "")

    derive(_derived(item_fields, columns, cite))
    derive(of_dates(_dated(told, starting), reference_date))
    customer = None
    if customers:
        worked, customer = worked_at(customers, _employers(columns, cite, jobs, answers))
        derive({WORKED_AT_CUSTOMER: worked}, CUSTOMER if customer else DERIVED)
    against = contradictions(item_fields if uploaded is None else uploaded, columns, provenance, told)
    return Lead(columns, provenance, jobs, via, against, customer, follows)


def _of_one_employer(
    item: Mapping[str, Any], answers: Sequence[Answered], uploaded: Mapping[str, Any]
) -> tuple[Sequence[Answered], Mapping[str, Any]]:
    """Both without the starts of other jobs than the one that the person stands for: a start goes with its employer."""
    employer = next((reading.employer for _, reading in answers if reading.employer is not None), None)
    if employer is None:
        return answers, item
    told = [
        Answered(label, _without_start(reading) if _is_another(reading.employer, employer) else reading)
        for label, reading in answers
    ]
    if STARTED in item and _is_another(_started_at(item, uploaded), employer):
        item = {name: value for name, value in item.items() if name != STARTED}
    return told, item


def _started_at(item: Mapping[str, Any], uploaded: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What the employer of a row's start is known by: the row's, or the one that a workflow has set with that start."""
    if span(item[STARTED]) == span(uploaded.get(STARTED)):
        return employer_of(uploaded) or None
    parts = ("name", "domain", "linkedin_url")
    return employer_of({f"company_{part}": item.get(f"current_employer_{part}") for part in parts}) or None


def _is_another(told: tuple[str, ...] | None, employer: tuple[str, ...]) -> bool:
    """Whether a source is about another employer than the lead's, or the person has none any more."""
    return not employer or (told is not None and set(employer).isdisjoint(told))


def _without_start(reading: Reading) -> Reading:
    columns = {name: value for name, value in reading.columns.items() if name != START}
    return reading._replace(columns=columns, current_since=None)


def _added(said: Mapping[str, Any], columns: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """What an older answer adds to the newer ones."""
    return _apart({name: value for name, value in said.items() if name not in known}, said, columns)


def _apart(added: dict[str, Any], said: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """What a source adds, without what belongs to something else in it (`said`) than the lead has.

    No Austin in Ohio or in Germany: a state goes with its city, both go with their country. A status goes with its
    address.
    """
    left_out = set()
    if _differ(columns["company_country"], said.get("company_country")):
        left_out |= {"company_city", "company_state"}
    if _differ(columns["company_city"], said.get("company_city")):
        left_out.add("company_state")
    if "person_email_status" in added:
        email = said.get("person_email")
        if email is None or _differ(columns["person_email"], email):
            left_out.add("person_email_status")
    return {name: value for name, value in added.items() if name not in left_out} if left_out else added


def _differ(known: str | None, told: str | None) -> bool:
    return bool(known and told) and str(known).casefold() != str(told).casefold()


def _uploaded(
    item: Mapping[str, Any], columns: Mapping[str, Any], known: Mapping[str, str], via: dict[str, str]
) -> dict[str, Any]:
    """What the upload adds."""
    added = _apart(pick(UPLOADED, item, known, via), pick(BELONGING, item), columns)
    if "person_location" not in known and "person_location" not in added:
        parts = (text(item.get(f"person_{part}")) for part in ("city", "state", "country"))
        if place := ", ".join(part for part in parts if part):
            added["person_location"], via["person_location"] = place, "person_city"
    return added


def _derived(item: Mapping[str, Any], columns: dict[str, Any], cite: Cite) -> dict[str, Derived]:
    """What follows from other columns where nobody said it. `cite`: who says a column that is known."""
    derived: dict[str, Derived] = {}
    if columns["person_full_name"] is None:
        names = [name for name in ("person_first_name", "person_last_name") if columns[name]]
        whole = " ".join(columns[name] for name in names) or None
        derived["person_full_name"] = Derived(whole, [cite(name) for name in names])
    if columns["company_size_bucket"] is None:
        heads = columns["company_employee_count"]
        who = cite("company_employee_count") if heads else (UPLOAD, "company_employee_count")
        derived["company_size_bucket"] = Derived(size_bucket(heads or item.get("company_employee_count")), [who])
    return derived


def _dated(answers: Sequence[Answered], item: Mapping[str, Any]) -> list[tuple[Source, Reading]]:
    """Who tells dates: the answers, and the row as they do."""
    since, funded = span(item.get(STARTED)), span(item.get(FUNDED_ON))
    return [
        *(((label, ""), reading) for label, reading in answers),
        ((UPLOAD, STARTED), Reading({}, [], current_since=since)),
        ((UPLOAD, FUNDED_ON), Reading({}, [], funded=funded)),
    ]


def _employers(
    columns: Mapping[str, Any], cite: Cite, jobs: Sequence[Entry], answers: Sequence[Answered]
) -> Iterator[tuple[tuple[str, ...], list[Source]]]:
    """What each past and present employer is known by, and who tells of it. Nobody works at a company on its own."""
    if not jobs and not any(columns[name] for name in _WHO):
        return
    host, link, name = (columns[column] for column in _FIRM)
    yield company_keys(host, link, name), [cite(column) for column in _FIRM if columns[column] is not None]
    told_by = {job: label for label, reading in reversed(answers) for job in reading.jobs}
    for job in jobs:
        yield employer_keys(job), [(told_by[job], "")]
