"""From a file to events: read once to learn everything that is wrong with it, then again to stage its rows.

Nothing is written before the whole file has been read. The events' ids follow from the upload and the chunk, so an
upload cut off by a crash is finished by sending the file again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.ingest.mapping import HeaderMapping, map_headers, require, row_fields, row_problem
from services.ingest.reading import FileShape, Limits, inspect_file, row_shape_problem, rows
from services.ingest.workstreams import Workstream
from shared.events import BadRow, RowsStaged, StagedRow

CHUNK_ROWS: Final = 200
CHUNK_CHARACTERS: Final = 1_000_000
LISTED_BAD_ROWS: Final = 1_000


@dataclass(frozen=True)
class Survey:
    """What the first reading found."""

    workstream: Workstream
    shape: FileShape
    mapping: HeaderMapping
    good: int
    bad_count: int
    bad_rows: list[BadRow]
    sample: list[dict[str, str]]

    @property
    def warnings(self) -> list[str]:
        return [*self.shape.warnings, *self.mapping.warnings]


def survey(path: Path, workstream: Workstream, limits: Limits) -> Survey:
    """Read the whole file once. Raises UnreadableFile and MissingColumn."""
    shape = inspect_file(path, limits)
    mapping = map_headers(workstream, list(shape.headers))
    require(mapping, workstream)
    good = bad_count = 0
    bad: list[BadRow] = []
    sample: list[dict[str, str]] = []
    for number, cells in rows(path, shape):
        fields = row_fields(mapping, cells)
        problem = _problem(workstream, shape, cells, fields)
        if problem is None:
            good += 1
            if len(sample) < 5:
                sample.append(fields)
        else:
            bad_count += 1
            if len(bad) < LISTED_BAD_ROWS:
                bad.append(BadRow(number, "", ",".join(cells)[:200], problem))
    return Survey(workstream, shape, mapping, good, bad_count, bad, sample)


def staged(path: Path, found: Survey, upload_id: str) -> Iterator[RowsStaged]:
    """The good rows, in chunks that fit an event."""
    chunk: list[StagedRow] = []
    size = 0
    for number, cells in rows(path, found.shape):
        fields = row_fields(found.mapping, cells)
        if _problem(found.workstream, found.shape, cells, fields) is not None:
            continue
        chunk.append(StagedRow(number, cells, fields))
        size += sum(map(len, cells))
        if len(chunk) == CHUNK_ROWS or size > CHUNK_CHARACTERS:
            yield RowsStaged(upload_id, chunk)
            chunk, size = [], 0
    if chunk:
        yield RowsStaged(upload_id, chunk)


def _problem(workstream: Workstream, shape: FileShape, cells: list[str], fields: dict[str, str]) -> str | None:
    return row_shape_problem(shape, cells) or row_problem(workstream, fields)
