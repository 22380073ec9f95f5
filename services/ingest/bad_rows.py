"""The bad rows of an upload as CSV: why each is bad, then every cell as the file has it.

Mended, the same file can be uploaded: reading leaves the column of reasons out.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from services.ingest.columns.mapping import row_fields
from services.ingest.files.reading import REASON, Limits, open_table
from services.ingest.staging import as_uploaded, mapping_of, problem_of
from services.ingest.workstreams import workstream
from shared.spreadsheet import harmless


def as_csv(path: Path, slug: str, mapped: Mapping[str, str], limits: Limits) -> Iterator[str]:
    """Line by line, the header first. `mapped`: field to header, as the file was uploaded. Raises UnreadableFile."""
    kind = workstream(slug)
    with open_table(path, limits) as table:
        mapping = mapping_of(table, kind, as_uploaded(kind, mapped))
        yield _line([REASON, *table.headers])
        for row in table.rows():
            if bad := problem_of(mapping, row, row_fields(mapping, row.cells)):
                yield _line([bad.reason, *row.cells])


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(map(harmless, cells))
    return buffer.getvalue()
