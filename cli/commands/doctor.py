"""`leadstream doctor`: what is wrong with the running product, and what to do about it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import DEFAULT_DATA, AsJson, DataFolder, naming
from cli.output import note, say, show_json

if TYPE_CHECKING:
    from cli.findings import Finding
    from cli.servers import Servers


def doctor(
    verify: Annotated[
        bool, typer.Option("--verify", help="Also fold the log afresh and compare: minutes, if long.")
    ] = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Look at servers, streams, services, dead letters, settings and disks; name what is wrong and what to do.

    Exit code 0: nothing is wrong, warnings aside. Servers: as for `leadstream verify`; without them, only the services
    are asked. Example: leadstream doctor --json
    """
    import asyncio

    found = asyncio.run(_examine(data, verify))
    problems = [finding for finding in found if finding.severity == "problem"]
    if as_json:
        show_json({"healthy": not problems, "findings": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            say(f"{finding.severity}: {finding.text}")
            say(f"  → {finding.do}")
        note(f"{len(problems)} problems, {len(found) - len(problems)} warnings" if found else "nothing is wrong")
    raise typer.Exit(1 if problems else 0)


async def _examine(data: Path, verify: bool) -> "list[Finding]":
    import os

    from cli import examination
    from cli.addresses import endpoints
    from cli.errors import Refused
    from cli.findings import of_services, problem, warning
    from cli.health import health
    from cli.servers import servers_of, stack_of

    places = endpoints(os.environ | {"LEADSTREAM_DATA": str(data)})
    told = health(places)
    try:
        servers = servers_of(data)
    except Refused as refused:
        return [*of_services(told, None), warning("servers_unknown", "the servers were not looked at", str(refused))]
    stack = None if any(place.named for place in places.values()) else stack_of(data)
    if stack and not (any(told.values()) or stack.postgres.answers() or stack.nats.answers()):
        down = problem("stack_down", f"the stack in {data} does not run", f"`leadstream up{naming(data)}`")
        return [down, *examination.disks(data)]
    at = naming(data) if stack_of(data) else ""
    found = [finding async for finding in examination.database(servers, at)]
    found += [finding async for finding in examination.streams(servers, at)]
    found += of_services(told, await examination.leaders(servers), data if stack else None)
    if any(finding.code == "no_services" for finding in found):  # which it says of all
        found = [finding for finding in found if finding.code != "never_ran"]
    found += examination.disks(data)
    if verify and not any(finding.severity == "problem" for finding in found):
        found += await _verified(servers, at)
    return sorted(found, key=lambda finding: finding.severity)


async def _verified(servers: "Servers", at: str = "") -> "list[Finding]":
    from cli.checks import check
    from cli.errors import CommandFailed
    from cli.findings import problem
    from cli.servers import reached

    try:
        with reached():
            report = await check(servers.database, servers.nats)
    except CommandFailed as error:
        return [
            problem("not_verified", f"the log was not folded: {error}", f"leadstream doctor --verify{at}, once more")
        ]
    found, do = [], f"leadstream verify{at} says where; docs/operations what to do"
    if reasons := [service["reason"] for service in report["services"].values() if service["reason"]]:
        found.append(problem("not_verified", f"not compared with the log: {'; '.join(reasons)}", do))
    if not report["identical"] and (not reasons or _differs(report)):
        found.append(problem("verify_differs", "state, log and stream do not agree", do))
    return found


def _differs(report: dict[str, Any]) -> bool:
    """Whether anything differs of what was compared."""
    services, stream = report["services"].values(), report["stream"]
    different = any(found[what] for found in services for what in ("different_rows", "ahead", "unfoldable"))
    return different or not report["log"]["intact"] or bool(stream and not stream["identical"])
