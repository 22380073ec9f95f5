"""What can break, and how it is broken: processes, connections and clocks.

`streams`, `disks`, `doubles` and `provider` have the rest.

A fault strikes, holds for a while, and is healed. It returns its evidence: what shows that it really hit. One of which
nothing can be seen raises `NotSeen`, and the run counts as not tested.
"""

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import httpx
import psutil
import psycopg

from chaos.stack import StackUnderFire
from shared.runtime.settings import SERVICES

PATIENCE_SECONDS: Final = 180.0
# PostgreSQL may have been killed by another fault just when one is asked what shows that it hit.
RESTART_SECONDS: Final = 15.0


class NotSeen(Exception):
    """A fault of which nothing could be seen within its time: the run has not tested it."""


@dataclass
class Scene:
    """Where faults strike: the stack, and the seconds that each killed part took to come back, as they are measured."""

    stack: StackUnderFire
    own_volumes: bool
    recoveries: list[float] = field(default_factory=list)

    def until(self, seen: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> float:
        """Wait until something can be seen; the seconds it took. Raises NotSeen. Servers may be away meanwhile."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(psycopg.OperationalError, httpx.HTTPError, OSError):
                if seen():
                    return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise NotSeen(f"not within {seconds:g} s: {what}")
            time.sleep(0.05)

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """A query's rows, as the superuser, around all links, also if PostgreSQL is just being started again.

        Raises psycopg.OperationalError.
        """
        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                with psycopg.connect(self.stack.admin_url, autocommit=True, connect_timeout=3) as connection:
                    return connection.execute(query.encode(), parameters).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def ask(self, query: str, *parameters: Any) -> Any:
        """The one row of a query."""
        (row,) = self.rows(query, *parameters)
        return row

    def head(self) -> int:
        """The log's last position."""
        return int(self.ask("SELECT position FROM log.head")[0])


def tail(file: Path, size: int) -> bytes:
    """What was written into a file since it had this size."""
    with file.open("rb") as opened:
        opened.seek(size)
        return opened.read()


class Fault(Protocol):
    """`touches`: the parts that no other fault may touch meanwhile."""

    kind: ClassVar[str]

    @property
    def touches(self) -> tuple[str, ...]: ...

    def strike(self, scene: Scene) -> str:
        """Break, hold, heal; the evidence. Raises NotSeen."""


@dataclass(frozen=True)
class Kill:
    """SIGKILL; whoever supervises starts it again."""

    kind: ClassVar[str] = "kill -9"
    part: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.part,)

    def strike(self, scene: Scene) -> str:
        stack = scene.stack
        victim = stack.processes[self.part].running
        assert victim is not None
        scene.until(lambda: stack.pid(self.part) == victim.pid and victim.poll() is None, f"{self.part} is alive")
        victim.kill()
        code = victim.wait(timeout=10)
        if code != -signal.SIGKILL:
            raise NotSeen(f"{self.part} ended with {code} by itself")
        seconds = scene.until(lambda: works(scene, self.part, victim.pid), f"{self.part} works again")
        scene.recoveries.append(seconds)
        return f"process {victim.pid} died of SIGKILL, its successor works after {seconds:.1f} s"


def works(scene: Scene, part: str, not_pid: int) -> bool:
    """Whether another process than `not_pid` runs the part, and it does its work."""
    stack = scene.stack
    if not stack.processes[part].alive or stack.pid(part) == not_pid:
        return False
    if part in SERVICES:
        return stack.is_ready(part)
    if part == "nats":
        return stack.nats.answers()
    if part == "postgres":
        return scene.head() >= 0
    query = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"
    return bool(scene.ask(f"{query} AND l.granted AND a.application_name = 'leadstream relay'")[0])


