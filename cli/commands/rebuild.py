"""`leadstream rebuild`: state made anew from the log, put back, or looked at as it was."""

from typing import Annotated

import typer

from cli.errors import Misused
from cli.options import DEFAULT_DATA, AsJson, DataFolder


def rebuild(
    service: Annotated[str, typer.Argument(help="One service, or all.")] = "all",
    to: Annotated[
        int | None, typer.Option(min=0, metavar="POSITION", help="Only look: the state as of this position.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only look: the state as of this time, ISO 8601 (UTC).")
    ] = None,
    into: Annotated[
        str | None, typer.Option(metavar="SCHEMA", help="Where to look: a schema named so, and _SERVICE.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring back the tables from before the last rebuild.")] = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Make a service's state anew from the log, beside the live one, and swap it in; say what was different.

    The service works meanwhile; nothing is sent and no event is written. Stopped with Ctrl-C, the same command goes on
    where it was. With --to or --as-of nothing is swapped: the state as it was is left in schemas of its own.
    Examples: leadstream rebuild projector; leadstream rebuild all --as-of 2026-11-21T09:30
    """
    from cli.rebuilding import RebuildOptions, rebuilt
    from cli.servers import servers_of

    options = RebuildOptions(to, as_of, into, undo)
    if (to is not None) + (as_of is not None) + undo > 1 or (into is not None and not options.looking):
        raise Misused("--to, --as-of and --undo exclude each other, and --into goes with --to or --as-of")
    rebuilt(servers_of(data).database, service, options, as_json)
