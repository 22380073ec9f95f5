"""How long rebuild and verify take on a generated log, all services together.

    python -m benchmarks.rebuild [--events 100000] [--json]

PERFORMANCE: a million events in under 60 s on 2 cores. Memory is that of the largest of the processes that fold.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

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
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadstream-bench-", ignore_cleanup_errors=True) as name:
        stack = Stack(Path(name))
        stack.start_servers()
        try:
            report = asyncio.run(measure(stack.admin_url, chosen.events))
        finally:
            stack.stop()
    print(json.dumps(report, indent=2) if chosen.json else "\n".join(f"{key:<28} {report[key]:>12,}" for key in report))


async def measure(admin_url: str, events: int) -> dict[str, Any]:
    """Seconds and rates, in events of the log."""
    _, generating = await _timed(fill(admin_url, events))
    await make_live(admin_url, events)
    schemas = {service: rebuild_schema(service) for service in SERVICES}
    verdicts, rebuilding = await _timed(fold_all(admin_url, "rebuild", schemas, show=True))
    report, verifying = await _timed(check(admin_url, None, show=True))
    assert report["identical"], report
    assert not any(verdict.different_rows for verdict in verdicts)
    return {
        "events": events,
        "generate_seconds": round(generating, 1),
        "rebuild_seconds": round(rebuilding, 1),
        "rebuild_events_per_second": round(events / rebuilding),
        "verify_seconds": round(verifying, 1),
        "verify_events_per_second": round(events / verifying),
        "largest_process_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }


async def make_live(admin_url: str, events: int) -> None:
    """Give every service the tables that it would have had it been there all the time."""
    schemas = {service: f"made_{service}" for service in SERVICES}
    arguments = {service: (events, schema) for service, schema in schemas.items()}
    await fold_all(admin_url, "as_of", schemas, show=True, arguments=arguments)
    async with await connect(admin_url, name="make live", autocommit=True) as connection:
        for service in SERVICES:
            await connection.execute(f"DROP SCHEMA {service} CASCADE; ALTER SCHEMA made_{service} RENAME TO {service}")


async def _timed(work: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return await work, time.monotonic() - began


if __name__ == "__main__":
    main()
