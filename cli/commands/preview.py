"""`leadstream preview`: what an upload would make of a file. It needs no server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import Misused, Refused
from cli.options import AsJson

Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=HEADER", help="This column is this field; repeat. FIELD= means no column."),
]


def preview(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list.")],
    workstream: Annotated[
        str | None, typer.Option("--workstream", "-w", help="The kind of input; without it one is proposed.")
    ] = None,
    mapped: Mapped = None,
    as_json: AsJson = False,
) -> None:
    """Show which column is which field, what is left over, and which rows are bad; nothing is kept.

    Example: leadstream preview people.csv --workstream apollo_scrape --map mobile_phone="Direct line"
    """
    from cli.output import show_json
    from services.ingest.mapping import Choices, UnknownChoice
    from services.ingest.preview import preview as previewed
    from services.ingest.reading import Limits, UnreadableFile
    from services.ingest.workstreams import UnknownWorkstream
    from shared.runtime.settings import Settings

    try:
        seen = previewed(file, workstream, Limits.of(Settings()), Choices(chosen=choices(mapped)))
    except (UnreadableFile, UnknownWorkstream, UnknownChoice) as error:
        raise Refused(str(error)) from None
    return show_json(seen) if as_json else _report(seen)


def choices(mapped: list[str] | None) -> dict[str, str]:
    """Field to header, as `--map` says it. Raises Misused."""
    found: dict[str, str] = {}
    for said in mapped or ():
        name, equals, header = said.partition("=")
        if not equals or not name.strip():
            raise Misused(f"--map takes FIELD=HEADER, for example --map 'email=Work e-mail'; this is {said!r}")
        found[name.strip()] = header.strip()
    return found


def _report(seen: dict[str, Any]) -> None:
    from cli.commands.uploads import report_bad_rows
    from cli.output import note, plain, say, table

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
