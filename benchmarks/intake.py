"""What a long list costs before anything is sent: a preview of it, its way into the tables, and a launch of it.

    python -m benchmarks.intake [--rows 100000] [--json]

The list is an Apollo export of 63 columns. It is taken at a tenth of its length first: memory that grows with the file
shows in the difference. The launch is cancelled once every row is an item: what comes after is `benchmarks.run`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from cli.campaign import Campaign
from cli.stack import Stack
from simulator.sample_list import write_list

PREVIEW = (sys.executable, "-m", "cli.main", "preview", "--workstream", "apollo_scrape", "--json")
WATCHED = ("ingest", "relay")
PATIENCE_SECONDS = 3_600
Peaks = dict[str, int]


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
    """All of it, for each length, on one stack."""
    report = []
    with Stack(folder, say=lambda line: print(f"  {line}", file=sys.stderr)).running() as stack:
        for rows in lengths:
            people = folder / f"people_{rows}.csv"
            write_list(people, rows)
            report.append({"rows": rows, "bytes": people.stat().st_size} | preview(people) | take(stack, people, rows))
    return report


def preview(people: Path) -> dict[str, Any]:
    """Seconds of `leadstream preview`, start to end, and the most memory it had."""
    began, peak = time.monotonic(), 0
    # Looked at while it runs: at its end the kernel tells the size of this process, which began it, if that is more.
    process = psutil.Popen([*PREVIEW, str(people)], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with suppress(psutil.Error):
            peak = max(peak, process.memory_info().rss)
        time.sleep(0.02)
    assert process.returncode == 0
    return {"preview_seconds": round(time.monotonic() - began, 2), "preview_peak_mb": round(peak / 1e6)}


def take(stack: Stack, people: Path, rows: int) -> dict[str, Any]:
    """Seconds until every row is in ingest's tables, then until each is an item, and the most memory of both."""
    campaign = Campaign(stack.urls, name=f"intake {rows}")
    campaign.set_up()
    began = time.monotonic()
    with _watched(stack) as staging:
        upload = campaign.upload(people)
    staged = time.monotonic()
    with _watched(stack) as launching:
        batch_id = campaign.launch(upload["upload_id"], ("split_raw_apollo_scrape_data",))["batch_id"]
        while campaign.batch(batch_id).get("added", 0) < rows:
            time.sleep(0.2)
    added = time.monotonic()
    campaign.api.command(f"/v1/batches/{batch_id}/cancel")
    campaign.wait(batch_id, PATIENCE_SECONDS)
    campaign.close()
    return {
        "stage_seconds": round(staged - began, 2), "stage_peak_mb": staging,
        "launch_seconds": round(added - staged, 2), "launch_peak_mb": launching,
    }  # fmt: skip


@contextmanager
def _watched(stack: Stack) -> Iterator[Peaks]:
    """The most memory (MB) of each process while the block runs."""
    running = {name: process for name in WATCHED if (process := stack.processes[name].running)}
    processes = {name: psutil.Process(process.pid) for name, process in running.items()}
    peaks, over = dict.fromkeys(processes, 0), threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for name, process in processes.items():
                peaks[name] = max(peaks[name], round(process.memory_info().rss / 1e6))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def _written(one: dict[str, Any]) -> str:
    lines = [
        f"{one['rows']} rows, {one['bytes'] / 1e6:.0f} MB: preview {one['preview_seconds']} s, at most "
        f"{one['preview_peak_mb']} MB"
    ]
    for what, did in (("stage", "staged"), ("launch", "made items")):
        most = ", ".join(f"{name} {peak} MB" for name, peak in one[f"{what}_peak_mb"].items())
        lines.append(f"  {did} in {one[f'{what}_seconds']} s, at most: {most}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
