"""`leadstream verify`: does the state follow from the log, is the stream its copy, is it the log that was written?"""

import typer

from cli.options import DEFAULT_DATA, AsJson, DataFolder
from cli.output import note, show_json


def verify(data: DataFolder = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Fold the log afresh and compare it with every live table, with the stream, and with its own hash chain.

    May run while everything works, and changes nothing. Exit code 0: what was compared is identical. Servers:
    LEADSTREAM_ADMIN_DATABASE_URL and LEADSTREAM_NATS_URL, else the stack in the data folder.

    Example: leadstream verify --json
    """
    import asyncio

    from cli.checks import check, say_folds, say_log
    from cli.servers import reached, servers_of
    from shared.runtime.table_comparison import LISTED

    servers, listed = servers_of(data), LISTED if as_json else None
    with reached():
        report = asyncio.run(check(servers.database, servers.nats, show=not as_json, listed=listed))
    if as_json:
        show_json(report)
    else:
        say_folds(report, more=": --json lists them")
        say_log(report)
    if servers.nats is None:
        note("the stream was not compared: set LEADSTREAM_NATS_URL")
    raise typer.Exit(0 if report["identical"] else 1)
