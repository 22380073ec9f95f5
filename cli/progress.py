"""The live view of one batch, step by step: redrawn on a terminal, a line for every change in a pipe."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cli.errors import Unreachable

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

Batch = dict[str, Any]
WIDEST_BAR: Final = 30
BESIDE_BAR: Final = 32
MISSES: Final = 30
# So many looks at a paused batch without a change, and what was about to begin has begun.
STILL: Final = 4
NUMBERS: Final = {"done": "Done", "shared": "Shared", "skipped": "Skipped", "failed": "Failed", "open": "Open"}
# Of what is skipped, what another item's call has done.
SHARED: Final = ("_enrichment_in_progress", "_already_enriched", "_not_found")
COLOURS: Final = {"COMPLETED": "green", "SKIPPED": "cyan", "FAILED": "red", "IN_PROGRESS": "yellow"}


def watch(
    get: Callable[[], Batch],
    console: "Console",
    *,
    seconds: float = 0.5,
    sleep: Callable[[float], None] = time.sleep,
) -> Batch:
    """Show the batch until it is over, or paused with nothing under way, asking every `seconds`; returns the last."""
    batches = _polled(get, lambda: sleep(seconds))
    return _redrawn(batches, console) if console.is_terminal else _told(batches, console)


def is_over(batch: Mapping[str, Any]) -> bool:
    """Nothing of the batch moves any more."""
    return batch["status"] in {"completed", "cancelled"}


def is_waiting(batch: Mapping[str, Any]) -> bool:
    """The batch is paused, and none of its calls is `under_way`; where it does not say, no step is that was called."""
    called = sum(step["counts"].get("IN_PROGRESS", 0) for step in batch["steps"])
    return batch["status"] == "paused" and not batch.get("under_way", called)


def succeeded(batch: Mapping[str, Any]) -> bool:
    """Every item of the batch went through every step."""
    return bool(batch["status"] == "completed" and not batch["failed"])


def picture(batch: Batch, now: datetime, width: int = 80) -> "Group":
    """The batch as something rich can draw in so many columns."""
    from rich.console import Group
    from rich.text import Text

    return Group(Text(headline(batch, now), style="bold"), _steps_table(batch, width))


def standing(batch: Batch) -> str:
    """The batch's status, and whether it was cancelled after its end: nothing of it is retried then."""
    cancelled = batch["status"] == "completed" and batch.get("final")
    return f"{batch['status']}{', then cancelled' if cancelled else ''}"


def headline(batch: Batch, now: datetime) -> str:
    """One line: status, items ended, failures, pace."""
    ended = _ended(batch)
    parts = [f"{batch['batch_id']} {standing(batch)}", f"{ended} of {batch['items']} items ended"]
    parts += [f"{batch[name]} {name}" for name in ("failed", "cancelled") if batch[name]]
    return ", ".join(parts + _pace(batch, ended, now))


def step_rows(batch: Batch) -> list[dict[str, Any]]:
    """The steps, with how many items are done, done by a call they shared, skipped otherwise, failed, or open."""
    return [
        {
            "workflow": step["workflow"],
            "done": step["counts"].get("COMPLETED", 0),
            "shared": (shared := sum(n for reason, n in step["skipped"].items() if reason.endswith(SHARED))),
            "skipped": step["counts"].get("SKIPPED", 0) - shared,
            "failed": step["counts"].get("FAILED", 0),
            "open": step["counts"].get("PENDING", 0) + step["counts"].get("IN_PROGRESS", 0),
        }
        for step in batch["steps"]
    ]


def step_line(batch: Batch) -> str:
    """One line: how far each step is."""
    return " | ".join(_step_words(step, batch["items"]) for step in batch["steps"])


def _polled(get: Callable[[], Batch], pause: Callable[[], None]) -> Iterator[Batch]:
    """The batch as it is now, again and again until it moves no more; a service that restarts is waited for."""
    batch, missed, same = get(), 0, 0
    while True:
        yield batch
        if is_over(batch) or (is_waiting(batch) and same >= STILL):
            return
        pause()
        try:
            before, batch, missed = batch, get(), 0
            same = same + 1 if batch == before else 0
        except Unreachable:
            missed += 1
            if missed > MISSES:
                raise


def _redrawn(batches: Iterator[Batch], console: "Console") -> Batch:
    from rich.live import Live

    batch: Batch = {}
    with Live(console=console, auto_refresh=False) as live:
        for batch in batches:
            live.update(picture(batch, datetime.now(UTC), console.width), refresh=True)
    return batch


def _told(batches: Iterator[Batch], console: "Console") -> Batch:
    batch, last = {}, ""
    for batch in batches:
        line = f"{batch['status']} {_ended(batch)}/{batch['items']}: {step_line(batch)}"
        if line != last:
            console.print(line, markup=False, soft_wrap=True)
        last = line
    return batch


def _steps_table(batch: Batch, width: int) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    rows = step_rows(batch)
    # A terminal of 80 columns has no room for what is mostly nought.
    shown = [number for number in NUMBERS if number != "skipped" or any(row[number] for row in rows)]
    for heading in ("Step", "", *(NUMBERS[number] for number in shown)):
        table.add_column(heading, justify="left" if heading in {"Step", ""} else "right", no_wrap=True)
    names = [f"{step['step'] + 1} {step['workflow']}" for step in batch["steps"]]
    room = max(6, min(WIDEST_BAR, width - BESIDE_BAR - max(map(len, names), default=0)))
    for name, step, row in zip(names, batch["steps"], rows, strict=True):
        numbers = [str(row[number] or "") for number in shown]
        table.add_row(Text(name), _bar(step["counts"], batch["items"], room), *numbers)
    return table


def _bar(counts: Mapping[str, int], items: int, width: int) -> "Text":
    from rich.text import Text

    bar, so_far, drawn = Text(), 0, 0
    for status, colour in COLOURS.items():
        so_far += counts.get(status, 0)
        until = width * so_far // max(items, 1)
        bar.append("━" * (until - drawn), style=colour)
        drawn = until
    return bar.append("━" * (width - drawn), style="bright_black")


def _step_words(step: Mapping[str, Any], items: int) -> str:
    counts = step["counts"]
    done = counts.get("COMPLETED", 0) + counts.get("SKIPPED", 0)
    failed = f" ({counts['FAILED']} failed)" if counts.get("FAILED") else ""
    return f"{step['workflow']} {done}/{items}{failed}"


def _ended(batch: Batch) -> int:
    return int(batch["completed"] + batch["failed"] + batch["cancelled"])


def _pace(batch: Batch, ended: int, now: datetime) -> list[str]:
    """Items a minute since the launch, and how long the rest takes at that pace."""
    until = datetime.fromisoformat(batch["ended_at"]) if batch["ended_at"] else now
    passed = (until - datetime.fromisoformat(batch["launched_at"])).total_seconds()
    if not ended or passed <= 0:
        return []
    left = timedelta(seconds=round(passed / ended * (batch["items"] - ended)))
    ahead = [f"about {left} left"] if batch["status"] == "running" else []
    return [f"{ended / passed * 60:,.0f} a minute", *ahead]
