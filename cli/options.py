"""Arguments and options that several commands have in common."""

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_WORKSTREAM: Final = "apollo_scrape"
DEFAULT_DATA: Final = Path(".leadstream/up")
STDOUT: Final = Path("-")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only, for programs.")]
AtPosition = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Wait until log position N (a command's --json tells it) is visible."),
]
ClientName = Annotated[str, typer.Argument(metavar="CLIENT", help="A client's id or its exact name.")]
InWorkstream = Annotated[str, typer.Option("--workstream", "-w", help="The kind of input.")]
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
