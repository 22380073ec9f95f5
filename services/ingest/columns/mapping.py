"""Which column of a file is which field of an item, and what a row says by that mapping. Pure.

A person's choice counts before everything, then what the client chose earlier, then the surest candidates. The order
of columns never matters. A column gives one field (a website also gives the domain), a field comes from one column,
and every column that gives none is listed. What could be otherwise is said in a warning, with the way to change it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.ingest.columns.candidates import Candidate, Column, by_header, columns_of, names_of, weighed
from services.ingest.columns.evidence import company_page
from services.ingest.columns.questions import Missing, column_label, missing, questions
from services.ingest.vocabulary import Owner, header_key
from services.ingest.workstreams import COMPANY, Alternatives, Workstream
from shared.canonical import clean_cell

# How many rows are looked at: enough to tell what a column holds, few enough to cost nothing.
SAMPLE_ROWS: Final = 200
_WEAK_FOR_PEOPLE: Final = frozenset((
    "email", "mobile_phone", "notes", "email_status", "person_city", "person_state", "person_country",
    "person_location",
))  # fmt: skip


class MissingColumn(ValueError):
    """No set of columns that would make rows items; the message says what is missing and what there is."""


class UnknownChoice(ValueError):
    """A chosen field or column does not exist; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Match:
    """The column that gives a field: its header in the file, its position from 0, how sure (0 to 1) and why."""

    header: str
    index: int
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class HeaderMapping:
    """`targets` by field name; `unmapped` are the other headers in the order of the file; `rows`: what a row is."""

    targets: dict[str, Match]
    unmapped: list[str]
    warnings: list[str]
    headers: list[str]
    rows: Owner = "person"
    identified_by: Alternatives = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """Field to header: what a person says for this file, and what the client said for earlier ones.

    A header of "" means that no column is this field.
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    remembered: Mapping[str, str] = field(default_factory=dict)


def map_headers(
    workstream: Workstream,
    headers: Sequence[str],
    sample: Iterable[Sequence[str]] = (),
    choices: Choices | None = None,
) -> HeaderMapping:
    """The mapping of a file's headers, with a look at some of its rows. Raises UnknownChoice."""
    workstream = workstream.as_written_in(headers)
    columns = columns_of(workstream, headers, sample)
    fixed = _fixed(workstream, headers, columns, choices or Choices())
    rows, found = _candidates(workstream, columns)
    targets = _assigned(found, fixed, headers)
    used = {match.index for match in targets.values()}
    unmapped = [column_label(header, index) for index, header in enumerate(headers) if index not in used]
    warnings = questions(headers, columns, found, {name: match.index for name, match in targets.items()})
    return HeaderMapping(targets, unmapped, warnings, list(headers), rows, workstream.identified_by(rows))


def chosen(said: Iterable[str]) -> dict[str, str]:
    """Field to header, of texts like `email=Work e-mail`. Raises ValueError."""
    found: dict[str, str] = {}
    for text in said:
        name, equals, header = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"takes FIELD=HEADER, for example 'email=Work e-mail'; this is {text!r}")
        found[name.strip()] = header.strip()
    return found


def require(mapping: HeaderMapping, workstream: Workstream) -> None:
    """Raises MissingColumn unless the mapped columns can make a row an item of the workstream."""
    if not any(mapping.targets.keys() >= set(fields) for fields in mapping.identified_by):
        seen = Missing(workstream, mapping.identified_by, mapping.headers, mapping.unmapped, mapping.targets.keys())
        raise MissingColumn(missing(seen))


def row_fields(mapping: HeaderMapping, cells: Sequence[str]) -> dict[str, str]:
    """The fields of one row, cleaned; what is empty, or beyond the end of the row, is left out.

    LinkedIn's number of a company stands as the address of its page.
    """
    found: dict[str, str] = {}
    for name, match in mapping.targets.items():
        value = clean_cell(cells[match.index]) if match.index < len(cells) else None
        if value is not None:
            found[name] = company_page(header_key(match.header), value) if name == "company_linkedin_url" else value
    return found


def identifying(mapping: HeaderMapping) -> list[tuple[int, ...]]:
    """The columns of each alternative that makes a row an item, for `identifies`."""
    usable = [names for names in mapping.identified_by if mapping.targets.keys() >= set(names)]
    return [tuple(mapping.targets[name].index for name in names) for names in usable]


def identifies(ways: Iterable[tuple[int, ...]], cells: Sequence[str]) -> bool:
    """Whether a row is an item: `row_problem` without the words, for the many rows of a long file."""
    for columns in ways:
        for index in columns:
            if index >= len(cells) or clean_cell(cells[index]) is None:
                break
        else:
            return True
    return False


