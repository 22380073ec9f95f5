"""Arguments and options that several commands have in common."""

import re
import shlex
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

DEFAULT_WORKSTREAM: Final = "apollo_scrape"
DEFAULT_DATA: Final = Path(".leadstream/up")
STDOUT: Final = Path("-")

_SLUG: Final = re.compile(r"[a-z][a-z0-9_]{1,79}")
Told = TypeVar("Told", str, list[str], None)


def slugs(told: Told) -> Told:
    """What was told as the names of workflows or workstreams. Raises BadParameter for what can be the name of none."""
    texts: list[str] = [told] if isinstance(told, str) else told or []
    for text in texts:
        if not _SLUG.fullmatch(text):
            raise typer.BadParameter(
                f"{text[:80]!r} is not 2 to 80 lower-case letters, digits and underscores, a letter first"
            )
    return told


def naming(data: Path) -> str:
    """What a command that is advised says to find the data folder: nothing for the default one."""
    return "" if data.resolve() == DEFAULT_DATA.resolve() else f" --data {shlex.quote(str(data.resolve()))}"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only, for programs.")]
AlwaysJson = Annotated[
    bool, typer.Option("--json", show_default=False, help="Print JSON only, for programs; so it does without.")
]
AtPosition = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Wait until log position N (a command's --json tells it) is visible."),
]
ClientName = Annotated[str, typer.Argument(metavar="CLIENT", help="A client's id or its exact name.")]
InWorkstream = Annotated[str, typer.Option("--workstream", "-w", help="The kind of input.", callback=slugs)]
OfWorkstream = Annotated[
    str | None,
    typer.Option("--workstream", "-w", help="The kind of input; none: the one that fits the file.", callback=slugs),
]
Workflow = Annotated[str, typer.Argument(help="The workflow's slug.", callback=slugs)]
DataFolder = Annotated[
    Path, typer.Option("--data", envvar="LEADSTREAM_DATA", help="Data folder of a stack started by `leadstream up`.")
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=HEADER", help="This column is this field; repeat. FIELD= means no column."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="A file; none or -: standard output.")
]
