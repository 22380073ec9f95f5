"""What an upload of a file would do, before anything is kept: the mapping, the rows, what is wrong with them."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from services.ingest.columns.mapping import Choices, MissingColumn, require
from services.ingest.columns.proposals import Proposal, ambiguity, proposals
from services.ingest.files.reading import Limits, Table, open_table
from services.ingest.staging import Survey, first_rows, mapping_of, surveyed
from services.ingest.workstreams import workstream, workstreams

SHOWN_BAD_ROWS: Final = 1_000


class Undecided(ValueError):
    """A file does not tell its workstream; the message says which it could be, or what is missing."""


def preview(
    path: Path,
    slug: str | None,
    limits: Limits,
    chosen: Mapping[str, str] = MappingProxyType({}),
    remembered: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The preview as JSON values; without a slug for the workstream that fits best, all that fit in `proposals`.

    `chosen`: field to header, for this file; `remembered`: the same by workstream, for the client's files. Raises
    UnreadableFile, UnknownWorkstream and UnknownChoice. A file whose rows cannot be items is shown too, with a warning
    that says what is missing.
    """
    with open_table(path, limits) as table:
        found = [] if slug else _proposed(table)
        kind = workstream(slug or _best(found))
        seen = surveyed(table, kind, Choices(chosen, remembered.get(kind.slug, {})), strict=False)
    warnings = ([doubt] if (doubt := ambiguity(found)) else []) + seen.warnings
    if seen.missing and not slug and not found:
        warnings.append(f"No workstream can take these rows; shown is what {kind.slug} would make of them.")
    return {"workstream": kind.slug, "proposals": [asdict(proposal) for proposal in found]} | told(seen, warnings)


def fitting(path: Path, slug: str | None, limits: Limits) -> str:
    """The workstream that takes the file, by its columns and first rows: the one named, or the one that fits surely.

    Raises what an upload of the file would be refused with: UnreadableFile, UnknownWorkstream, MissingColumn; and
    Undecided where none is named, and several fit as well or none does.
    """
    with open_table(path, limits) as table:
        found = [] if slug else _proposed(table)
        if doubt := ambiguity(found):
            raise Undecided(doubt)
        kind = workstream(slug or _best(found))
        try:
            require(mapping_of(table, kind, None), kind)
        except MissingColumn as error:
            if slug:
                raise
            raise Undecided(
                "No workstream can take these rows as they are; say which with --workstream, and with --map what its "
                f"columns are. {error}"
            ) from None
    return kind.slug


def _best(found: list[Proposal]) -> str:
    return found[0].workstream if found else next(iter(workstreams()))


def _proposed(table: Table) -> list[Proposal]:
    return proposals(table.headers, first_rows(table))


def told(seen: Survey, warnings: list[str]) -> dict[str, Any]:
    """What was found in the file; `rows` counts its data rows, bad ones included."""
    table, mapping = seen.table, seen.mapping
    return {
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "preamble_lines": table.preamble_lines,
        "footer_lines": seen.footer_lines,
        "rows": seen.good + seen.bad_count,
        "mapping": {name: asdict(match) for name, match in mapping.targets.items()},
        "unmapped": mapping.unmapped,
        "warnings": warnings,
        "bad_row_count": seen.bad_count,
        "bad_rows": [asdict(bad) for bad in seen.bad_rows[:SHOWN_BAD_ROWS]],
        "sample": seen.sample,
    }
