"""What becomes of a submission: drawn from one seeded generator, so that runs repeat.

Every submission takes the same number of draws whatever the knobs say: with the same order of arrival,
turning one knob never changes what the others do.
"""

from random import Random
from typing import NamedTuple

from simulator.settings import SimulatorSettings


class Fate(NamedTuple):
    """`refusal` is an HTTP status or 0; `delays` has one entry in seconds for every copy of the answer."""

    refusal: int
    lost: bool
    malformed: bool
    delays: tuple[float, ...]


class Dice:
    """The one source of chance of a run."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def roll(self, knobs: SimulatorSettings) -> Fate:
        """Draw the fate of the next submission."""
        draw = self._random
        refused, lost, malformed, duplicate, reorder, first, second = (draw() for _ in range(7))
        late = knobs.reorder_by_ms if reorder < knobs.reorder else 0.0
        delays: tuple[float, ...] = ((knobs.delay_ms + knobs.jitter_ms * first + late) / 1000,)
        if duplicate < knobs.duplicate:
            delays += ((knobs.delay_ms + knobs.jitter_ms * second) / 1000,)
        return Fate(_refusal(refused, knobs), lost < knobs.loss, malformed < knobs.malformed, delays)


def _refusal(draw: float, knobs: SimulatorSettings) -> int:
    if draw < knobs.status_429:
        return 429
    return 503 if draw < knobs.status_429 + knobs.status_5xx else 0


class TokenBucket:
    """At most `burst` at once and `rate` per second on average; a rate of 0 lets everything pass."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = 0.0

    def wait(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one; `now` in seconds."""
        if not self._rate:
            return 0.0
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
