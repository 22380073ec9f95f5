"""`rebuild`: state made anew from the log, put back, or looked at as it was."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.checks import report_of, say_folds
from cli.errors import Misused, Refused
from cli.folding import fold_all
from cli.options import DEFAULT_DATA, AsJson, DataFolder
from cli.servers_of import servers_of
from shared.runtime.settings import SERVICES

if TYPE_CHECKING:
    from shared.runtime.projection import Verdict


def rebuild(
    service: Annotated[str, typer.Argument(help="One service, or all.")] = "all",
    to: Annotated[
        int | None, typer.Option(metavar="POSITION", help="Only look: the state as of this position.")
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
    from shared.runtime.projection import Impossible
    from shared.runtime.shadow import Busy, OtherShape

    names = SERVICES if service == "all" else (service,)
    if unknown := set(names) - set(SERVICES):
        raise Misused(f"there is no service {unknown.pop()!r}; there are {', '.join(SERVICES)} and all")
    looking = to is not None or as_of is not None
    if (to is not None) + (as_of is not None) + undo > 1 or (into is not None and not looking):
        raise Misused("--to, --as-of and --undo exclude each other, and --into goes with --to or --as-of")
    admin_url = servers_of(data).database
    try:
        if looking:
            verdicts = asyncio.run(_look(admin_url, names, to, as_of, into, show=not as_json))
        else:
            verdicts = asyncio.run(_swap(admin_url, names, undo, show=not as_json))
    except (Impossible, Busy, OtherShape) as error:
        raise Refused(str(error)) from None
    except KeyboardInterrupt:
        raise Refused("stopped; nothing was changed, and the same command goes on from where it was") from None
    _say(report_of(verdicts), looking, undo, as_json)


async def _swap(admin_url: str, names: tuple[str, ...], undo: bool, show: bool) -> list["Verdict"]:
    from shared.runtime.projection import old_schema, rebuild_schema

    schema = old_schema if undo else rebuild_schema
    return await fold_all(admin_url, "undo" if undo else "rebuild", {name: schema(name) for name in names}, show=show)


async def _look(
    admin_url: str, names: tuple[str, ...], to: int | None, as_of: str | None, into: str | None, show: bool
) -> list["Verdict"]:
    from shared.runtime.database import connect
    from shared.runtime.projection import position_at

    position = to
    if as_of is not None:
        async with await connect(admin_url, name="rebuild as of", autocommit=True) as connection:
            position = await position_at(connection, _moment(as_of))
    schemas = {name: f"{into}_{name}" if into else f"{name}_at_{position}" for name in names}
    if bad := [schema for schema in schemas.values() if not schema.isidentifier() or schema != schema.lower()]:
        raise Misused(f"{bad[0]!r} is no name for a schema: use lower-case letters, digits and underscores")
    return await fold_all(
        admin_url, "as_of", schemas, show=show, arguments={name: (position, schemas[name]) for name in names}
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(
            f"--as-of {text!r}: write an ISO time, such as 2026-11-21T09:30 or 2026-11-21T09:30:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _say(report: dict[str, Any], looking: bool, undo: bool, as_json: bool) -> None:
    from cli.output import note, say, show_json

    if as_json:
        return show_json(report)
    say_folds(report)
    schemas = [found["schema"] for found in report["services"].values()]
    if looking:
        position = next(iter(report["services"].values()))["position"]
        say(f"state as of position {position} is in schema {', '.join(schemas)}")
        note(f"look: psql, then SET search_path = {schemas[0]}; drop: DROP SCHEMA {schemas[0]} CASCADE")
    elif undo:
        say("the tables from before the last rebuild are live again; `leadstream rebuild --undo` swaps them once more")
    else:
        say("swapped in; the tables as they were are kept: `leadstream rebuild SERVICE --undo` brings them back")
    return None
