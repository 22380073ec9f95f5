"""Which header of a file is which field of an item, and what a row says by that mapping.

The order of columns never matters; a header gives at most one field, a field comes from at most one header,
and every header that gives none is listed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from services.ingest.workstreams import Target, Workstream, header_key
from shared.canonical import clean_cell

_MOST_SHOWN: Final = 60


class MissingColumn(ValueError):
    """No set of columns that would make rows items; the message says what is missing and what there is."""


@dataclass(frozen=True, slots=True)
class Match:
    """The header that gives a field: its text in the file, its position from 0, how sure (0 to 1) and why."""

    header: str
    index: int
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class HeaderMapping:
    """`targets` by field name; `unmapped` are the other headers in the order of the file."""

    targets: dict[str, Match]
    unmapped: list[str]
    warnings: list[str]
    headers: list[str]


def map_headers(workstream: Workstream, headers: Sequence[str]) -> HeaderMapping:
    """The mapping of a file's headers. Of headers that say the same the first counts, with a warning."""
    positions: dict[str, int] = {}
    for index, header in enumerate(headers):
        positions.setdefault(header_key(header), index)
    decoys = {header_key(decoy) for decoy in workstream.decoys}
    columns = {key: index for key, index in positions.items() if key and key not in decoys}
    found = {target.name: _match(target, columns, headers) for target in workstream.targets}
    targets = {name: match for name, match in found.items() if match is not None}
    used = {match.index for match in targets.values()}
    unmapped = [_shown(header, index) for index, header in enumerate(headers) if index not in used]
    return HeaderMapping(targets, unmapped, _repeated(headers), list(headers))


def require(mapping: HeaderMapping, workstream: Workstream) -> None:
    """Raises MissingColumn unless the mapped columns can make a row an item of the workstream."""
    if any(mapping.targets.keys() >= set(fields) for fields in workstream.identified_by):
        return
    wanted = {field for fields in workstream.identified_by for field in fields} - mapping.targets.keys()
    raise MissingColumn(
        f"{workstream.title} needs {_alternatives(workstream)}. The file has: {_seen(mapping.headers)}."
        f"{_nearest(wanted, workstream, mapping)}"
    )


def row_fields(mapping: HeaderMapping, cells: Sequence[str]) -> dict[str, str]:
    """The fields of one row, cleaned; what is empty, or beyond the end of the row, is left out."""
    found: dict[str, str] = {}
    for name, match in mapping.targets.items():
        value = clean_cell(cells[match.index]) if match.index < len(cells) else None
        if value is not None:
            found[name] = value
    return found


def row_problem(workstream: Workstream, fields: Mapping[str, str]) -> str | None:
    """Why a row with these fields cannot be an item, naming the columns; None when it can."""
    if any(all(fields.get(name) for name in names) for names in workstream.identified_by):
        return None
    known = [name for names in workstream.identified_by for name in names if fields.get(name)]
    has = " and ".join(f"'{workstream.column_of(name)}'" for name in dict.fromkeys(known))
    return f"The row needs {_alternatives(workstream)}; it has {f'only {has}' if has else 'none of them'}."


def _match(target: Target, columns: Mapping[str, int], headers: Sequence[str]) -> Match | None:
    for rank, alias in enumerate(target.aliases):
        index = columns.get(header_key(alias))
        if index is not None:
            return Match(headers[index], index, round(1 - rank / 100, 2), f"known as {alias!r}")
    return None


def _repeated(headers: Sequence[str]) -> list[str]:
    counts = Counter(key for header in headers if (key := header_key(header)))
    first = {key: header for header in reversed(headers) if counts[key := header_key(header)] > 1}
    return [
        f"The column {header!r} occurs {counts[key]} times; the first one counts."
        for key, header in sorted(first.items(), key=lambda item: headers.index(item[1]))
    ]


def _alternatives(workstream: Workstream) -> str:
    """For example: 'Full Name', or 'First Name' with 'Last Name', or 'Email'."""
    return ", or ".join(
        " with ".join(f"'{workstream.column_of(name)}'" for name in names) for names in workstream.identified_by
    )


def _nearest(wanted: set[str], workstream: Workstream, mapping: HeaderMapping) -> str:
    by_key = {header_key(header): header for header in mapping.unmapped}
    aliases = [header_key(alias) for target in workstream.targets if target.name in wanted for alias in target.aliases]
    close = [key for alias in aliases for key in get_close_matches(alias, by_key, n=1, cutoff=0.75)]
    names = ", ".join(f"'{by_key[key]}'" for key in dict.fromkeys(close))
    return f" Nearest: {names}. Rename the right one." if names else ""


def _seen(headers: list[str]) -> str:
    shown = [_shown(header, index) for index, header in enumerate(headers[:_MOST_SHOWN])]
    more = len(headers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shown(header: str, index: int) -> str:
    return header.strip() or f"(column {index + 1}, without a header)"
