"""Why an item is about its company and person, told from its events, and always what the dispatcher decided."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entities import resolve
from shared.envelope import Event
from shared.events import ItemCompleted, StepFailed, StepScheduled
from shared.evidence import NOTES, evidence
from shared.ids import named_id
from tests.unit.facts import CLIENT, added, fact, item_id

HASH = "linkedin.com/sales/lead/ACwAAAOrqquLaRGWHJQnfEqM3n71JC5bjsr-R_Y"


def asked(step: int, scope: str, nth: int = 0, **fields: Any) -> list[Event]:
    """A step is scheduled and ends with the entity that these fields name."""
    entity = resolve(scope, CLIENT, item_id(1), fields)
    assert entity
    ended = ItemCompleted(step, "enrich", None)
    return [
        fact(StepScheduled(step, "enrich"), item=1, nth=nth),
        fact(ended, item=1, entity_id=entity.entity_id, nth=nth),
    ]


@pytest.mark.parametrize(("scope", "fields", "basis", "key", "used", "passed_over", "note"), [
    ("company", {"company_domain": "www.Acme.com", "company_name": "Acme"}, "domain", "acme.com", ["company_domain"],
     [], None),
    ("company", {"company_domain": "gmail.com", "company_website": "facebook.com/acme", "company_name": "Acme Inc"},
     "name", "acme", ["company_name"], ["company_domain", "company_website"], "name"),
    ("company", {"company_linkedin_url": "linkedin.com/company/Acme/"}, "linkedin", "linkedin.com/company/acme",
     ["company_linkedin_url"], [], None),
    ("person", {"email": "Ann@acme.com", "full_name": "Ann Lee"}, "email", "ann@acme.com", ["email"], [], None),
    ("person", {"person_linkedin_url": HASH, "email": "a@b.com"}, "linkedin", HASH, ["person_linkedin_url"], [],
     "hashed"),
    ("person", {"full_name": "Ann Lee", "company_name": "Acme", "email": "no address"}, "name", "ann lee @ acme",
     ["full_name", "company_name"], ["email"], "name"),
])  # fmt: skip
def test_what_told(
    scope: str, fields: dict, basis: str, key: str, used: list, passed_over: list, note: str | None
) -> None:
    born = added(1, **fields)
    (told,) = evidence([born, *asked(0, scope, **fields)])
    assert (told["basis"], told["key"], list(told["fields"]), list(told["passed_over"])) == (
        basis, key, used, passed_over,
    )  # fmt: skip
    assert told["note"] == (NOTES[note] if note else None)
    assert {said["event_id"] for said in told["fields"].values()} == {born.id}


def test_fields_count_as_they_stood_when_the_step_was_scheduled() -> None:
    born = added(1, company_name="Acme")
    first, ended = asked(1, "company", company_name="Acme")
    tidied = fact(ItemCompleted(0, "tidy", {"company_domain": "acme.com"}), item=1)
    later = asked(2, "company", nth=1, company_name="Acme", company_domain="acme.com")
    by_name, by_domain = evidence([born, first, tidied, ended, *later])
    assert (by_name["basis"], by_domain["basis"]) == ("name", "domain")
    assert by_domain["fields"] == {"company_domain": {"value": "acme.com", "event_id": tidied.id}}


def test_a_step_that_failed_tells_too_and_what_cannot_be_proved_is_said() -> None:
    other = named_id("company", "elsewhere")
    failed = fact(StepFailed(0, "enrich", "TIMEOUT", "none", True), item=1, entity_id=other)
    (told,) = evidence([added(1, company_name="Acme"), fact(StepScheduled(0, "enrich"), item=1), failed])
    assert (told["entity_id"], told["basis"], told["note"]) == (other, None, NOTES["unproven"])
    assert evidence([added(1), fact(ItemCompleted(0, "tidy"), item=1)]) == []
    assert evidence([]) == []


NAMES = ["company_domain", "company_website", "company_linkedin_url", "company_name", "email", "full_name"]
NAMES += ["person_linkedin_url"]
VALUES = st.one_of(st.none(), st.integers(), st.sampled_from(["", "acme.com", "gmail.com", "Acme", "a@acme.com", HASH]))


@given(st.sampled_from(["company", "person"]), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_the_evidence_is_always_the_decision(scope: Any, fields: dict[str, Any]) -> None:
    entity = resolve(scope, CLIENT, item_id(1), fields)
    if entity is not None:
        (told,) = evidence([added(1, **fields), *asked(0, scope, **fields)])
        assert (told["entity_id"], told["basis"], told["key"]) == (entity.entity_id, entity.basis, entity.key)
        assert told["fields"]