def row_problem(mapping: HeaderMapping, fields: Mapping[str, str]) -> str | None:
    """Why a row with these fields cannot be an item, naming the columns; None when it can."""
    if any(all(fields.get(name) for name in names) for names in mapping.identified_by):
        return None
    usable = [names for names in mapping.identified_by if mapping.targets.keys() >= set(names)]
    own = _known(usable, fields)
    company = {} if own else _known(COMPANY, fields)
    has = " and ".join(f"'{mapping.targets[name].header}'" for name in own | company)
    wanted = ", or ".join(" with ".join(f"'{mapping.targets[name].header}'" for name in names) for names in usable)
    whose = ": a company and no person" if company else ""
    return f"The row needs {wanted}; it has {f'only {has}' if has else 'none of them'}{whose}."


def _known(alternatives: Iterable[Sequence[str]], fields: Mapping[str, str]) -> dict[str, None]:
    return dict.fromkeys(name for names in alternatives for name in names if fields.get(name))


def lacking(mapping: HeaderMapping, fields: Mapping[str, str]) -> str:
    """The first column that a row which is no item would need; "" where none of the file's columns identifies one."""
    usable = [name for names in mapping.identified_by if mapping.targets.keys() >= set(names) for name in names]
    return next((mapping.targets[name].header for name in usable if not fields.get(name)), "")


def _fixed(
    workstream: Workstream, headers: Sequence[str], columns: Sequence[Column], choices: Choices
) -> dict[str, Match | None]:
    """What a person chose: for a field its column, or None for no column; of equal headers the one that counts."""
    exact = {header: index for index, header in reversed(list(enumerate(headers)))}
    by_key = {header_key(header): index for index, header in reversed(list(enumerate(headers))) if header_key(header)}
    exact |= {column.header: column.index for column in columns}
    by_key |= {column.key: column.index for column in columns}
    known = [entry.name for entry in workstream.fields]
    fixed: dict[str, Match | None] = {}
    for said, reason in ((choices.remembered, "chosen for this client before"), (choices.chosen, "chosen by you")):
        for name, header in said.items():
            index = exact.get(header, by_key.get(header_key(header)))
            if name in known and not header:
                fixed[name] = None
            elif name in known and index is not None:
                fixed[name] = Match(headers[index], index, 1.0, reason)
            elif said is choices.chosen:
                raise UnknownChoice(_unknown(name, header, known, headers))
    return fixed


def _unknown(name: str, header: str, known: list[str], headers: Sequence[str]) -> str:
    if name not in known:
        return f"There is no field {name!r} to map to; there are: {', '.join(known)}."
    return f"The file has no column {header!r} for {name}; it has: {', '.join(filter(None, headers))}."


def _candidates(workstream: Workstream, columns: Sequence[Column]) -> tuple[Owner, list[Candidate]]:
    """What the rows are, and the candidates that stand when they are that."""
    names = names_of(workstream)
    per_kind = {
        rows: [found for candidate in by_header(names, columns, rows) if (found := weighed(candidate))]
        for rows in workstream.rows
    }
    rows = workstream.rows[0] if len(per_kind) == 1 else _rows_of(per_kind["person"])
    return rows, per_kind[rows]


def _rows_of(candidates: Sequence[Candidate]) -> Owner:
    """People if a column can only be a person's, or if there is a name beside a company's; else companies."""
    own = {c.field.name for c in candidates if c.field.owner == "person" and c.how != "of the rows"}
    named = any(c.field.name == "full_name" for c in candidates)
    companies = {c.field.name for c in candidates if c.field.owner == "company"}
    if own - _WEAK_FOR_PEOPLE or (named and "company_name" in companies) or not companies:
        return "person"
    return "company"


def _assigned(
    found: Iterable[Candidate], fixed: Mapping[str, Match | None], headers: Sequence[str]
) -> dict[str, Match]:
    """The surest candidate first; nothing is taken twice but by fields that share a column."""
    taken: dict[int, set[str]] = {}
    targets: dict[str, Match] = {}
    for name, match in fixed.items():
        if match is not None:
            targets[name] = match
            taken.setdefault(match.index, set()).add(name)
    for candidate in sorted(found, key=lambda candidate: candidate.order):
        entry, index = candidate.field, candidate.column.index
        if entry.name not in targets and entry.name not in fixed and taken.get(index, set()) <= {entry.shares}:
            targets[entry.name] = Match(headers[index], index, round(candidate.score, 3), candidate.reason)
            taken.setdefault(index, set()).add(entry.name)
    return targets
