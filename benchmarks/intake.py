"""What a long list costs before anything is launched: a preview of it, and its way into the tables.

    python -m benchmarks.intake [--rows 100000] [--json]

The list is an Apollo export of 63 columns. It is taken at a tenth of its length first: memory that grows with the file
shows in the difference.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from cli.campaign import Campaign
from cli.stack import Stack
from simulator.sample_list import write_list

PREVIEW = (sys.executable, "-m", "cli.main", "preview", "--workstream", "apollo_scrape", "--json")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadstream-intake-", ignore_cleanup_errors=True) as name:
        report = measure(Path(name), (chosen.rows // 10, chosen.rows))
    print(json.dumps(report, indent=2) if chosen.json else "\n".join(map(_written, report)))


def measure(folder: Path, lengths: tuple[int, ...]) -> list[dict[str, Any]]:
    """Both, for each length, on one stack."""
    report = []
    with Stack(folder, say=lambda line: print(f"  {line}", file=sys.stderr)).running() as stack:
        for rows in lengths:
            people = folder / f"people_{rows}.csv"
            write_list(people, rows)
            report.append({"rows": rows, "bytes": people.stat().st_size} | preview(people) | stage(stack, people, rows))
    return report


def preview(people: Path) -> dict[str, Any]:
    """Seconds of `leadstream preview`, start to end, and the most memory it had."""
    began = time.monotonic()
    process = subprocess.Popen([*PREVIEW, str(people)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return {"preview_seconds": round(time.monotonic() - began, 2), "preview_peak_mb": round(used.ru_maxrss / 1024)}


def stage(stack: Stack, people: Path, rows: int) -> dict[str, Any]:
    """Seconds from the first byte sent until every row is in ingest's tables, and the most memory ingest had."""
    campaign = Campaign(stack.urls, name=f"intake {rows}")
    campaign.set_up()
    running = stack.processes["ingest"].running
    assert running is not None
    ingest, peak, began = psutil.Process(running.pid), 0, time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        uploaded = pool.submit(campaign.upload, people)
        while not uploaded.done():
            peak = max(peak, ingest.memory_info().rss)
            time.sleep(0.05)
    assert uploaded.result()["rows"] == rows
    campaign.close()
    return {"stage_seconds": round(time.monotonic() - began, 2), "ingest_peak_mb": round(peak / 1e6)}


def _written(one: dict[str, Any]) -> str:
    return (
        f"{one['rows']} rows, {one['bytes'] / 1e6:.0f} MB: preview {one['preview_seconds']} s, at most "
        f"{one['preview_peak_mb']} MB; staged in {one['stage_seconds']} s, ingest at most {one['ingest_peak_mb']} MB"
    )


if __name__ == "__main__":
    main()
