"""Every submission in order of arrival, and what became of it.

A record outside the system under test of who was called how often. The counts follow the outcomes: each
submission counts under exactly one outcome, so per webhook they always add up to the ledger's length.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from simulator.submission import Submission

Outcome = Literal[
    "pending", "answered", "malformed", "lost", "over_limit", "no_callback_url", "callback_failed",
    "refused_429", "refused_5xx",
]  # fmt: skip
REFUSED: tuple[Outcome, ...] = ("refused_429", "refused_5xx")
ACCEPTED: tuple[Outcome, ...] = (
    "pending", "answered", "malformed", "lost", "over_limit", "no_callback_url", "callback_failed",
)  # fmt: skip
# What happened to answers on their way, beside the outcomes.
Event = Literal["duplicates", "callbacks_failed", "callbacks_retried"]
EVENTS: tuple[Event, ...] = ("duplicates", "callbacks_failed", "callbacks_retried")


@dataclass(slots=True)
class Entry:
    """One POST to a webhook; `at` is UTC, ids are as they came.

    `accepted`: how often an answer to it was taken with 2xx, the first time at `answered_at`.
    """

    seq: int
    at: datetime
    path: str
    dispatch_id: Any
    company_id: Any
    person_id: Any
    item_id: Any
    idempotency_key: Any
    domain: str
    linkedin: str
    outcome: Outcome
    accepted: int = 0
    answered_at: datetime | None = None


class Ledger:
    """The entries of one run and their counts, per webhook path."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def record(self, asked: Submission, idempotency_key: str | None, outcome: Outcome) -> Entry:
        """Write down a submission; `idempotency_key` is the header's, else the body's is taken."""
        get = asked.fields.get
        entry = Entry(
            len(self.entries) + 1, datetime.now(UTC), asked.path, get("dispatch_id"), get("company_id"),
            get("person_id"), get("item_id"), idempotency_key or get("idempotency_key"), asked.domain,
            asked.linkedin, outcome,
        )  # fmt: skip
        self.entries.append(entry)
        counts = self._counts[asked.path]
        counts[outcome] += 1
        counts["submissions"] += outcome not in REFUSED
        return entry

    def accept(self, entry: Entry) -> None:
        """An answer to it was taken by the receiver."""
        entry.accepted += 1
        if entry.answered_at is None:
            entry.answered_at = datetime.now(UTC)

    def settle(self, entry: Entry, outcome: Outcome) -> None:
        """Give an entry another outcome; the counts follow."""
        counts = self._counts[entry.path]
        counts[entry.outcome] -= 1
        counts[outcome] += 1
        entry.outcome = outcome

    def count(self, entry: Entry, event: Event) -> None:
        """Count something that happened to an answer on its way."""
        self._counts[entry.path][event] += 1

    def accepted(self, path: str) -> int:
        """How many submissions this webhook has taken in its life; refused ones are none."""
        return self._counts[path]["submissions"]

    def stats(self) -> dict[str, Any]:
        """The counts of all webhooks together, and under `paths` of each."""
        total = sum(self._counts.values(), Counter[str]())
        return _row(total) | {"paths": {path: _row(counts) for path, counts in self._counts.items()}}


def _row(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("submissions", *ACCEPTED, *REFUSED, *EVENTS)}
