"""The standard workload: N people, 5 at a company; normalise, enrich person, enrich company; leads at the end.

    python -m benchmarks.run [--rows 1000] [--rounds 3] [--json]

Times depend on the machine and its neighbours; counts and CPU time per item do not, or much less. tests/e2e gates on
the counts. The simulator answers at once; its own CPU is shown apart.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.counters import Snapshot, statements, take
from cli.campaign import Campaign
from cli.stack import Stack
from shared.ids import to_hex
from simulator.sample_list import write_list

IDLE_SAMPLES = 15
LEADS_SECONDS = 900.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadstream-bench-", ignore_cleanup_errors=True) as name:
        report = measure(Path(name), chosen.rows, chosen.rounds)
    print(json.dumps(report, indent=2) if chosen.json else _written(report))


def measure(folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """The rounds, and one item alone, on a stack of their own."""
    people = folder / "people.csv"
    write_list(people, rows)
    with Stack(folder, say=lambda line: print(f"  {line}", file=sys.stderr)).running() as stack:
        timed = [one_round(stack, people, rows) for _ in range(rounds)]
        alone = idle(stack, folder)
        with statements(stack) as counted:
            one_round(stack, people, rows)
        per_item = {name: round(count / rows, 3) for name, count in sorted(counted.items())}
        return {"rounds": timed, "idle_ms": alone, "statements_per_item": per_item}


def one_round(stack: Stack, people: Path, rows: int) -> dict[str, Any]:
    """One batch by a client of its own, from launch to the last lead; every count checked."""
    campaign = Campaign(stack.urls, name=f"bench {time.time_ns()}")
    campaign.set_up()
    upload = campaign.upload(people)
    before, began = take(stack), time.monotonic()
    batch_id = campaign.launch(upload["upload_id"])["batch_id"]
    wait_for_leads(stack, batch_id, rows)
    seconds = time.monotonic() - began
    batch = campaign.wait(batch_id, 30)
    after = take(stack)
    assert (batch["completed"], batch["failed"]) == (rows, 0), batch
    assert len(campaign.leads(batch["batch_id"])) == rows
    campaign.close()
    return {
        "items": rows,
        "seconds": round(seconds, 3),
        "items_per_second": round(rows / seconds, 1),
    } | per_item(before, after, rows)


def wait_for_leads(stack: Stack, batch_id: str, rows: int) -> None:
    """Until the batch has all its leads, which are counted only once it has ended. Raises TimeoutError."""
    query = """
    SELECT CASE WHEN ended_at IS NULL THEN false
                ELSE (SELECT count(*) = %s FROM projector.final_leads WHERE batch_id = batch.batch_id) END
    FROM sequencer.batch WHERE batch_id = %s
    """
    deadline = time.monotonic() + LEADS_SECONDS
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(query, (rows, to_hex(batch_id))).fetchone()
            if row and row[0]:
                return
            time.sleep(0.02)
    raise TimeoutError(f"batch {batch_id} has not its {rows} leads within {LEADS_SECONDS:g} s")


def per_item(before: Snapshot, after: Snapshot, rows: int) -> dict[str, Any]:
    """What one item cost."""
    cpu = {name: round((after.cpu[name] - before.cpu[name]) / rows * 1000, 3) for name in before.cpu}
    simulator = cpu.pop("simulator", 0.0)
    names = ("events", "messages", "transactions", "rows", "fsyncs", "wal_bytes")
    counted = {name: round((getattr(after, name) - getattr(before, name)) / rows, 3) for name in names}
    return {
        "cpu_ms_per_item": cpu | {"total": round(sum(cpu.values()), 3)},
        "simulator_cpu_ms_per_item": simulator,
        "per_item": counted,
        "memory_mb": round(after.memory / 1e6),
    }


def idle(stack: Stack, folder: Path) -> float:
    """Milliseconds from launch to the end of three steps for one item alone: the median, by the log's own times."""
    campaign = Campaign(stack.urls, name="idle")
    campaign.set_up()
    write_list(folder / "many.csv", IDLE_SAMPLES)
    upload = campaign.upload(folder / "many.csv")
    taken = []
    for row in range(1, IDLE_SAMPLES + 1):
        launched = campaign.launch(upload["upload_id"], rows=[row])
        campaign.wait(launched["batch_id"], 30, every=0.1)
        events = campaign.read("ingest", f"/v1/history/{launched['batch_id']}")
        times = [_milliseconds(event["occurred_at"]) for event in events]
        taken.append(times[-1] - times[0])
        time.sleep(0.05)
    campaign.close()
    return round(statistics.median(taken), 1)


def _milliseconds(written: str) -> float:
    return datetime.fromisoformat(written).timestamp() * 1000


def _written(report: dict[str, Any]) -> str:
    lines = []
    for number, one in enumerate(report["rounds"], start=1):
        lines.append(f"round {number}: {one['items']} items in {one['seconds']} s: {one['items_per_second']} items/s")
        lines.append("  CPU ms/item  " + "  ".join(f"{n} {v}" for n, v in one["cpu_ms_per_item"].items()))
        lines.append(f"               (simulator {one['simulator_cpu_ms_per_item']})")
        lines.append("  per item     " + "  ".join(f"{n} {v}" for n, v in one["per_item"].items()))
        lines.append(f"  memory       {one['memory_mb']} MB without PostgreSQL")
    asked = report["statements_per_item"]
    told = "  ".join(f"{name} {count}" for name, count in asked.items())
    lines.append(f"statements per item, of a round more: {sum(asked.values()):.3f}  ({told})")
    best = statistics.median(one["items_per_second"] for one in report["rounds"])
    return "\n".join([*lines, f"median {best} items/s; one item alone {report['idle_ms']} ms"])


if __name__ == "__main__":
    main()