@dataclass(frozen=True)
class Freeze:
    """SIGSTOP to a process and its children for some seconds, then SIGCONT: a machine that hangs, and goes on."""

    kind: ClassVar[str] = "SIGSTOP"
    part: str
    seconds: float

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.part,)

    def strike(self, scene: Scene) -> str:
        stopped = scene.stack.signal(self.part, signal.SIGSTOP)
        try:
            scene.until(lambda: _state(stopped[0]) == psutil.STATUS_STOPPED, f"{self.part} stands still", 5)
            time.sleep(self.seconds)
            still = _state(stopped[0])
        finally:
            for process in stopped:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)
        if still != psutil.STATUS_STOPPED:
            raise NotSeen(f"{self.part} was {still} before it was let go")
        return f"{len(stopped)} processes in state T for {self.seconds:.1f} s"


def _state(process: psutil.Process) -> str:
    return str(process.status())


@dataclass(frozen=True)
class Cut:
    """All connections of one link are reset."""

    kind: ClassVar[str] = "connections cut"
    link: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.link,)

    def strike(self, scene: Scene) -> str:
        links = scene.stack.links
        scene.until(lambda: bool(links.by_name[self.link].connections), f"{self.link}: a connection to cut")
        count = links.cut(self.link)
        if not count:
            raise NotSeen(f"{self.link}: the connections went by themselves")
        return f"{count} connections reset"


@dataclass(frozen=True)
class HalfOpen:
    """One link goes silent, its connections stand; then they are reset, or what was held goes on its way."""

    kind: ClassVar[str] = "half-open"
    link: str
    seconds: float
    resume: bool

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.link,)

    def strike(self, scene: Scene) -> str:
        links, link = scene.stack.links, scene.stack.links.by_name[self.link]
        held, waiting = link.held, link.kept_waiting
        links.silence(self.link)
        try:
            scene.until(lambda: link.held + link.kept_waiting > held + waiting, f"{self.link}: bytes that go nowhere")
            time.sleep(self.seconds)
            reset = 0 if self.resume else links.cut(self.link)
        finally:
            links.pass_on(self.link)
        end = "then let through" if self.resume else f"then {reset} connections reset"
        kept = f"{link.held - held} bytes and {link.kept_waiting - waiting} new connections"
        return f"{kept} held for {self.seconds:.1f} s, {end}"


@dataclass(frozen=True)
class Slow:
    """Every chunk that passes one link is late."""

    kind: ClassVar[str] = "slow"
    link: str
    seconds: float
    delay: float

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.link,)

    def strike(self, scene: Scene) -> str:
        link = scene.stack.links.by_name[self.link]
        before, link.delay = link.delayed, self.delay
        try:
            time.sleep(self.seconds)
            scene.until(lambda: link.delayed > before, f"{self.link}: bytes to slow down")
        finally:
            link.delay = 0.0
        return f"{link.delayed - before} bytes late by {self.delay * 1000:.0f} ms a chunk"


@dataclass(frozen=True)
class Clock:
    """One service runs for a while with a clock that is wrong by minutes, then with the right one."""

    kind: ClassVar[str] = "clock off"
    part: str
    seconds: float
    minutes: int

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.part,)

    def strike(self, scene: Scene) -> str:
        stack = scene.stack
        log = stack.folder / "logs" / f"{self.part}.log"
        after, size = scene.head(), log.stat().st_size
        stack.set_clock(self.part, self.minutes * 60)
        try:
            scene.until(lambda: works(scene, self.part, 0), f"{self.part} with its clock off")
            scene.until(lambda: b"clock is off" in tail(log, size), f"{self.part} notices")
            time.sleep(self.seconds)
            wrong = self._wrong(scene, after)
        finally:
            stack.set_clock(self.part, 0)
        if wrong:
            raise AssertionError(f"{wrong} events with times {self.minutes:+d} minutes off")
        scene.until(lambda: works(scene, self.part, 0), f"{self.part} with its clock right")
        return f"it noticed {tail(log, size).count(b'clock is off')} times, and wrote no event with a wrong time"

    def _wrong(self, scene: Scene, after: int) -> int:
        """Events since a position whose time is off by about as much as the clock is."""
        told = datetime.now(UTC) + timedelta(minutes=self.minutes)
        query = (
            "SELECT count(*) FROM log.events WHERE position > %s AND abs(extract(epoch FROM occurred_at - %s)) < 120"
        )
        return int(scene.ask(query, after, told)[0])
