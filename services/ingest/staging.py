"""From a file to events: read once to learn everything that is wrong with it, then again to stage its rows.

Nothing is written before the whole file has been read. The events' ids follow from the upload and the chunk, so an
upload cut off by a crash is finished by sending the file again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from services.ingest.columns.mapping import (
    SAMPLE_ROWS,
    Choices,
    HeaderMapping,
    MissingColumn,
    identifies,
    identifying,
    lacking,
    map_headers,
    require,
    row_fields,
    row_problem,
)
from services.ingest.columns.proposals import misplaced
from services.ingest.files.reading import ROW_CHARACTERS, Limits, Row, Table, open_table
from services.ingest.workstreams import Workstream
from shared.events import BadRow, RowsStaged, StagedRow

CHUNK_ROWS: Final = 200
CHUNK_CHARACTERS: Final = ROW_CHARACTERS
LISTED_BAD_ROWS: Final = 1_000
SHOWN_ROWS: Final = 5
QUOTED_LINES: Final = 5
QUOTED_CHARACTERS: Final = 80


@dataclass(frozen=True)
class Survey:
    """What the first reading found; `table` can be read while its file is where it was."""

    workstream: Workstream
    table: Table
    mapping: HeaderMapping
    good: int
    bad_count: int
    bad_rows: list[BadRow]
    sample: list[dict[str, str]]
    footer_lines: int
    footer: list[str]
    missing: str | None

    @property
    def warnings(self) -> list[str]:
        elsewhere = misplaced(self.workstream, self.mapping)
        told = (self.missing, elsewhere, *self.table.warnings, *self.mapping.warnings, _left_out(self.footer))
        return [warning for warning in told if warning]


def survey(path: Path, workstream: Workstream, limits: Limits, choices: Choices | None = None) -> Survey:
    """Read the whole file once. Raises UnreadableFile, UnknownChoice and MissingColumn."""
    with open_table(path, limits) as table:
        return surveyed(table, workstream, choices)


def as_uploaded(kind: Workstream, mapping: Mapping[str, str]) -> Choices:
    """The choices that give the mapping of an upload, field to header, again."""
    return Choices(chosen={known.name: mapping.get(known.name, "") for known in kind.fields})


def surveyed(table: Table, workstream: Workstream, choices: Choices | None, *, strict: bool = True) -> Survey:
    """Read all rows of a table once. Raises UnreadableFile, UnknownChoice, and when `strict` MissingColumn.

    Otherwise what is missing is said in the survey, and no row is bad for it.
    """
    mapping = mapping_of(table, workstream, choices)
    missing = _missing(mapping, workstream, strict)
    good = bad_count = 0
    bad: list[BadRow] = []
    sample: list[dict[str, str]] = []
    rows, ways = table.rows(), identifying(mapping)
    for row in rows:
        if row.bad is None and (missing or identifies(ways, row.cells)):
            good += 1
            if len(sample) < SHOWN_ROWS:
                sample.append(row_fields(mapping, row.cells))
        else:
            bad_count += 1
            if len(bad) < LISTED_BAD_ROWS and (problem := problem_of(mapping, row, row_fields(mapping, row.cells))):
                bad.append(problem)
    return Survey(workstream, table, mapping, good, bad_count, bad, sample, rows.footer_lines, rows.footer, missing)


def staged(path: Path, found: Survey, upload_id: str) -> Iterator[RowsStaged]:
    """The good rows, in chunks that fit an event."""
    chunk: list[StagedRow] = []
    size = 0
    with open_table(path, found.table.limits) as table:
        for row in table.rows():
            fields = row_fields(found.mapping, row.cells)
            if problem_of(found.mapping, row, fields) is not None:
                continue
            length = sum(map(len, row.cells))
            if len(chunk) == CHUNK_ROWS or size + length > CHUNK_CHARACTERS:
                yield RowsStaged(upload_id, chunk)
                chunk, size = [], 0
            chunk.append(StagedRow(row.number, row.cells, fields))
            size += length
    if chunk:
        yield RowsStaged(upload_id, chunk)


def mapping_of(table: Table, workstream: Workstream, choices: Choices | None) -> HeaderMapping:
    """The mapping of a table's columns, with a look at its first rows. Raises UnreadableFile and UnknownChoice."""
    return map_headers(workstream, table.headers, first_rows(table), choices)


def first_rows(table: Table) -> list[list[str]]:
    """What is looked at to tell what the columns hold: the first rows, without those that do not fit the header."""
    return [row.cells for row in islice(table.rows(), SAMPLE_ROWS) if row.bad is None]


def problem_of(mapping: HeaderMapping, row: Row, fields: dict[str, str]) -> BadRow | None:
    """Why a row with these fields is not staged; None when it is."""
    reason = None if row.bad else row_problem(mapping, fields)
    if reason is None:
        return row.bad
    return BadRow(row.number, lacking(mapping, fields), ",".join(row.cells)[:200], reason)


def _left_out(footer: list[str]) -> str | None:
    """What stands below the table, so that a person sees a row that was taken for the end of a report."""
    if not footer:
        return None
    more = f" and {len(footer) - QUOTED_LINES} more" if len(footer) > QUOTED_LINES else ""
    quoted = ", ".join(repr(line[:QUOTED_CHARACTERS]) for line in footer[:QUOTED_LINES])
    return f"Left out, since it stands below the table: {quoted}{more}. If that is a row, fill in its other cells."


def _missing(mapping: HeaderMapping, workstream: Workstream, strict: bool) -> str | None:
    try:
        require(mapping, workstream)
    except MissingColumn as error:
        if strict:
            raise
        return str(error)
    return None
