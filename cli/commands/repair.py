"""`repair`: the log and the stream, each made whole from the other."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misused, Refused
from cli.options import DEFAULT_DATA, AsJson, DataFolder
from cli.output import note, say, show_json

if TYPE_CHECKING:
    from shared.runtime.repair import Repair


def repair(
    data: DataFolder = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before anything is changed; --json needs it.")] = False,
    trust_log: Annotated[
        bool, typer.Option("--trust-log", help="Make the stream anew even if it has whole messages of its own.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put damaged or lost events back into the log from the stream, and make a damaged or lost stream anew.

    An event is put back only where the hash chain proves it. May run while everything works. Afterwards run
    `leadstream verify`. Servers: LEADSTREAM_ADMIN_DATABASE_URL and LEADSTREAM_PROVISION_NATS_URL, else the stack in
    the data folder. Example: leadstream repair --yes
    """
    import asyncio
    import sys

    import structlog

    from cli.servers import reached, servers_of
    from shared.runtime import repair as mending

    if as_json and not yes:
        raise Misused("repair --json changes log and stream without asking: say --yes too")
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    servers = servers_of(data)
    provision = servers.to_provision("make the stream anew")
    if not yes:
        typer.confirm("Write to the log and to the stream where they are damaged?", abort=True)
    try:
        with reached():
            done = asyncio.run(mending.repair(servers.database, provision, trust_log=trust_log, say=note))
    except KeyboardInterrupt:
        raise Refused("stopped; what was put back stays, and the same command goes on") from None
    _report(done, as_json)
    raise typer.Exit(1 if done.lost else 0)


def _report(done: "Repair", as_json: bool) -> None:
    if as_json:
        return show_json(asdict(done))
    stream = _of_stream(done.filled, done.copied)
    say(f"log: {len(done.restored)} events put back, {done.appended} added at its end; stream: {stream}")
    for damage in done.taken_out:
        say(f"TAKEN OUT: {damage}; what was there is kept in log.taken_out")
    for damage in done.lost:
        say(f"NOT MENDED: {damage}; see docs/operations/backup.md")
    return None


def _of_stream(filled: int, copied: int) -> str:
    if copied:
        return f"made anew with {copied} events"
    return f"{filled} events copied to its end" if filled else "left as it is"
