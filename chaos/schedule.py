"""Which faults strike, in which order and with how long a pause between: drawn from the seed alone. Pure.

Three lanes run side by side: kills, the provider, everything else. Each lane deals from a shuffled deck that holds
everything it knows, so nothing is left out of a run that is long enough.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from chaos.disks import DiskFull
from chaos.doubles import OldEvents, TwoRelays
from chaos.faults import Clock, Cut, Fault, Freeze, HalfOpen, Kill, Slow
from chaos.provider import Late, Misbehaviour, OutOfOrder, TimeOut
from chaos.stack import PARTS, SERVERS
from chaos.streams import BitFlipped, ConsumersDeleted, StreamDeleted
from shared.runtime.settings import ROLES

Deal = Callable[[Random], Fault]
LINKS: Final = (
    *(f"{part} to {server}" for part in ROLES for server in SERVERS),
    "provider to callbacks",
)
# Those that append, so that a wrong clock can be seen in the log; and those that always do under load.
WITH_A_CLOCK: Final = ("sequencer", "dispatcher", "callbacks")
MISBEHAVIOUR: Final = (
    ("status_429", 0.5, "refused_429"),
    ("status_5xx", 0.5, "refused_5xx"),
    ("loss", 0.3, "lost"),
    ("duplicate", 0.7, "duplicates"),
    ("malformed", 0.3, "malformed"),
)


@dataclass(frozen=True)
class Strike:
    """One fault of a lane, so many seconds after the one before it ended."""

    lane: str
    number: int
    pause: float
    fault: Fault


def lane(seed: int, name: str, kinds: frozenset[str]) -> Iterator[Strike]:
    """One lane without an end, of these kinds of faults only; the others are drawn too and left out."""
    deck, pause = LANES[name]
    cards = list(deck)
    chance = Random(f"{seed}/{name}")
    number = 0
    while True:
        chance.shuffle(cards)
        for deal in cards:
            number += 1
            strike = Strike(name, number, chance.uniform(*pause), deal(chance))
            if strike.fault.kind in kinds:
                yield strike


def kinds_of(name: str) -> frozenset[str]:
    """The kinds of faults that a lane knows."""
    chance = Random(0)
    return frozenset(deal(chance).kind for deal in LANES[name][0])


def _kills() -> list[Deal]:
    return [lambda _, part=part: Kill(part) for part in PARTS]  # type: ignore[misc]


def _provider() -> list[Deal]:
    knobs: list[Deal] = [
        lambda chance, knob=knob: Misbehaviour(*knob, seconds=chance.uniform(1, 4))  # type: ignore[misc]
        for knob in MISBEHAVIOUR
    ]
    link = "dispatcher to provider"
    return [
        *knobs,
        lambda _: Cut(link),
        lambda chance: HalfOpen(link, chance.uniform(0.5, 6), chance.random() < 0.5),
        lambda chance: Slow(link, chance.uniform(1, 4), chance.uniform(0.01, 0.2)),
        lambda chance: OutOfOrder(chance.uniform(2, 5)),
        lambda chance: Late(chance.uniform(1, 3)),
        lambda chance: TimeOut(chance.uniform(31, 36)),
    ]


def _others() -> list[Deal]:
    frozen: list[Deal] = [
        lambda chance, part=part: Freeze(part, chance.uniform(0.5, 8))  # type: ignore[misc]
        for part in PARTS
    ]
    return [
        *frozen,
        *[lambda chance: Cut(chance.choice(LINKS))] * 4,
        *[lambda chance: HalfOpen(chance.choice(LINKS), chance.uniform(0.5, 8), chance.random() < 0.5)] * 4,
        *[lambda chance: Slow(chance.choice(LINKS), chance.uniform(1, 5), chance.uniform(0.01, 0.2))] * 2,
        *[lambda chance: Clock(chance.choice(WITH_A_CLOCK), chance.uniform(1, 4), chance.choice((-10, 10)))] * 2,
        lambda _: ConsumersDeleted(),
        lambda chance: StreamDeleted(chance.uniform(0.5, 4)),
        *[lambda chance: BitFlipped(chance.random(), chance.randrange(8))] * 2,
        lambda chance: DiskFull("postgres", chance.uniform(0.5, 3)),
        lambda chance: DiskFull("nats", chance.uniform(0.5, 3)),
        *[lambda chance: OldEvents(chance.random(), chance.randrange(5, 40))] * 2,
        *[lambda chance: TwoRelays(chance.uniform(2, 5))] * 2,
    ]


# By name: the deck, and from how many to how many seconds pass between two faults.
LANES: Final = {
    "kills": (_kills(), (0.5, 3.0)),
    "provider": (_provider(), (0.5, 3.0)),
    "faults": (_others(), (0.5, 3.0)),
}
KINDS: Final = frozenset[str]().union(*(kinds_of(name) for name in LANES))
