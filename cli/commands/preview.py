"""`leadstream preview`: what an upload would make of a file. Without a client it needs no server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import Misused, Refused
from cli.lookups import client_id_of
from cli.options import AsJson, Mapped, OfWorkstream
from cli.output import note, plain, say, show_json, table
from cli.uploading import at_rest, read_with_progress, report_bad_rows


def preview(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list.")],
    workstream: OfWorkstream = None,
    client: Annotated[
        str | None, typer.Option("--client", "-c", help="By what was chosen for this client before; asks ingest.")
    ] = None,
    mapped: Mapped = None,
    as_json: AsJson = False,
) -> None:
    """Show which column is which field, what is left over, and which rows are bad; nothing is kept.

    Example: leadstream preview people.csv --workstream apollo_scrape --map mobile_phone="Direct line"
    """
    seen = (
        _asked(file, workstream, client, mapped or []) if client is not None else _read(file, workstream, mapped or [])
    )
    return show_json(seen) if as_json else _report(seen)


def _read(file: Path, workstream: str | None, mapped: list[str]) -> dict[str, Any]:
    """The preview, made here."""
    from services.ingest.columns.mapping import UnknownChoice, chosen
    from services.ingest.files.reading import Limits, UnreadableFile
    from services.ingest.preview import preview as previewed
    from services.ingest.workstreams import UnknownWorkstream

    try:
        said = chosen(mapped)
    except ValueError as error:
        raise Misused(f"--map {error}") from None
    try:
        with at_rest(file) as kept:
            return previewed(kept, workstream, Limits.configured(), said)
    except (UnreadableFile, UnknownWorkstream, UnknownChoice) as error:
        raise Refused(str(error)) from None


def _asked(file: Path, workstream: str | None, client: str, mapped: list[str]) -> dict[str, Any]:
    """The preview, made by ingest, which knows the client."""
    from cli.api import open_api

    with open_api() as api, read_with_progress(file) as content:
        query = {"client_id": client_id_of(api, client), "map": mapped}
        return api.upload("/v1/preview", content, **query | ({"workstream": workstream} if workstream else {}))


def _report(seen: dict[str, Any]) -> None:
    lines = "".join(
        f", {seen[f'{part}_lines']} lines {where} it"
        for part, where in (("preamble", "above"), ("footer", "below"))
        if seen[f"{part}_lines"]
    )
    say(f"{seen['rows']} rows, {seen['bad_row_count']} bad; {seen['encoding']}, {seen['delimiter']!r} between{lines}")
    say(f"workstream: {seen['workstream']}" + "".join(f" ({p['reason']})" for p in seen["proposals"][:1]))
    columns = {"header": "Column", "field": "Field", "score": "Score", "reason": "Why"}
    table(columns, [{"field": name} | match for name, match in seen["mapping"].items()], "no column is mapped")
    if seen["unmapped"]:
        say(f"kept, but not mapped: {', '.join(map(plain, seen['unmapped']))}")
    for warning in seen["warnings"]:
        note(f"warning: {plain(warning)}")
    report_bad_rows(seen["bad_rows"], seen["bad_row_count"])
