"""One run: start everything, load it, let the lanes strike, heal, wait until all work has ended, check."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaos.disks import DiskFull
from chaos.faults import NotSeen, Scene
from chaos.invariants import still_open, violations
from chaos.links import Links
from chaos.load import Load
from chaos.provider import WELL, ledger, outstanding, set_knobs
from chaos.report import Report, Struck
from chaos.schedule import LANES, Strike, kinds_of, lane
from chaos.stack import StackUnderFire, volumes
from chaos.streams import last_sequence, patiently

WARM_UP_SECONDS = 3.0
SETTLE_SECONDS = 600.0
QUIET_SECONDS = 2.0
# The part of a run that one fault may fill: the others of its lane, and those that touch the same, want their turn.
LONGEST = 1 / 3
# So many faults of a lane may stand aside until what they touch is free; then the oldest is waited for.
ASIDE = 60


@dataclass
class Options:
    """What a person may choose. `rate`: items a second; `rows`: of each list; `only`: kinds of faults, none: all."""

    seed: int
    seconds: float
    rows: int = 100
    rate: float = 30.0
    only: frozenset[str] = frozenset()


@dataclass
class Run:
    """One run in a folder of its own."""

    options: Options
    folder: Path
    say: Callable[[str], None]
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = Report(self.options.seed)
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def run(self) -> Report:
        """The whole of it; the report says whether anything was violated, and whether everything was tested."""
        folder = self.folder / "stack"
        folder.mkdir(parents=True)
        with volumes(folder) as own_volumes, Links() as links:
            environment = {"LEADSTREAM_SIMULATOR_MAX_CALLBACKS_IN_FLIGHT": "64"}
            stack = StackUnderFire(folder, links, environment)
            with stack.running():
                self._under_fire(Scene(stack, own_volumes))
        return self.report

    def _under_fire(self, scene: Scene) -> None:
        set_knobs(scene, WELL)
        stack, chosen = scene.stack, self.options
        load = Load(stack.urls, stack.webhooks, self.folder, chosen.seed, chosen.rows, chosen.rate)
        load.start()
        time.sleep(WARM_UP_SECONDS)
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._lane, args=(scene, strikes, began))
            for strikes in self._lanes(scene.own_volumes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.report.seconds = time.monotonic() - began
        load.stop()
        self._settle(scene)
        self.say("checking")
        seen = ledger(scene)
        tally = violations(stack.admin_url, stack.nats.url("service"), load.book, seen)
        self.report.finished(tally, load.book, seen, scene.recoveries)

    def _lanes(self, own_volumes: bool) -> Iterator[Iterator[Strike]]:
        """The lanes without what was not chosen, and without what is not possible here."""
        only = self.options.only
        if not own_volumes:
            self.report.left_out.add("disk full: volumes of their own take root, mount and mkfs.ext4")
        left_out = frozenset() if own_volumes else frozenset({DiskFull.kind})
        for name in LANES:
            if (kinds := kinds_of(name) - left_out) and (not only or kinds & only):
                yield lane(self.options.seed, name, kinds & only if only else kinds)

    def _lane(self, scene: Scene, strikes: Iterator[Strike], began: float) -> None:
        aside: list[Strike] = []
        for strike in strikes:
            left = began + self.options.seconds - time.monotonic() - strike.pause
            if left <= 0:
                return
            holds, longest = getattr(strike.fault, "seconds", 0.0), self.options.seconds * LONGEST
            if holds > longest:
                self.report.left_out.add(f"{strike.fault.kind}: it fills more than a third of a run as short as this")
            if holds > min(left, longest):
                time.sleep(min(left, 0.1))  # it would not end in time: perhaps the next one does
                continue
            time.sleep(strike.pause)
            aside.append(strike)
            with self._first_free(aside) as free:
                if free:
                    self._strike(scene, free, began)

    def _strike(self, scene: Scene, strike: Strike, began: float) -> None:
        at = time.monotonic() - began
        try:
            evidence, seen = strike.fault.strike(scene), True
        except NotSeen as error:
            evidence, seen = str(error), False
        except Exception as error:  # noqa: BLE001 - a lane that ends would leave the rest untested
            evidence, seen = f"{type(error).__name__}: {error}", False
        struck = Struck(
            at,
            time.monotonic() - began - at,
            strike.fault.touches,
            strike.lane,
            strike.number,
            strike.fault.kind,
            str(strike.fault),
            evidence,
            seen,
        )
        self.report.struck.append(struck)
        self.say(str(struck))

    @contextlib.contextmanager
    def _first_free(self, aside: list[Strike]) -> Iterator[Strike | None]:
        """The oldest of them whose parts no other fault touches, taken out of them; None if there is nothing to do yet.

        No two faults touch the same part at once. One that lasts does not hold up a whole lane, and none starves.
        """
        free = next((strike for strike in aside if self._take(strike.fault.touches, wait=False)), None)
        if free is None and len(aside) > ASIDE:
            free = aside[0]
            self._take(free.fault.touches, wait=True)
        if free is None:
            yield None
            return
        aside.remove(free)
        try:
            yield free
        finally:
            self._give_back(free.fault.touches)

    def _take(self, touches: tuple[str, ...], *, wait: bool) -> bool:
        """Take all of these parts, or none."""
        taken: list[str] = []
        for name in sorted(touches):
            with self._guard:
                lock = self._locks.setdefault(name, threading.Lock())
            if not lock.acquire(blocking=wait):
                self._give_back(taken)
                return False
            taken.append(name)
        return True

    def _give_back(self, touches: Iterable[str]) -> None:
        for name in touches:
            self._locks[name].release()

    def _settle(self, scene: Scene) -> None:
        """Everything is well again: all that was promised ends, or the run says that it does not."""
        set_knobs(scene, WELL)
        self.say("no more faults; waiting until all work has ended")
        try:
            self.report.settled = scene.until(
                lambda: still_open(scene.stack.admin_url) == 0 and outstanding(scene) == 0,
                "the end of all work",
                SETTLE_SECONDS,
            )
            scene.until(lambda: _quiet(scene), "a log to which nothing is added")
        except NotSeen as error:
            self.report.violations.append(str(error))


def _quiet(scene: Scene) -> bool:
    """Whether nothing was added to the log for a while, and the stream has all of it."""
    before = scene.head()
    time.sleep(QUIET_SECONDS)
    return before == scene.head() == patiently(lambda: last_sequence(scene))
