"""What a log has to say of itself, event by event: order per item, nothing twice, every row once. Pure.

`take` every event in log order, then read `violations`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 50
ADDED = -1


@dataclass
class Tally:
    """One pass over a log. Ids are as they stand in the events; of violations the first fifty are kept."""

    events: int = 0
    types: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    uploads: Counter[str] = field(default_factory=Counter)
    launches: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    rows: dict[str, set[int]] = field(default_factory=dict)
    in_doubt: set[str] = field(default_factory=set)
    unsuccessful: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    # For each item the last step that was scheduled, and whether it has ended.
    _steps: dict[str, tuple[int, bool]] = field(default_factory=dict)
    _said: set[tuple[str, str]] = field(default_factory=set)

    def take(self, event: Mapping[str, Any]) -> None:
        """The next event, as it stands in the log."""
        self.events += 1
        kind, payload = event["type"], event["payload"]
        self.types[kind] += 1
        match kind:
            case "UploadReceived":
                self.uploads[payload["upload_id"]] += 1
            case "BatchLaunched":
                self._once(kind, event["batch_id"])
                self.launches[event["batch_id"]] = payload["items"]
            case "BatchCancelled":
                self.cancelled.add(event["batch_id"])
            case "BatchCompleted":
                self._once(kind, event["batch_id"])
            case "ItemAdded":
                self._add(event["item_id"], event["batch_id"], payload["row"])
            case "StepScheduled":
                self._schedule(event["item_id"], payload["step"])
            case "ItemCompleted" | "StepFailed":
                self._end(kind, event["item_id"], payload["step"])
            case "StepDispatched" | "DispatchRefused" | "DispatchTimedOut":
                self._dispatch(kind, payload)
            case "EnrichmentReceived":
                self.answers[payload.get("dispatch_id") or ""] += 1
            case "EventDeadLettered":
                self.violate(f"{payload['service']} dead-lettered {payload['event_type']}: {payload['error'][:200]}")

    def violate(self, what: str) -> None:
        """Note a violation."""
        if len(self.violations) < MOST:
            self.violations.append(what)

    def _once(self, kind: str, whose: str) -> None:
        if (kind, whose) in self._said:
            self.violate(f"{kind} of {whose} stands twice in the log")
        self._said.add((kind, whose))

    def _add(self, item: str, batch: str, row: int) -> None:
        rows = self.rows.setdefault(batch, set())
        if row in rows or item in self._steps:
            self.violate(f"row {row} of {batch} became an item twice")
        rows.add(row)
        self._steps[item] = (ADDED, True)

    def _schedule(self, item: str, step: int) -> None:
        last, ended = self._steps.get(item, (ADDED, False))
        if not ended or step != last + 1:
            self.violate(f"{item}: step {step} was scheduled after step {last}{' ended' if ended else ''}")
        self._steps[item] = (step, False)

    def _end(self, kind: str, item: str, step: int) -> None:
        if self._steps.get(item) != (step, False):
            self.violate(f"{item}: {kind} of step {step} while it stood at {self._steps.get(item)}")
        self._steps[item] = (step, True)

    def _dispatch(self, kind: str, payload: Mapping[str, Any]) -> None:
        name = payload["dispatch_id"]
        self._once(kind, name)
        if payload.get("in_doubt"):
            self.in_doubt.add(name)
        if kind != "StepDispatched":
            self.unsuccessful.add(name)
