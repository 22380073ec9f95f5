"""What a blueprint would do with the rows of an upload: the same functions as for real, nothing sent. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.dispatcher.claims import is_fresh
from services.dispatcher.configuration import is_skipped, price_of, told_credits
from services.dispatcher.state import Claim, Step
from services.dispatcher.steps import Workflow
from services.dispatcher.warehouse import LOOKUPS
from shared.entities import names_none, resolve
from shared.envelope import no_fields


@dataclass
class StepPlan:
    """What one step would do: `items` reach it, `skipped` of them need not take it, `unidentified` have no key.

    `entities` are those it asks for; of an item scope each item is one.
    """

    step: Step
    items: int = 0
    skipped: int = 0
    unidentified: int = 0
    entities: set[str] = field(default_factory=set)

    def told(self, claims: Sequence[Claim], settings: dict[str, Any], now: datetime) -> dict[str, Any]:
        """The plan as people read it. `claims`: those there are of its entities."""
        current = [claim for claim in claims if claim.entity_id in self.entities and claim.status != "FAILED"]
        known = sum(claim.status == "IN_PROGRESS" or is_fresh(claim.answered_at, now, settings) for claim in current)
        calls = len(self.entities) - known if self.step["kind"] == "ASYNC" else 0
        price = price_of(self.step, settings)
        return {
            "workflow": self.step["workflow"], "kind": self.step["kind"], "scope": self.step["scope"],
            "items": self.items, "skipped": self.skipped, "unidentified": self.unidentified,
            "entities": len(self.entities), "new": len(self.entities) - len(current), "known": known,
            "stale": len(current) - known, "calls": calls, "price": price, "credits": told_credits(calls * price),
        }  # fmt: skip


class Walk:
    """Takes rows through a blueprint, one after the other."""

    def __init__(self, client_id: str, steps: Sequence[Step], workflows: Mapping[str, Workflow]) -> None:
        self.plans = [StepPlan(step) for step in steps]
        self._client_id = client_id
        self._workflows = workflows

    @property
    def missing(self) -> list[str]:
        """A sentence for each step that is to run here and is not installed."""
        slugs = [plan.step["workflow"] for plan in self.plans if _runs_here(plan.step)]
        lacking = [slug for slug in slugs if slug not in self._workflows]
        return [f"{slug} is not installed where the dispatcher runs: its step will fail" for slug in lacking]

    def take(self, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Count these rows (number, fields) in. What answers would set is unknown here, so a call counts as made."""
        for number, fields in rows:
            self._take(f"row {number}", dict(fields))

    def _take(self, row: str, fields: dict[str, Any]) -> None:
        for plan in self.plans:
            plan.items += 1
            if is_skipped(plan.step, fields):
                plan.skipped += 1
            elif _runs_here(plan.step):
                if (workflow := self._workflows.get(plan.step["workflow"])) is None:
                    return
                fields |= _run(workflow, fields)
            elif (entity := resolve(plan.step["scope"], self._client_id, row, fields)) is not None:
                plan.entities.add(entity.entity_id)
            elif names_none(plan.step["scope"], fields):
                plan.skipped += 1
            else:
                plan.unidentified += 1
                if plan.step["kind"] == "ASYNC":
                    return


def _runs_here(step: Step) -> bool:
    return step["kind"] == "SYNC" and step["workflow"] not in LOOKUPS


def _run(workflow: Workflow, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        output = workflow(dict(fields))
    except Exception:  # noqa: BLE001 - a third party's function: its step will say what is wrong
        return {}
    return {} if no_fields(output) else output
