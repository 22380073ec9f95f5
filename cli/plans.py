"""What a launch would do and cost, before anything is spent."""

from typing import TYPE_CHECKING, Any

from cli.output import note, plain, say, show_json, table

if TYPE_CHECKING:
    from cli.api import Api

COLUMNS = {
    "workflow": "Step", "items": "Items", "skipped": "Skipped", "entities": "Entities", "new": "New",
    "known": "Known", "stale": "Stale", "unidentified": "No key", "calls": "Calls", "credits": "Credits",
}  # fmt: skip


def show_plan(api: "Api", blueprint: dict[str, Any], as_json: bool) -> None:
    """Ask the dispatcher what this blueprint would cost, and say it."""
    plan = api.ask("dispatcher", "/v1/plans", blueprint)
    if as_json:
        return show_json({"blueprint": blueprint, "plan": plan})
    table(COLUMNS, plan["steps"], "no steps")
    say(f"{plan['items']} items, at most {plan['calls']} calls, {plan['credits']:g} credits")
    if (cap := blueprint["max_credits"]) is not None and plan["credits"] > cap:
        note(f"warning: more than --max-credits {cap:g}: the batch will pause there")
    for missing in (*blueprint["missing"], *plan["missing"]):
        note(f"warning: {plain(missing)}")
    return None
