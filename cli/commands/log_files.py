"""`leadstream log`: the log as a file, out and in again."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Misused, Refused
from cli.options import DEFAULT_DATA, STDOUT, AsJson, DataFolder
from cli.output import note, say, show_json

app = typer.Typer(no_args_is_help=True, help="The log as a file: a copy to keep, to move, or to read elsewhere.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="A file such as log.jsonl.gz.", dir_okay=False)]


@app.command()
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file such as log.jsonl.gz; -: standard output.", dir_okay=False)
    ],
    first: Annotated[int, typer.Option("--from", min=1, metavar="POSITION", help="The first event.")] = 1,
    last: Annotated[int | None, typer.Option("--to", metavar="POSITION", help="The last event; else all.")] = None,
    data: DataFolder = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Write the log to a file: gzip, one JSON object a line, each event to the byte, proved by the hash chain.

    Interrupted, the same command goes on where it was. Others read it with zcat and jq.
    Example: leadstream log export log.jsonl.gz
    """
    import asyncio
    import sys

    from cli.folding import line
    from cli.servers import reached, servers_of
    from shared.runtime.transfer import export as exported

    piped = file == STDOUT
    if piped and as_json:
        raise Misused("the log and --json cannot both go to standard output: name a file")
    url, to = servers_of(data).database, sys.stdout.buffer if piped else file
    try:
        with reached():
            end = asyncio.run(exported(url, to, first=first, last=last, progress=line("export", not as_json)))
    except OSError as error:
        raise Refused(f"cannot write {file}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        raise Refused("stopped; where it writes a file, the same command goes on from there") from None
    if as_json:
        return show_json({"file": str(file), "first": first, "last": end.position, "chain": end.chain.hex()})
    where = "standard output" if piped else file
    tell = note if piped else say
    if not end.position:
        return tell(f"{where}: no events, for the log has none")
    return tell(f"{where}: positions {first} to {end.position}, chain {end.chain.hex()[:16]}")


@app.command("import")
def restore(file: File, data: DataFolder = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Put an exported log into an empty one, or the rest of it behind what it has; services must not run.

    The whole file is checked first. Started afterwards, each service folds the log; what followed from an event is in
    the log already, so nothing is said or sent twice. Example: leadstream log import log.jsonl.gz
    """
    import asyncio

    from cli.folding import line
    from cli.servers import reached, servers_of
    from shared.runtime.transfer import restore as restored

    try:
        with reached():
            end = asyncio.run(restored(servers_of(data).database, file, line("import", not as_json)))
    except KeyboardInterrupt:
        raise Refused("stopped; the same command goes on from where it was") from None
    if as_json:
        return show_json({"file": str(file), "last": end.position, "chain": end.chain.hex()})
    if not end.position:
        return say(f"the log is still empty: {file} has no events")
    return say(f"the log holds positions 1 to {end.position}, chain {end.chain.hex()[:16]}")
