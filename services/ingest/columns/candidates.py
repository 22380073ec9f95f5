"""Which columns could be which field, how sure and why: the header's word, then the cells'. Pure.

A score is 1 for the first header a field is known under and less for every step away from it; cells that do not look
like the field take the candidate out, whatever its header says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from services.ingest.columns.evidence import company_page, share
from services.ingest.vocabulary import Field, Owner, Reading, header_key, readings
from services.ingest.vocabulary.field import PROVEN, ranked
from services.ingest.workstreams import Workstream
from shared.canonical import clean_cell

How = Literal["known", "owned", "completing", "of the rows", "failing", "by its cells", "by an id"]
SCORES: Final[Mapping[How, float]] = {
    "known": 1.0, "owned": 0.96, "completing": 0.93, "of the rows": 0.9, "failing": 0.8, "by its cells": 0.7,
    "by an id": 0.6,
}  # fmt: skip
_STEP: Final = 0.001
_FITS, _CONTRADICTS, _DOUBT = 0.5, 0.2, 0.2
_ENOUGH: Final = 3
_GUESSED_NAME: Final[tuple[str, How]] = ("full_name", "by its cells")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: where it stands, its header, and some of its cells, cleaned, the empty ones left out."""

    index: int
    header: str
    readings: tuple[Reading, ...]
    cells: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.readings[0].key


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that could be a field. `fits` is the part of its cells that look like it, None without cells."""

    field: Field
    column: Column
    how: How
    score: float
    reason: str
    fits: float | None = None

    @property
    def order(self) -> tuple[float, str, str, int]:
        """The surer first; between equals nothing that depends on the order of columns, unless headers are equal."""
        return (-self.score, self.field.name, self.column.key, self.column.index)


@dataclass(frozen=True)
class Names:
    """For each key the fields it names, by how it names them; made once for a workstream."""

    known: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)
    attribute: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)
    failing: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)
    maybe: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)
    ids: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)
    completing: dict[str, list[tuple[Field, int, str]]] = field(default_factory=dict)


@lru_cache(maxsize=64)
def names_of(workstream: Workstream) -> Names:
    """The vocabulary of a workstream: the shared one, and before it the workstream's own headers."""
    names = Names()
    for entry in workstream.fields:
        own = ranked(workstream.headers.get(entry.name, ""))
        for table, headers in (
            (names.known, ranked(entry.known) | own),
            (names.attribute, ranked(entry.attribute)),
            (names.failing, ranked(entry.failing) | _shared(entry, workstream)),
            (names.ids, ranked(entry.ids) | ranked(workstream.ids.get(entry.name, ""))),
            (names.maybe, ranked(entry.maybe)),
            (names.completing, ranked(entry.completes[1])),
        ):
            for key, (rank, header) in headers.items():
                table.setdefault(key, []).append((entry, rank, header))
    for name, own_headers in workstream.headers.items():
        for key in ranked(own_headers):
            names.known[key] = [entry for entry in names.known[key] if entry[0].name == name]
            if names.known[key][0][0].owner == "company":  # what names a company here names nobody
                names.attribute[key] = [entry for entry in names.attribute.get(key, ()) if entry[0].owner == "company"]
    return names


def _shared(entry: Field, workstream: Workstream) -> dict[str, tuple[int, str]]:
    """A website names the domain too, also where only the workstream's own files call it so."""
    return ranked(workstream.headers.get(entry.shares or "", "")) if entry.failing else {}


def columns_of(workstream: Workstream, headers: Sequence[str], sample: Iterable[Sequence[str]]) -> list[Column]:
    """The columns that have a header and are no decoys; of equal headers the first that has cells, else the first."""
    rows = list(sample)
    decoys = ranked(workstream.decoys)
    found: dict[str, Column] = {}
    for index, header in enumerate(headers):
        key = header_key(header)
        if not key or key in decoys or (key in found and found[key].cells):
            continue
        cells = tuple(cell for row in rows if index < len(row) and (cell := clean_cell(row[index])))
        if key not in found or cells:
            found[key] = Column(index, header, tuple(readings(header)), cells)
    return list(found.values())


