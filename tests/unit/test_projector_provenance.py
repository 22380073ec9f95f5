"""Where the values of a lead come from: the event, the workflow, the provider, the time; and whose jobs are known."""

import pytest

from shared.envelope import Event
from shared.events import AnswerReused, CustomersListed, EnrichmentReceived, ListedCustomer
from shared.ids import named_id
from tests.unit.facts import CLIENT, OTHER_CLIENT, START, UPLOAD, added, fact, launched
from tests.unit.projecting import ACME, ANN, FIRM, STEPS, WHO, answer, completed, lead, one, projector, walked
from tests.unit.specification import Specification


def test_a_person_s_jobs_are_those_of_every_answer_in_force() -> None:
    def told(*jobs: tuple, hours: float) -> Event:
        names = ("company", "start_date", "end_date")
        payload = EnrichmentReceived(
            "again", None, True, {"experience": [dict(zip(names, job, strict=False)) for job in jobs]}
        )
        return fact(payload, entity_id=ANN, hours=hours, batch_id=None)

    def known(found: Specification) -> list[tuple]:
        rows = [found.state.jobs[ANN, CLIENT, n] for n in range(found.state.job_counts[ANN, CLIENT])]
        return [(row.company_name, row.title, row.is_current) for row in rows]

    customers = fact(CustomersListed(UPLOAD, [ListedCustomer(name="Beta")], True), batch_id=None)
    found = one(customers, *walked(1), answer(ANN), told(("ACME Inc.", "2025-12"), hours=3))
    assert known(found) == [("ACME Inc.", None, True), ("Beta", "CTO", False)]
    assert lead(found, 1).is_worked_at_customer
    found.given(told(("Acme", "2025-12", "2026-01"), ("Acme", "2018", "2020"), hours=4))
    assert known(found) == [("Acme", None, False), ("Beta", "CTO", False), ("Acme", None, False)]
    found.given(told(hours=5))
    assert known(found) == [("Acme", "CEO", True), ("Beta", "CTO", False)]
    found.given(told(("Acme", None, "2026-01"), ("Beta",), hours=6))
    assert known(found) == [("Acme", None, False), ("Beta", "CTO", False), ("Beta", None, False)]


def test_an_answer_says_itself_who_answered_where_nothing_is_around_it() -> None:
    mail = EnrichmentReceived("enrich_email", None, True, {"provider": "prospeo", "email": "ann@beta.com"})
    found = one(*walked(1), fact(mail, entity_id=ANN, hours=2, batch_id=None))
    assert "prospeo" in {each.get("provider") for each in lead(found, 1).provenance}


@pytest.mark.parametrize("provider", ["prospeo", None])
def test_an_answer_that_was_lent_says_whose_it_is_and_when_it_was_answered(provider: str | None) -> None:
    payload = AnswerReused("look", named_id("evt", "theirs"), OTHER_CLIENT, "domain", "acme.com", START, FIRM, provider)
    lent = fact(payload, entity_id=ACME, hours=9)
    (told,) = [each for each in lead(one(*walked(1), lent), 1).provenance if each["source"] == "answer"]
    del told["columns"]
    assert told == {
        "source": "answer", "event_id": lent.id, "workflow": "look", "provider": provider or "warehouse",
        "at": START.isoformat(), "lent_at": lent.occurred_at.isoformat(),
    }  # fmt: skip


def test_what_is_derived_says_what_it_follows_from() -> None:
    row = {"first_name": "Ann", "last_name": "Ex", "company_name": "Beta", "company_last_funding_date": "2026-01-01"}
    who = {"first_name": "Anne", "experience": WHO["experience"]}
    said = fact(EnrichmentReceived("find", None, True, who), entity_id=ANN, hours=1, batch_id=None)
    firm = fact(EnrichmentReceived("look", None, True, {"name": "Beta", "employee_count": 40}), entity_id=ACME, hours=2)
    customers = fact(CustomersListed(UPLOAD, [ListedCustomer(name="Nobody")], True), batch_id=None)
    steps = [completed(1, 0, hours=9, output={"company_last_funding_date": "2026-01-15"}), *walked(1, 10)[1:]]
    found = projector(launched(*STEPS, items=2), added(1, **row), customers, said, firm, *steps)
    told = {name: each for each in lead(found, 1).provenance for name in each["columns"] if each["source"] == "derived"}
    assert {name: each["event_id"] for name, each in told.items()} == {
        "person_full_name": said.id, "company_size_bucket": firm.id, "is_new_in_role": said.id,
        "is_recently_funded": steps[0].id, "is_worked_at_customer": firm.id,
    }  # fmt: skip
    assert told["is_recently_funded"]["workflow"] == STEPS[0].workflow
    assert (told["is_new_in_role"]["provider"], told["is_new_in_role"]["at"]) == ("clay", said.occurred_at.isoformat())
