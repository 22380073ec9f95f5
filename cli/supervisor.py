"""The processes of a stack: started, watched, started again when they die, and ended together.

One supervisor works in a folder at a time. Should it be killed, its reaper ends the processes (see `cli.reaper`), and
the next one waits until they have ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TypeVar

from cli.reaper import Part, end
from shared.runtime.embedded import InUse, ServerFailed, spawn
from shared.runtime.on_disk import lock

T = TypeVar("T")
STEADY_SECONDS: Final = 10.0
# How long the end of what an earlier supervisor left is waited for: its reaper works, and whatever is not ended by one.
REAPER_SECONDS: Final = 60.0
LEFT_SECONDS: Final = 3.0
Spawn = Callable[[], "subprocess.Popen[bytes]"]


@dataclass
class Process:
    """One supervised process: how to start and end it (see `Part`), and the one that runs now."""

    name: str
    spawn: Spawn
    rank: int
    ending: signal.Signals
    running: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = 0.0

    def start(self) -> None:
        self.running = self.spawn()
        self.started_at = time.monotonic()

    def restart(self) -> bool:
        """Start it again: at once if it had run for a while, else after a pause that grows up to two seconds."""
        age = time.monotonic() - self.started_at
        if age < self.pause:
            return False
        self.pause = 0.1 if age > STEADY_SECONDS else min(2.0, 2 * self.pause + 0.1)
        # What is left of it has not ended yet, or there is no room: with the next look.
        with contextlib.suppress(ServerFailed, OSError, subprocess.SubprocessError):
            self.start()
        return self.alive

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    @property
    def part(self) -> Part:
        assert self.running is not None
        return Part(self.name, self.rank, self.ending, self.running.pid)


class Supervisor:
    """Of the processes of one folder. `say` is told what takes time."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.processes: dict[str, Process] = {}
        self._folder = folder
        self._say = say
        self._lock: IO[bytes] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def begin(self) -> None:
        """Take the folder. Raises InUse."""
        known = self._folder / "stack.pid"
        file = (self._folder / "stack.lock").open("ab")
        if not lock(file):
            file.close()
            number = known.read_text() if known.exists() else "?"
            raise InUse(
                f"leadstream runs already in this folder, as process {number}: end that (`kill {number}`), "
                "or take another folder"
            )
        self._lock = file
        with contextlib.suppress(OSError):  # a full disk is no reason not to start
            known.write_text(str(os.getpid()))
        self._reaper = self._after_what_is_left(self._start_reaper, REAPER_SECONDS)

    def add(self, name: str, spawn: Spawn, *, rank: int = 0, ending: signal.Signals = signal.SIGTERM) -> None:
        """Start a process. Raises InUse where one that an earlier supervisor has left does not end."""
        process = Process(name, spawn, rank, ending)
        self._after_what_is_left(process.start, LEFT_SECONDS)
        self.processes[name] = process
        self._tell(str(process.part))

    def watch(self) -> None:
        """From now on start again whatever dies."""
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def kill(self, name: str) -> None:
        """SIGKILL one of them."""
        process = self.processes[name].running
        assert process is not None
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all of them, and let go of the folder."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()  # it may be starting something just now
        running = {process.name: process for process in self.processes.values() if process.running is not None}
        end([process.part for process in running.values()], lambda part: running[part.name].alive)
        if self._reaper is not None:
            self._reaper.kill()
            self._reaper.communicate()
        if self._lock is not None:
            self._lock.close()

    def _start_reaper(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "cli.reaper"]
        return spawn(command, self._folder / "logs" / "reaper.log", stdin=subprocess.PIPE)

    def _after_what_is_left(self, start: Callable[[], T], seconds: float) -> T:
        """Start something as soon as nothing of its kind is left from an earlier supervisor. Raises InUse."""
        deadline, told = time.monotonic() + seconds, False
        while True:
            try:
                return start()
            except InUse:
                if time.monotonic() > deadline:
                    raise
            if not told:
                self._say("an earlier start was killed; waiting for the end of what it left")
                told = True
            time.sleep(0.1)

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            for process in list(self.processes.values()):
                if not process.alive and not self._stopping.is_set():
                    self._tell(process.name)
                    if process.restart():
                        self._tell(str(process.part))

    def _tell(self, line: str) -> None:
        assert self._reaper is not None
        assert self._reaper.stdin is not None
        with contextlib.suppress(OSError):  # somebody has killed it
            self._reaper.stdin.write(f"{line}\n".encode())
            self._reaper.stdin.flush()
