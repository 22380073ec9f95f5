"""Ends what a killed `leadstream up` or `demo` leaves behind.

It runs beside a supervisor, which writes a line for each process that it starts ("name rank signal pid") and for each
that has ended ("name"). The end of these lines is the end of the supervisor: by SIGKILL, since otherwise it ends its
processes, and the reaper, itself. Imports next to nothing, for it does nothing all day.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

STOP_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Part:
    """A process of the stack. Those of a lower `rank` are ended first, each by its signal `ending`."""

    name: str
    rank: int
    ending: int
    pid: int

    def __str__(self) -> str:
        return f"{self.name} {self.rank} {self.ending:d} {self.pid}"


def end(parts: Iterable[Part], alive: Callable[[Part], bool]) -> None:
    """End them, rank by rank; kill what does not listen."""
    left = [part for part in parts if alive(part)]
    for rank in sorted({part.rank for part in left}):
        for how, seconds in ((None, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            now = [part for part in left if part.rank == rank and alive(part)]
            for part in now:
                _signal(part, how or part.ending)
            deadline = time.monotonic() + seconds
            while any(map(alive, now)) and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)


def main() -> None:
    """Wait for the supervisor's end, and end what it has left."""
    parts: dict[str, Part] = {}
    for line in sys.stdin:
        name, *numbers = line.split()
        parts.pop(name, None)
        if numbers:
            rank, ending, pid = map(int, numbers)
            parts[name] = Part(name, rank, ending, pid)
    left = [part for part in parts.values() if _is_there(part)]
    _say("the stack's own process is gone; ending what it left", left)
    end(left, _is_there)
    _say("ended", left)


def _is_there(part: Part) -> bool:
    return _signal(part, 0)


def _signal(part: Part, number: int) -> bool:
    """Whether there was somebody to take it."""
    try:
        os.kill(part.pid, number)
    except (ProcessLookupError, PermissionError):  # gone; another user's, to whom the number went since
        return False
    return True


def _say(event: str, parts: Iterable[Part]) -> None:
    told = {part.name: part.pid for part in parts}
    line = {"timestamp": datetime.now(UTC).isoformat(), "level": "warning", "event": event, "processes": told}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
