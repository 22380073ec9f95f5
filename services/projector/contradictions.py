"""Where what is known of a lead cannot all be true. Both sides are kept: the lead shows one, this names the other.

Pure. A contradiction is a JSON object: `kind`, the `columns` it is about, and `values`, what each source says.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

from services.projector.extractors.bands import size_bucket
from services.projector.extractors.person import company_keys, employer_keys
from services.projector.extractors.reading import Reading
from shared.jobs import Entry
from shared.mapping import column, pick
from shared.values import address, domain, is_by_id, person_link

Contradiction = dict[str, Any]
# What is told in many words, or in lists, differs without contradicting.
WORDS: Final = frozenset(
    {"person_headline", "person_summary", "company_description", "company_logo_url", "company_website"}
    | {"company_technologies", "company_industries", "company_subindustries", "person_location"}
)
DOMAIN: Final = column("company_domain", domain, "company_domain", "company_website")
IDENTITY: Final = (
    column("person_email", address, "email"),
    column("person_linkedin_url", person_link, "person_linkedin_url"),
    DOMAIN,
)


def contradictions(
    item: Mapping[str, Any],
    columns: Mapping[str, Any],
    provenance: Mapping[str, str],
    answers: Sequence[tuple[str, Reading]],
) -> list[Contradiction]:
    """Head count against size band, answers against each other, and the upload against the answers."""
    found = _size(columns, provenance)
    if answers:
        found += _between_answers(answers) + _identity(item, columns, provenance) + _employer(item, answers)
    return found


def _size(columns: Mapping[str, Any], provenance: Mapping[str, str]) -> list[Contradiction]:
    heads, band = columns["company_employee_count"], columns["company_size_bucket"]
    if heads is None or band is None or size_bucket(heads) in (band, None):
        return []
    names = ("company_employee_count", "company_size_bucket")
    return [_told("size", names, [(provenance[name], columns[name]) for name in names])]


def _between_answers(answers: Sequence[tuple[str, Reading]]) -> list[Contradiction]:
    """What a newer and an older answer both say, and not alike; each column once, with all who say something of it."""
    times = Counter(chain.from_iterable(reading.columns for _, reading in answers))
    again = [name for name, count in times.items() if count > 1 and name not in WORDS]
    said = {name: [(by, read.columns[name]) for by, read in answers if name in read.columns] for name in again}
    return [
        _told("answers", (name,), told)
        for name, told in said.items()
        if any(_differ(older, told[0][1]) for _, older in told[1:])
    ]


def _identity(
    item: Mapping[str, Any], columns: Mapping[str, Any], provenance: Mapping[str, str]
) -> list[Contradiction]:
    uploaded = [line.name for line in IDENTITY if provenance.get(line.name, "upload") == "upload"]
    return [
        _told("upload", (name,), [("upload", value), (provenance[name], columns[name])])
        for name, value in pick(IDENTITY, item, uploaded).items()
        if _differ(columns[name], value)
    ]


def _employer(item: Mapping[str, Any], answers: Sequence[tuple[str, Reading]]) -> list[Contradiction]:
    """The uploaded employer against those the person is said to work for now."""
    label, jobs = next(((label, reading.jobs) for label, reading in answers if reading.jobs), ("", []))
    uploaded = employer_of(item)
    current = [job for job in jobs if job.is_current]
    answered = {key for job in current for key in employer_keys(job)}
    if not uploaded or not answered or not answered.isdisjoint(uploaded):
        return []
    employers = "; ".join(dict.fromkeys(_name(job) for job in current))
    said = [("upload", item.get("company_name") or uploaded[0]), (label, employers)]
    return [_told("employer", ("company_name",), said)]


def employer_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """What the employer of a row is known by; () without one."""
    host, link = pick((DOMAIN,), item).get("company_domain"), item.get("company_linkedin_url")
    return company_keys(_text(host), _text(link), _text(item.get("company_name")))


def _name(job: Entry) -> str:
    return job.company_name or job.company_domain or job.company_linkedin_url


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _differ(one: Any, other: Any) -> bool:
    """Whether both cannot be true: a LinkedIn page by its id may be the one by its name."""
    if isinstance(one, str) and isinstance(other, str) and is_by_id(one) != is_by_id(other):
        return False
    return bool(_folded(one) != _folded(other))


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _told(kind: str, names: Sequence[str], said: Sequence[tuple[str, Any]]) -> Contradiction:
    values = [
        {"source": source, "value": value.isoformat() if isinstance(value, date) else value} for source, value in said
    ]
    return {"kind": kind, "columns": list(names), "values": values}
