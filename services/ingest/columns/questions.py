"""What a person should know about a mapping: what is missing, what could be otherwise, and how to say so. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from services.ingest.columns.candidates import Candidate, Column, by_name
from services.ingest.columns.evidence import share
from services.ingest.vocabulary import Holds, header_key
from services.ingest.vocabulary.field import ranked
from services.ingest.workstreams import Alternatives, Workstream

_MOST_SHOWN: Final = 60
_CLOSE: Final = 0.06
_FULL: Final = 0.8
_ASKED_ABOUT: Final = frozenset(("name", "address", "website", "company_link", "title"))
_TOLD_BY_CELLS: Final[Mapping[str, tuple[Holds, str]]] = {
    "person_linkedin_url": ("person_link", "LinkedIn profiles"),
    "company_linkedin_url": ("company_link", "LinkedIn pages of companies"),
    "email": ("address", "e-mail addresses"),
}
# Of whoever keeps the list, or a second one of the person's.
_SOMEBODY_ELSE_S: Final = re.compile(
    "owner|propietario|proprietaire|proprietario|zustandig|inhaber|eigenaar|creat|secondary|tertiary|personal|private|past"
)
Candidates = Mapping[str, list[Candidate]]


@dataclass(frozen=True, slots=True)
class Missing:
    """What there is of a file whose rows cannot be items."""

    workstream: Workstream
    identified_by: Alternatives
    headers: Sequence[str]
    unmapped: Sequence[str]
    mapped: Set[str]


def column_label(header: str, index: int) -> str:
    """How a column is named to a person."""
    return header.strip() or f"(column {index + 1}, without a header)"


def missing(seen: Missing) -> str:
    """What the file lacks, what it has, and the headers that come closest to what it lacks."""
    column_of = seen.workstream.column_of
    wanted = ", or ".join(" with ".join(f"'{column_of(name)}'" for name in names) for names in seen.identified_by)
    labels = [column_label(header, index) for index, header in enumerate(seen.headers[:_MOST_SHOWN])]
    more = f" and {len(seen.headers) - len(labels)} more" if len(seen.headers) > len(labels) else ""
    return f"{seen.workstream.title} needs {wanted}. The file has: {', '.join(labels)}{more}.{_nearest(seen)}"


def questions(
    headers: Sequence[str], columns: Sequence[Column], found: Iterable[Candidate], mapped: Mapping[str, int]
) -> list[str]:
    """A sentence for each thing that a person should look at; `mapped` is field to column."""
    candidates = by_name(found)
    return [
        *_repeated(headers, columns),
        *_doubtful(headers, candidates, mapped),
        *_otherwise(headers, candidates, mapped),
        *_overlooked(columns, mapped),
        *_same_phone(columns, mapped),
    ]


def _repeated(headers: Sequence[str], columns: Sequence[Column]) -> list[str]:
    counts = Counter(key for header in headers if (key := header_key(header)))
    taken = {column.key: column.index for column in columns}
    first = {header_key(header): header for header in reversed(headers)}
    return [
        f"The column {first[key]!r} occurs {count} times; "
        + (f"the one in column {taken[key] + 1} counts." if key in taken else "none of them counts.")
        for key, count in counts.items()
        if count > 1
    ]


def _doubtful(headers: Sequence[str], candidates: Candidates, mapped: Mapping[str, int]) -> list[str]:
    """Columns whose cells do not bear out what their header says."""
    taken = (_taken(candidates, name, index) for name, index in mapped.items())
    return [
        f"{headers[c.column.index]!r} is taken for {c.field.name}, but only {c.fits:.0%} of its cells look like it; "
        f"{_way_out(c.field.name)}"
        for c in taken
        if c is not None and c.fits is not None and c.fits < 0.5
    ]


def _taken(candidates: Candidates, name: str, index: int) -> Candidate | None:
    return next((c for c in candidates.get(name, ()) if c.column.index == index), None)


def _otherwise(headers: Sequence[str], candidates: Candidates, mapped: Mapping[str, int]) -> list[str]:
    """Columns nearly as good as the one taken, which say something else."""
    used = set(mapped.values())
    rivals = (
        (name, headers[index], headers[other.column.index])
        for name, index in mapped.items()
        for other in candidates.get(name, ())
        if other.column.index not in used
        and (taken := _taken(candidates, name, index)) is not None
        and _rivals(taken, other)
    )
    return [
        f"{name} could also be {other!r}, which differs from the column taken, {header!r}; {_way_out(name, other)}"
        for name, header, other in dict.fromkeys(rivals)
    ]


def _rivals(taken: Candidate, other: Candidate) -> bool:
    if taken.field.holds not in _ASKED_ABOUT or taken.score - other.score > _CLOSE:
        return False
    mine, others = set(taken.column.cells), set(other.column.cells)
    return bool(mine and others) and len(mine & others) < 0.5 * min(len(mine), len(others))


def _overlooked(columns: Sequence[Column], mapped: Mapping[str, int]) -> list[str]:
    """Fields without a column, while a column that is mapped to nothing is full of what they hold."""
    used = set(mapped.values())
    return [
        f"{column.header!r} holds {what} and is mapped to nothing; {_way_out(name, column.header)}"
        for name, (holds, what) in _TOLD_BY_CELLS.items()
        if name not in mapped
        for column in columns
        if column.index not in used and not _SOMEBODY_ELSE_S.search(column.key)
        if (share(holds, column.cells) or 0) >= _FULL
    ]


def _same_phone(columns: Sequence[Column], mapped: Mapping[str, int]) -> list[str]:
    """A mobile number that is the company's number is nobody's mobile."""
    cells = {column.index: (column.header, column.cells) for column in columns}
    person, company = (cells.get(mapped.get(name, -1), ("", ())) for name in ("mobile_phone", "company_phone"))
    if not person[1] or person[1] != company[1]:
        return []
    return [f"{person[0]!r} has the same numbers as {company[0]!r}: are they mobiles? {_way_out('mobile_phone', '')}"]


def _way_out(name: str, header: str = "HEADER") -> str:
    return f"--map '{name}={header}' says otherwise."


def _nearest(seen: Missing) -> str:
    wanted = {field for fields in seen.identified_by for field in fields} - seen.mapped
    by_key = {header_key(header): header for header in seen.unmapped}
    known = [entry for entry in seen.workstream.fields if entry.name in wanted]
    close = [
        key
        for entry in known
        for alias in ranked(entry.known)
        for key in get_close_matches(alias, by_key, n=1, cutoff=0.75)
    ]
    names = ", ".join(f"'{by_key[key]}'" for key in dict.fromkeys(close))
    return f" Nearest: {names}. Rename the right one, or say --map FIELD=HEADER." if names else ""
