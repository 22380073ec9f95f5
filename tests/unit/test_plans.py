"""What a plan counts."""

from dataclasses import asdict

from services.dispatcher.plans import Walk
from tests.unit.facts import CLIENT, COMPANY_STEP


def test_rows_with_a_company_with_none_and_with_nothing_to_tell_it_by_are_told_apart() -> None:
    walk = Walk(CLIENT, [asdict(COMPANY_STEP)], {})
    walk.take([(1, {"company_name": "Acme"}), (2, {"company_name": "Self-employed"}), (3, {"title": "CEO"})])
    (plan,) = walk.plans
    assert (plan.items, len(plan.entities), plan.skipped, plan.unidentified) == (3, 1, 1, 1)
