"""`leadstream demo`: a list through the whole product."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Misused


def demo(
    file: Annotated[
        Path | None, typer.Option(help="Your own list: CSV, TSV or Excel.", exists=True, dir_okay=False)
    ] = None,
    workstream: Annotated[str | None, typer.Option(help="What kind of list it is, if the file does not tell.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Generate a list of so many people, 5 at a company.")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Folder of answers for the simulator.", exists=True, file_okay=False)
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep data and logs in this folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Run a list through the whole product on embedded PostgreSQL and NATS, with Clay simulated.

    Without --file and --rows it uses a sample of 200 made-up people. Exit code 0 only if every item ended and the
    state follows from the log, row by row. Example: leadstream demo --file people.csv
    """
    from cli.demo import Chosen, run

    if file and rows:
        raise Misused("demo takes either --file, or --rows of a list that is made up: give one of the two")
    raise typer.Exit(0 if run(Chosen(file, workstream, rows, answers), keep, as_json) else 1)
