"""State made anew from the log, put back, or looked at as it was; what came of it is said."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from cli.checks import report_of, say_folds
from cli.errors import CommandFailed, Misused, Refused
from cli.folding import Folds, fold_all
from cli.output import note, say, show_json
from cli.servers import reached
from shared.runtime.settings import SERVICES

if TYPE_CHECKING:
    from shared.runtime.projection import Verdict

# PostgreSQL cuts longer ones off, and then takes two for one.
MAX_BYTES: Final = 63


@dataclass(frozen=True)
class RebuildOptions:
    """What is wanted instead of a swap: a look at a position or a time, `into` schemas of a name, or an `undo`."""

    to: int | None
    as_of: str | None
    into: str | None
    undo: bool

    @property
    def looking(self) -> bool:
        return self.to is not None or self.as_of is not None


def rebuilt(admin_url: str, service: str, options: RebuildOptions, as_json: bool) -> None:
    """Rebuild `service`, or "all", and say what was different. Raises Misused and Refused."""
    names = SERVICES if service == "all" else (service,)
    if unknown := set(names) - set(SERVICES):
        raise Misused(f"there is no service {unknown.pop()!r}; there are {', '.join(SERVICES)} and all")
    folds = Folds()
    try:
        with reached():
            doing = _look if options.looking else _swap
            verdicts = asyncio.run(doing(admin_url, names, options, folds, show=not as_json))
    except (KeyboardInterrupt, CommandFailed) as error:
        verdicts = [folds.verdicts[name] for name in names if name in folds.verdicts]
        if verdicts:
            _report(verdicts, folds, options, as_json)
        if isinstance(error, CommandFailed):
            raise
        if len(verdicts) < len(names):
            raise Refused(_stopped(names, folds, options)) from None
    else:
        _report(verdicts, folds, options, as_json)
    if any(verdict.failures or verdict.damaged is not None for verdict in verdicts):
        raise typer.Exit(1)


def _stopped(names: Sequence[str], folds: Folds, options: RebuildOptions) -> str:
    left = [name for name in names if name not in folds.verdicts]
    whose = f"of {', '.join(left)} " if folds.verdicts else ""
    again = "the same command"
    if folds.verdicts and not options.looking:  # it would swap again those that were swapped
        again = f"`leadstream rebuild {left[0] if len(left) == 1 else 'SERVICE'}{' --undo' if options.undo else ''}`"
    return f"stopped; {whose}nothing was changed, and {again} goes on from where it was"


async def _swap(
    admin_url: str, names: tuple[str, ...], options: RebuildOptions, folds: Folds, show: bool
) -> list["Verdict"]:
    from shared.runtime.projection import old_schema, rebuild_schema

    action, schema = ("undo", old_schema) if options.undo else ("rebuild", rebuild_schema)
    return await fold_all(admin_url, action, {name: schema(name) for name in names}, show=show, folds=folds)


async def _look(
    admin_url: str, names: tuple[str, ...], options: RebuildOptions, folds: Folds, show: bool
) -> list["Verdict"]:
    from shared.runtime.database import connect
    from shared.runtime.log import position_at

    position, into = options.to, options.into
    if options.as_of is not None:
        async with await connect(admin_url, name="rebuild as of", autocommit=True) as connection:
            position = await position_at(connection, _moment(options.as_of))
    schemas = {name: f"{into}_{name}" if into else f"{name}_at_{position}" for name in names}
    if bad := [schema for schema in schemas.values() if not schema.isidentifier() or schema != schema.lower()]:
        raise Misused(f"{bad[0]!r} is no name for a schema: use lower-case letters, digits and underscores")
    if long := [schema for schema in schemas.values() if len(schema.encode()) > MAX_BYTES]:
        raise Misused(f"{long[0]!r} has {len(long[0].encode())} bytes, and a schema's name has {MAX_BYTES} at most")
    told = {name: (position, schemas[name]) for name in names}
    return await fold_all(admin_url, "as_of", schemas, show=show, arguments=told, upto=position, folds=folds)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(
            f"--as-of {text!r}: write an ISO time, such as 2026-11-21T09:30 or 2026-11-21T09:30:00+01:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _report(verdicts: list["Verdict"], folds: Folds, options: RebuildOptions, as_json: bool) -> None:
    """Say what came of those that have come to their end; in JSON, also why others have not."""
    report = report_of(verdicts, folds.refused if as_json else {})
    _say(report, options, as_json, {verdict.service: verdict.undoable for verdict in verdicts})


def _say(report: dict[str, Any], options: RebuildOptions, as_json: bool, undoable: Mapping[str, bool | None]) -> None:
    if as_json:
        return show_json(report)
    say_folds(report, "events caught up with" if options.undo else "events")
    schemas = [found["schema"] for found in report["services"].values()]
    if options.looking:
        position = next(iter(report["services"].values()))["position"]
        say(f"state as of position {position} is in schema {', '.join(schemas)}")
        note(f"look: psql, then SET search_path = {schemas[0]}; drop: DROP SCHEMA {schemas[0]} CASCADE")
    else:
        live = "the tables from before the last rebuild are live again" if options.undo else "swapped in"
        for line in kept(undoable):
            say(f"{live}; {line}")
    return None


def kept(undoable: Mapping[str, bool | None]) -> Iterator[str]:
    """Lines on how the tables that were replaced come back. `undoable`: as a verdict has it, by service."""
    from shared.runtime.projection import old_schema

    for here in (True, False, None):
        names = [service for service, able in undoable.items() if able is here]
        if names and here:
            which = names[0] if len(names) == 1 else "SERVICE"
            undo = f"`leadstream rebuild {which} --undo` brings them back"
            yield f"the tables of {', '.join(names)} as they were are kept: {undo}"
        elif names and here is None:
            yield f"the tables of {', '.join(names)} as they were are not kept: they held what the log has not"
        elif names:
            where = ", ".join(map(old_schema, names))
            made = "only the program that made them, which cannot use these, brings them back"
            yield f"those that they replace had another shape: kept in {where}, {made}"