def by_header(names: Names, columns: Sequence[Column], rows: Owner) -> list[Candidate]:
    """Every candidate that a header makes in a file whose rows are people or companies, before a look at the cells."""
    found = [candidate for column in columns for candidate in _named(names, column, rows)]
    known = {candidate.field.name for candidate in found if candidate.how in ("known", "owned")}
    if known >= {"first_name", "last_name"}:  # they name the person: a `Persona` beside them is a kind of buyer
        found = [candidate for candidate in found if (candidate.field.name, candidate.how) != _GUESSED_NAME]
    if rows == "person":
        found += [candidate for column in columns for candidate in _completing(names, column, known)]
    return found


def weighed(candidate: Candidate) -> Candidate | None:
    """The candidate with what its cells say, or None when they speak against it."""
    holds, cells = candidate.field.holds, candidate.column.cells
    if holds == "company_link":
        cells = tuple(company_page(candidate.column.key, cell) for cell in cells)
    fits = share(holds, cells)
    must_fit = candidate.how == "by its cells"
    if fits is None:
        return None if must_fit else candidate
    if fits < (_FITS if must_fit else _CONTRADICTS) and (holds in PROVEN or len(cells) >= _ENOUGH):
        return None
    said = f"{candidate.reason}; {round(fits * len(cells))} of {len(cells)} cells look like it"
    return replace(candidate, score=candidate.score - (_DOUBT if fits < _FITS else 0), reason=said, fits=fits)


def _named(names: Names, column: Column, rows: Owner) -> Iterator[Candidate]:
    for reading in column.readings:
        for entry, rank, alias in names.known.get(reading.key, ()):
            if rows != entry.owner == "person" and entry in (
                other[0] for other in names.attribute.get(reading.key, ())
            ):
                continue  # a workstream's word on the `City` of its people
            if reading.owner != "company" or entry.owner == "company":
                yield _candidate(entry, column, "known", rank + reading.distance, f"known as {alias!r}")
        for entry, rank, alias in names.attribute.get(reading.key, ()):
            yield from _attributed(entry, column, reading, rank, alias, rows)
        for entry, rank, alias in names.failing.get(reading.key, ()):
            if reading.owner in (None, entry.owner):
                reason = f"{alias!r} names the domain too" if entry.shares else f"{alias!r}, for lack of a better one"
                yield _candidate(entry, column, "failing", rank, reason)
        for entry, rank, _ in names.maybe.get(reading.key, ()):
            if reading.owner in (None, entry.owner):
                yield _candidate(entry, column, "by its cells", rank, "told by its cells")
        for entry, rank, alias in names.ids.get(reading.key, ()):
            if reading.owner in (None, entry.owner):
                yield _candidate(entry, column, "by an id", rank, f"{alias!r}, for lack of links")


def _attributed(
    entry: Field, column: Column, reading: Reading, rank: int, alias: str, rows: Owner
) -> Iterator[Candidate]:
    if reading.owner == entry.owner:
        yield _candidate(entry, column, "owned", rank + reading.distance, f"{alias!r} of a {entry.owner}")
    elif reading.owner is None and rows == entry.owner:
        whose = "people" if rows == "person" else "companies"
        yield _candidate(entry, column, "of the rows", rank + reading.distance, f"{alias!r}, and the rows are {whose}")
    elif reading.owner is None and entry.holds in PROVEN:
        yield _candidate(entry, column, "by its cells", rank, "told by its cells")


def _completing(names: Names, column: Column, known: set[str]) -> Iterator[Candidate]:
    for reading in column.readings:
        for entry, _, alias in names.completing.get(reading.key, ()) if reading.owner != "company" else ():
            partner = entry.completes[0]
            if partner in known and entry.name not in known:
                reason = f"{alias!r} beside the {partner.replace('_', ' ')}"
                yield _candidate(entry, column, "completing", reading.distance, reason)


def _candidate(entry: Field, column: Column, how: How, steps: int, reason: str) -> Candidate:
    return Candidate(entry, column, how, round(SCORES[how] - _STEP * steps, 3), reason)


def by_name(candidates: Iterable[Candidate]) -> Mapping[str, list[Candidate]]:
    """The candidates of each field, the surest first."""
    found: dict[str, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.order):
        found.setdefault(candidate.field.name, []).append(candidate)
    return found
