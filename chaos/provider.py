"""The provider misbehaves: refuses, keeps people waiting, answers late, twice, out of order, with rubbish, or never."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Final

import httpx

from chaos.faults import Scene

WELL: Final = {
    "delay_ms": 100.0, "jitter_ms": 300.0, "callback_retries": 8, "callback_backoff_ms": 250.0,
    "status_429": 0.0, "status_5xx": 0.0, "loss": 0.0, "duplicate": 0.0, "malformed": 0.0, "reorder": 0.0,
    "reorder_by_ms": 3000.0,
}  # fmt: skip
LATE_MS: Final = 30_000.0


def set_knobs(scene: Scene, knobs: dict[str, Any]) -> None:
    """Change how the provider behaves."""
    httpx.patch(scene.stack.urls["simulator"] + "/settings", json=knobs, timeout=10).raise_for_status()


def _stats(scene: Scene) -> dict[str, int]:
    return dict(httpx.get(scene.stack.urls["simulator"] + "/stats", timeout=10).json())


def outstanding(scene: Scene) -> int:
    """The answers that the provider has still to give."""
    return _stats(scene)["pending"]


def ledger(scene: Scene) -> list[dict[str, Any]]:
    """Every submission the provider saw."""
    return list(httpx.get(scene.stack.urls["simulator"] + "/ledger", timeout=120).json())


@dataclass(frozen=True)
class Misbehaviour:
    """One knob is turned for a while. `counted`: what the provider counts of it."""

    kind: ClassVar[str] = "provider"
    touches: ClassVar[tuple[str, ...]] = ("provider",)
    knob: str
    value: float
    counted: str
    seconds: float

    def strike(self, scene: Scene) -> str:
        before = _stats(scene)[self.counted]
        set_knobs(scene, {self.knob: self.value})
        try:
            time.sleep(self.seconds)
            scene.until(lambda: _stats(scene)[self.counted] > before, f"{self.counted} at the provider")
        finally:
            set_knobs(scene, WELL)
        return f"{_stats(scene)[self.counted] - before} {self.counted}"


@dataclass(frozen=True)
class OutOfOrder:
    """Some answers come seconds behind those asked for later."""

    kind: ClassVar[str] = "provider reorders"
    touches: ClassVar[tuple[str, ...]] = ("provider",)
    seconds: float

    def strike(self, scene: Scene) -> str:
        first = len(ledger(scene))
        set_knobs(scene, {"reorder": 0.4})
        try:
            time.sleep(self.seconds)
            scene.until(lambda: _overtaken(scene, first) > 0, "an answer that overtook another")
        finally:
            set_knobs(scene, WELL)
        return f"{_overtaken(scene, first)} answers overtook the one before"


def _overtaken(scene: Scene, first: int) -> int:
    times = [entry["answered_at"] for entry in ledger(scene)[first:] if entry["answered_at"]]
    return sum(later < earlier for earlier, later in pairwise(times))


@dataclass(frozen=True)
class Late:
    """Answers come after the deadline of their dispatch, and after a leader that was killed meanwhile has looked."""

    kind: ClassVar[str] = "provider answers late"
    touches: ClassVar[tuple[str, ...]] = ("provider",)
    seconds: float

    def strike(self, scene: Scene) -> str:
        after = scene.head()
        before = _stats(scene)["submissions"]
        set_knobs(scene, {"delay_ms": LATE_MS})
        try:
            time.sleep(self.seconds)
            scene.until(lambda: _stats(scene)["submissions"] > before, "a submission to answer late")
        finally:
            set_knobs(scene, WELL)
        count = _recorded(scene, after, "DispatchTimedOut", "%")
        scene.until(lambda: count() > 0, "a deadline that passed")
        return f"{count()} answers missing at their deadline"


@dataclass(frozen=True)
class TimeOut:
    """The provider takes POSTs and does not reply for longer than the dispatcher waits."""

    kind: ClassVar[str] = "provider times out"
    # Without the stream there is nothing to POST; with the database the leader's term ends, and what it waits for.
    touches: ClassVar[tuple[str, ...]] = ("provider", "dispatcher to provider", "dispatcher", "nats", "postgres")
    seconds: float

    def strike(self, scene: Scene) -> str:
        links, name = scene.stack.links, "dispatcher to provider"
        count = _recorded(scene, scene.head(), "DispatchRefused", "%TimeoutError%")
        links.silence(name)
        try:
            time.sleep(self.seconds)
            scene.until(lambda: count() > 0, "a POST that timed out")
        finally:
            links.pass_on(name)
        return f"{count()} POSTs timed out"


def _recorded(scene: Scene, after: int, kind: str, like: str) -> Callable[[], int]:
    """Counts the events of a type since a position whose body is like a pattern."""

    def count() -> int:
        query = "SELECT count(*) FROM log.events WHERE position > %s AND type = %s AND body LIKE %s"
        return int(scene.ask(query, after, kind, like)[0])

    return count
