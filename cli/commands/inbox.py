"""`leadstream inbox`: answers that were accepted while the database was away, and wait to be in the log."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import Refused
from cli.options import DEFAULT_DATA, AsJson, DataFolder
from cli.output import moment, say, show_json, table

app = typer.Typer(no_args_is_help=True, help="Answers that wait for the database, and what stays among them.")
COLUMNS: Final = {"number": "#", "at": "Since (UTC)", "bytes": "Bytes", "what": "What it is", "error": "Why it stays"}


@app.command("list")
def listing(
    most: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many, the oldest first.")] = 100,
    data: DataFolder = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """List what waits. With the database there it is appended within seconds, but for what the log can never take.

    Servers: LEADSTREAM_ADMIN_DATABASE_URL and LEADSTREAM_PROVISION_NATS_URL, else the stack in the data folder.
    Example: leadstream inbox list
    """
    import asyncio

    from cli.inbox import waiting
    from cli.servers import reached

    with reached():
        found = asyncio.run(waiting(_url(data), most))
    if as_json:
        return show_json(
            [asdict(one) | {"at": _iso(one.at), "body": one.body.decode(errors="replace")} for one in found]
        )
    rows = [asdict(one) | {"at": moment(_iso(one.at)), "bytes": len(one.body)} for one in found]
    return table(COLUMNS, rows, "nothing waits in the inbox")


@app.command()
def remove(
    number: Annotated[int, typer.Argument(min=1, help="The message's number, as `leadstream inbox list` has it.")],
    keep: Annotated[Path, typer.Option("--keep", metavar="FILE", dir_okay=False, help="Where its bytes are kept.")],
    data: DataFolder = DEFAULT_DATA,
) -> None:
    """Take a message that can never be appended out of the inbox. Its bytes are written to FILE before.

    Example: leadstream inbox remove 17 --keep message_17.bin
    """
    import asyncio

    from cli.inbox import taken_out
    from cli.servers import reached

    if keep.exists():
        raise Refused(f"{keep} is there already: name another file")
    with reached():
        gone = asyncio.run(taken_out(_url(data), number, keep.write_bytes))
    say(f"message {number} is out of the inbox, its {len(gone.body)} bytes are in {keep}: {gone.error}")


def _url(data: Path) -> str:
    from cli.servers import servers_of

    return servers_of(data).to_provision("look into the inbox")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
