"""What a run says in the end: the seed, each fault with its evidence, figures, and what was violated."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chaos.faults import Kill
from chaos.load import Book
from chaos.stack import SERVERS
from chaos.tally import Tally


@dataclass(frozen=True)
class Struck:
    """A fault that struck `at` seconds from the start and was over `seconds` later, and what could be seen of it."""

    at: float
    seconds: float
    touches: tuple[str, ...]
    lane: str
    number: int
    kind: str
    fault: str
    evidence: str
    seen: bool

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.fault}: {'' if self.seen else 'NOT SEEN: '}{self.evidence}"

    def held_up(self, other: "Struck") -> bool:
        """Whether meanwhile this fault was at a server, or at what leads there from the part that the other one hit."""
        (part,) = other.touches
        needed = {*SERVERS, *(f"{part} to {server}" for server in SERVERS)} - {part}
        overlap = self.at < other.at + other.seconds and other.at < self.at + self.seconds
        return overlap and not needed.isdisjoint(self.touches)


@dataclass
class Report:
    """The outcome of one run."""

    seed: int
    seconds: float = 0.0
    settled: float = 0.0
    struck: list[Struck] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def untested(self) -> list[Struck]:
        """The faults of which nothing could be seen."""
        return [struck for struck in self.struck if not struck.seen]

    @property
    def verdict(self) -> str:
        """`held`, `violated` or `not tested`."""
        if self.violations:
            return "violated"
        return "not tested" if self.untested or not self.struck else "held"

    def finished(
        self, tally: Tally, book: Book, ledger: Sequence[Mapping[str, Any]], recoveries: Sequence[float]
    ) -> None:
        """Enter the figures and what was violated. `recoveries`: seconds, one for each kill that was seen."""
        self.violations += tally.violations
        kills = [struck for struck in self.struck if struck.seen and struck.kind == Kill.kind]
        self.figures = {
            "events": tally.events,
            "events_a_second": round(tally.events / self.seconds) if self.seconds else 0,
            "items": sum(map(len, tally.rows.values())),
            "uploads_acknowledged": len(book.uploads),
            "launches_acknowledged": len(book.launches),
            "commands_acknowledged": book.commands,
            "requests_that_failed": book.failed_requests,
            "posts_seen": len(ledger),
            "answers_acknowledged": sum(entry["accepted"] for entry in ledger),
            "dispatches_in_doubt": len(tally.in_doubt),
            "dispatches_refused_or_timed_out": len(tally.unsuccessful),
            "kills": len(kills),
            "seconds_until_a_killed_part_works": _summary(recoveries),
            "the_same_with_both_servers_there": _summary(
                [
                    seconds
                    for kill, seconds in zip(kills, recoveries, strict=True)
                    if not any(other.held_up(kill) for other in self.struck if other.kind != Kill.kind)
                ]
            ),
            "event_types": dict(sorted(tally.types.items())),
        }

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"verdict": self.verdict, "left_out": sorted(self.left_out)}

    def text(self) -> str:
        """For people."""
        kinds = Counter(struck.kind for struck in self.struck if struck.seen)
        lines = [
            f"seed {self.seed}: {self.verdict}",
            f"  faults {self.seconds:.0f} s, work ended {self.settled:.0f} s after",
        ]
        lines += [f"  {count:>5} x {kind}" for kind, count in sorted(kinds.items())]
        lines += [f"  left out: {what}" for what in sorted(self.left_out)]
        lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in self.figures.items()]
        lines += [f"  NOT TESTED: {struck}" for struck in self.untested]
        lines += [f"  VIOLATED: {what}" for what in self.violations]
        return "\n".join(lines)


def _summary(times: Sequence[float]) -> dict[str, Any]:
    if not times:
        return {"times": 0}
    return {"times": len(times), "median": round(statistics.median(times), 1), "most": round(max(times), 1)}
