"""Of several answers about a company the dispatcher keeps the very one that the leads are made of."""

from hypothesis import given
from hypothesis import strategies as st

from shared.events import EnrichmentReceived
from tests.unit.dispatching import ACME, FLOW, claim, company_id, current, one_waits, sent
from tests.unit.facts import fact
from tests.unit.projecting import projector

LOOKS = [None, "2026-01-10", "2026-01-20", "2062-01-01"]
answers = st.lists(st.tuples(st.booleans(), st.sampled_from(LOOKS)), min_size=1, max_size=6)


@given(answers)
def test_both_services_keep_the_same_answer(told: list[tuple[bool, str | None]]) -> None:
    batch = one_waits()
    call = current(batch, ACME)
    batch.given(sent(call))
    leads = projector()
    for nth, (found, looked) in enumerate(told):
        payload = EnrichmentReceived(FLOW, None if nth else call.dispatch_id, found, {"last_refresh": looked, "n": nth})
        event = fact(payload, entity_id=company_id(ACME), batch_id=None, hours=1 + nth)
        batch.given(event)
        leads.given(event)
    kept = claim(batch, ACME)
    in_force = [answer.answer_id for answer in leads.state.answers.values()]
    assert ([kept.answer_id] if kept.found else []) == in_force
