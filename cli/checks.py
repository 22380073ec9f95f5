"""`verify` and `rebuild`: does the state follow from the log, and make it follow again."""

import asyncio
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.runtime.settings import SERVICES

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Data = Annotated[
    Path, typer.Option(envvar="LEADSTREAM_DATA", help="Data folder of a stack started by `leadstream up`.")
]


def verify(data: Data = Path(".leadstream/up"), as_json: Json = False) -> None:
    """Fold the log afresh and compare it with every live table, with the stream, and with its own hash chain.

    Exit code 0: identical. Servers: LEADSTREAM_ADMIN_DATABASE_URL and LEADSTREAM_NATS_URL, else the stack in the data
    folder. Example: leadstream verify --json
    """
    admin_url, nats_url = _servers(data)
    from shared.runtime.projection import OtherShape

    try:
        report = asyncio.run(check(admin_url, nats_url, show=not as_json))
    except OtherShape as error:
        sys.exit(str(error))
    if as_json:
        typer.echo(json.dumps(report, default=str))
    else:
        _print(report)
    sys.exit(0 if report["identical"] else 1)


def rebuild(
    service: Annotated[str, typer.Argument(help="One service, or all.")] = "all",
    data: Data = Path(".leadstream/up"),
    as_json: Json = False,
) -> None:
    """Drop a service's state tables and make them anew from the log; say what was different before.

    Nothing is sent and no event is written. The service waits meanwhile and goes on by itself.
    Example: leadstream rebuild projector
    """
    names = SERVICES if service == "all" else (service,)
    if unknown := set(names) - set(SERVICES):
        raise typer.BadParameter(f"there is no service {unknown.pop()!r}; there are {', '.join(SERVICES)} and all")
    admin_url, _ = _servers(data)
    report = asyncio.run(_rebuild(admin_url, names, show=not as_json))
    if as_json:
        typer.echo(json.dumps(report, default=str))
    else:
        _print(report)


async def check(admin_url: str, nats_url: str | None, show: bool = False) -> dict[str, Any]:
    """The whole verification as one JSON object; `identical` sums it up."""
    from shared.runtime import comparison, log, projection
    from shared.runtime.database import connect

    verdicts = [await projection.verify(admin_url, definition(name), _progress(show)) for name in SERVICES]
    async with await connect(admin_url, name="verify chain", autocommit=True) as connection:
        broken = await log.broken_link(connection)
    stream = await comparison.compare(admin_url, nats_url) if nats_url else None
    report = _report(verdicts)
    report["chain"] = {"intact": broken is None, "broken_at": broken}
    if stream is not None:
        report["stream"] = {
            "identical": stream.identical, "messages": stream.messages, "log": stream.log_head,
            "differs_at": stream.differs_at, "reason": stream.reason,
        }  # fmt: skip
    report["identical"] = report["identical"] and broken is None and (stream is None or stream.identical)
    return report


def definition(name: str) -> Any:
    """A service's definition."""
    return import_module(f"services.{name}.app").DEFINITION


async def _rebuild(admin_url: str, names: tuple[str, ...], show: bool) -> dict[str, Any]:
    from shared.runtime import projection

    return _report([await projection.rebuild(admin_url, definition(name), _progress(show)) for name in names])


def _report(verdicts: list[Any]) -> dict[str, Any]:
    return {
        "identical": not any(verdict.different_rows for verdict in verdicts),
        "services": {
            verdict.service: {
                "position": verdict.position,
                "events": verdict.events,
                "rows": verdict.rows,
                "different_rows": verdict.different_rows,
                "differences": [{"table": d.table, "only_in": d.side, "row": d.row} for d in verdict.differences],
            }
            for verdict in verdicts
        },
    }


def _progress(show: bool) -> Any:
    def shown(service: str, position: int, upto: int) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r  {service}: {position:,} of {upto:,} ", nl=position >= upto, err=True)

    return shown if show else lambda *_: None


def _print(report: dict[str, Any]) -> None:
    for name, found in report["services"].items():
        rows = sum(found["rows"].values())
        verdict = "identical" if not found["different_rows"] else f"{found['different_rows']} rows differ"
        typer.echo(f"  {name:<11} {found['events']:>9,} events  {rows:>9,} rows  {verdict}")
        for difference in found["differences"]:
            row = json.dumps(difference["row"], default=str)[:300]
            typer.echo(f"      only {difference['only_in']}: {difference['table']} {row}")
    if "chain" in report:
        broken = report["chain"]["broken_at"]
        typer.echo(f"  hash chain  {'intact' if broken is None else f'broken at position {broken}'}")
    if stream := report.get("stream"):
        verdict = "identical" if stream["identical"] else f"differs at {stream['differs_at']}: {stream['reason']}"
        typer.echo(f"  stream      {stream['messages']:>9,} of {stream['log']:,} events copied  {verdict}")


def _servers(data: Path) -> tuple[str, str | None]:
    if url := os.environ.get("LEADSTREAM_ADMIN_DATABASE_URL"):
        return url, os.environ.get("LEADSTREAM_NATS_URL")
    if not (data / "stack.json").exists():
        sys.exit(
            f"there is no stack in {data}: start one with `leadstream up`, name its folder with --data, or set "
            "LEADSTREAM_ADMIN_DATABASE_URL (and LEADSTREAM_NATS_URL)"
        )
    from cli.stack import Stack

    stack = Stack(data)
    return stack.admin_url, stack.nats.url("service")
