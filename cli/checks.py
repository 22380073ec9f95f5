"""Does the state follow from the log, is the stream its copy, is it the log that was written, and how that is told."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from cli.folding import Folds, fold_all, line
from shared.runtime.refusals import Impossible
from shared.runtime.settings import SERVICES

if TYPE_CHECKING:
    from shared.runtime.integrity import Findings
    from shared.runtime.projection import Verdict
    from shared.runtime.stream_comparison import StreamVerdict
    from shared.runtime.table_comparison import Difference


async def check(admin_url: str, nats_url: str | None, show: bool = False, listed: int | None = None) -> dict[str, Any]:
    """The whole verification as one JSON object; `identical` sums it up.

    Its `stream` is None where that was not compared: without a `nats_url`, or as the log cannot be read. A service
    without tables, or with tables that cannot be compared now, has a `reason`. `listed`: how many differences of each
    table are listed at most, some if None; of the others `not_listed` says how many there are.
    """
    # The folds have processes of their own, for which this one would only wait.
    folding = asyncio.ensure_future(_folds(admin_url, listed, show))
    copies = _check_copies(admin_url, nats_url, lambda what: line(what, show, quiet=lambda: not folding.done()))
    found, stream = (await asyncio.gather(folding, copies))[1]
    report = folding.result()
    report["log"] = {"intact": not found.positions, "damaged": found.positions, "damages": damages_of(found)}
    report["stream"] = stream and {
        "identical": stream.identical, "messages": stream.messages, "log": stream.log_head, "more": stream.more,
        "damaged": stream.findings.positions, "damages": damages_of(stream.findings),
    }  # fmt: skip
    sound = report["log"]["intact"] and (stream is None or report["stream"]["identical"])
    report["identical"] = report["identical"] and sound
    return report


async def _folds(admin_url: str, listed: int | None, show: bool) -> dict[str, Any]:
    """What the folds of the services came to; that the log cannot be read, where it cannot."""
    from shared.runtime.integrity import BROKEN
    from shared.runtime.projection import verify_schema

    schemas = {service: verify_schema(service) for service in SERVICES}
    told, folds = dict.fromkeys(SERVICES, () if listed is None else (listed,)), Folds()
    try:
        await fold_all(admin_url, "verify", schemas, show=show, arguments=told, folds=folds)
    except BROKEN as error:
        return {"identical": False, "services": {}, "unreadable": str(error)}
    except Impossible:
        pass  # of a service, which is said of it
    return report_of(folds.verdicts.values(), folds.refused)


async def _check_copies(
    admin_url: str, nats_url: str | None, told: Callable[[str], Callable[[int, int], None]]
) -> tuple["Findings", "StreamVerdict | None"]:
    """The log against its hash chain, and then the stream against the log, if that can be read."""
    from shared.runtime import integrity, stream_comparison
    from shared.runtime.database import connect

    async with await connect(admin_url, name="verify chain", autocommit=True) as connection:
        found = await integrity.check_log(connection, told("log"))
    with contextlib.suppress(*integrity.BROKEN):
        return found, await stream_comparison.compare(admin_url, nats_url, told("stream")) if nats_url else None
    return found, None


def damages_of(findings: "Findings") -> list[dict[str, Any]]:
    """The damages that are listed, as JSON."""
    return [asdict(damage) for damage in findings.damages]


def report_of(verdicts: Iterable["Verdict"], refused: Mapping[str, Exception] | None = None) -> dict[str, Any]:
    """The verdicts as JSON, and those that there are none of. `identical` is None where there was nothing to compare.

    `refused`: why a service could not be folded, which is its `reason`; None for the others.
    """
    from shared.runtime.projection import Verdict

    refused = refused or {}
    verdicts = [*verdicts, *(Verdict(service, 0, 0) for service in refused)]
    verdicts.sort(key=lambda verdict: SERVICES.index(verdict.service))
    different = bool(refused) or any(v.different_rows or v.failures or v.ahead for v in verdicts)
    return {
        "identical": False if different else True if all(verdict.compared for verdict in verdicts) else None,
        "services": {
            verdict.service: {
                "position": verdict.position,
                "events": verdict.events,
                "schema": verdict.schema,
                "compared": verdict.compared,
                "reason": str(refused[verdict.service]) if verdict.service in refused else None,
                "rows": verdict.rows,
                "different_rows": verdict.different_rows,
                "ahead": verdict.ahead,
                "differences": [_difference(each) for each in verdict.differences],
                "not_listed": verdict.not_listed,
                "damaged": verdict.damaged,
                "unfoldable": {str(position): error for position, error in verdict.failures.items()},
            }
            for verdict in verdicts
        },
    }


def say_folds(report: dict[str, Any], folded: str = "events", more: str = "") -> None:
    """A line for each service, and below it what differs.

    `folded`: what its events are called. `more`: said where there are more differences than are listed.
    """
    for name, found in report["services"].items():
        if found["reason"]:
            typer.echo(f"  {name:<11} not compared: {found['reason']}")
            continue
        rows = sum(found["rows"].values())
        verdict = ""
        if found["compared"]:
            verdict = f"{found['different_rows']:,} rows differ" if found["different_rows"] else "identical"
        if found["ahead"]:
            verdict = f"{found['ahead']:,} positions beyond the log's end"
        typer.echo(f"  {name:<11} {found['events']:>9,} {folded}  {rows:>9,} rows  {verdict}".rstrip())
        if found["ahead"]:
            typer.echo(f"      `leadstream repair` where the stream has them too, else `leadstream rebuild {name}`")
        for difference in found["differences"]:
            typer.echo(f"      {_told(difference)}")
        if found["not_listed"]:
            rest = ", ".join(f"{count:,} more of {table}" for table, count in found["not_listed"].items())
            typer.echo(f"      ... and {rest}{more}")
        for position, error in found["unfoldable"].items():
            typer.echo(f"      position {position} cannot be folded: {error}")
        if found["damaged"] is not None:
            typer.echo(f"      the log is damaged at {found['damaged']}: run `leadstream repair`, and look again")


def say_log(report: dict[str, Any]) -> None:
    """How the log and the stream are, and what mends them."""
    log, stream = report["log"], report["stream"]
    if "unreadable" in report:
        typer.echo(f"  PostgreSQL cannot read the log: {report['unreadable']}")
        typer.echo("  Neither tables nor stream were compared with it.")
    state = "intact" if log["intact"] else f"{log['damaged']:,} events damaged"
    typer.echo(f"  {'log':<11} {state}")
    say_damages(log["damages"])
    if stream:
        wrong = [f"{stream['damaged']:,} messages damaged"] if stream["damaged"] else []
        if stream["more"]:
            wrong.append(f"{stream['more']:,} events more than the log: `leadstream repair` takes them back")
        verdict = "; ".join(wrong) or "identical"
        typer.echo(f"  {'stream':<11} {stream['messages']:>9,} of {stream['log']:,} events copied  {verdict}")
        say_damages(stream["damages"])
    if not log["intact"] or (stream and not stream["identical"]):
        typer.echo("  `leadstream repair` mends each side from the other")


def say_damages(damages: list[dict[str, Any]]) -> None:
    """A line for each damage."""
    from shared.runtime.integrity import Damage

    for damage in damages:
        typer.echo(f"      {Damage(**damage).where}: {damage['reason']}")


def _difference(found: "Difference") -> dict[str, Any]:
    side = "replayed" if found.live is None else "live" if found.replayed is None else None
    event = found.event and {"position": found.event.position, "id": found.event.event_id, "type": found.event.type}
    return {
        "table": found.table, "key": found.key, "only_in": side, "columns": found.columns, "event": event,
        "live": found.live, "replayed": found.replayed,
    }  # fmt: skip


def _told(difference: dict[str, Any]) -> str:
    key = ", ".join(f"{name} {value}" for name, value in difference["key"].items())
    event = difference["event"]
    cause = f"; last event about it: {event['type']} at position {event['position']}" if event else ""
    if difference["only_in"]:
        where = "missing in the live table" if difference["only_in"] == "replayed" else "not in the log"
        return f"{difference['table']} {key}: {where}{cause}"
    values = [
        f"{name} is {_short(difference['live'][name])}, should be {_short(difference['replayed'][name])}"
        for name in difference["columns"]
    ]
    return f"{difference['table']} {key}: {'; '.join(values)}{cause}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
