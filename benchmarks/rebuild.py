"""How long rebuild and verify take on a generated log, all services together.

    python -m benchmarks.rebuild [--events 100000 | --million] [--json]

Wanted: a million events in under 60 s on 2 cores. Memory is that of the largest of the processes that fold. CPU seconds
are what to compare on a machine that does other things too; the load average, before and after, says whether it did.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from benchmarks.counters import cpu_seconds
from benchmarks.generated_log import fill
from cli.checks import check
from cli.folding import fold_all
from cli.stack import Stack
from shared.runtime.database import connect
from shared.runtime.projection import rebuild_schema
from shared.runtime.settings import SERVICES


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--events", type=int, default=100_000)
    size.add_argument(
        "--million", dest="events", action="store_const", const=1_000_000, help="generating takes minutes"
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="leadstream-bench-", ignore_cleanup_errors=True) as name,
        Stack(Path(name), services=False).running() as stack,
    ):
        report = asyncio.run(measure(stack, chosen.events))
    lines = [f"{key:<32} {value:>12,}" for key, value in report.items()]
    print(json.dumps(report, indent=2) if chosen.json else "\n".join(lines))


async def measure(stack: Stack, events: int) -> dict[str, Any]:
    """Wall and CPU seconds, PostgreSQL's included, and rates in events of the log."""
    generating = await timed(stack, fill(stack.admin_url, events))
    await make_live(stack.admin_url, events)
    schemas, load = {service: rebuild_schema(service) for service in SERVICES}, os.getloadavg()[0]
    rebuilding = await timed(stack, fold_all(stack.admin_url, "rebuild", schemas, show=True))
    verifying = await timed(stack, check(stack.admin_url, None, show=True))
    found = {"generate": generating, "rebuild": rebuilding, "verify": verifying}
    rates = {f"{name}_events_per_second": round(events / wall) for name, (wall, _) in found.items()}
    seconds = {f"{name}_seconds": round(wall, 1) for name, (wall, _) in found.items()}
    cpu = {f"{name}_cpu_seconds": round(used, 1) for name, (_, used) in found.items()}
    largest = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    loads = {"load_average_before": round(load, 1), "load_average_after": round(os.getloadavg()[0], 1)}
    return {"events": events} | seconds | cpu | rates | {"largest_process_mb": largest} | loads


async def timed(stack: Stack, work: Awaitable[Any]) -> tuple[float, float]:
    """Seconds of the clock, and of all processors: ours, our processes' and PostgreSQL's."""
    began, before = time.monotonic(), _cpu(stack)
    done = await work
    assert not (isinstance(done, dict) and not done["identical"]), done
    return time.monotonic() - began, _cpu(stack) - before


def _cpu(stack: Stack) -> float:
    postgres = stack.processes["postgres"].running
    assert postgres is not None
    return cpu_seconds(postgres.pid) + sum(os.times()[:4])


async def make_live(admin_url: str, events: int) -> None:
    """Give every service the tables that it would have had it been there all the time."""
    schemas = {service: f"made_{service}" for service in SERVICES}
    arguments = {service: (events, schema) for service, schema in schemas.items()}
    await fold_all(admin_url, "as_of", schemas, show=True, arguments=arguments)
    async with await connect(admin_url, name="make live", autocommit=True) as connection:
        for service in SERVICES:
            await connection.execute(f"DROP SCHEMA {service} CASCADE; ALTER SCHEMA made_{service} RENAME TO {service}")


if __name__ == "__main__":
    main()
