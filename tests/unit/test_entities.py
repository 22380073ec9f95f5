"""Which company or person a row is about: the best evidence it has, the same for everyone who has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entities import Entity, resolve, scope_of
from tests.unit.facts import CLIENT, OTHER_CLIENT, item_id

ROW = item_id(1)


def about(scope: str, client_id: str = CLIENT, **fields: object) -> Entity | None:
    return resolve(scope, client_id, ROW, fields)


@pytest.mark.parametrize(
    ("fields", "key", "basis"),
    [
        ({"company_domain": "https://www.Acme.com/en", "company_name": "Other"}, "acme.com", "domain"),
        ({"company_website": "shop.acme.co.uk"}, "acme.co.uk", "domain"),
        ({"company_domain": "linkedin.com/company/acme", "company_website": "acme.com"}, "acme.com", "domain"),
        ({"company_linkedin_url": "http://www.linkedin.com/company/Acme/", "company_name": "X"},
         "linkedin.com/company/acme", "linkedin"),
        ({"company_name": "Acmé, Inc."}, "acme", "name"),
        ({"company_domain": "n/a", "company_name": "ACME Ltd"}, "acme", "name"),
        ({"company_domain": "gmail.com", "company_name": "ACME Ltd"}, "acme", "name"),
        ({"company_domain": "https://linktr.ee/acme", "company_name": "Acme (Berlin)"}, "acme", "name"),
        ({"company_website": "https://www.google.com/url?q=https://acme.com"}, "acme.com", "domain"),
        ({"company_linkedin_url": "https://www.linkedin.com/sales/company/8696546"},
         "linkedin.com/company/8696546", "linkedin"),
    ],
)  # fmt: skip
def test_a_company_is_told_by_domain_then_linkedin_then_name(fields, key: str, basis: str) -> None:
    found = about("company", **fields)
    assert found is not None
    assert (found.key, found.basis, scope_of(found.entity_id)) == (key, basis, "company")


@pytest.mark.parametrize(
    ("fields", "key", "basis"),
    [
        ({"person_linkedin_url": "https://de.linkedin.com/in/Ann-Ex?x=1", "email": "a@b.com"},
         "linkedin.com/in/ann-ex", "linkedin"),
        ({"email": "Ann <Ann@B.com>", "first_name": "Ann", "last_name": "Ex", "company_name": "B"},
         "ann@b.com", "email"),
        ({"first_name": "Ann", "last_name": "Ex", "company_domain": "b.com"}, "ann ex @ b.com", "name"),
        ({"full_name": "Ann Ex", "company_name": "B GmbH"}, "ann ex @ b", "name"),
        ({"email": "email_not_unlocked@domain.com", "full_name": "Ann Ex", "company_name": "B"}, "ann ex @ b", "name"),
    ],
)  # fmt: skip
def test_a_person_is_told_by_linkedin_then_address_then_name_and_company(fields, key: str, basis: str) -> None:
    found = about("person", **fields)
    assert found is not None
    assert (found.key, found.basis, scope_of(found.entity_id)) == (key, basis, "person")


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ("company", {}),
        ("company", {"email": "ann@acme.com", "first_name": "Ann"}),
        ("company", {"company_domain": "-", "company_linkedin_url": "acme", "company_name": "null"}),
        ("company", {"company_name": "Self-employed"}),
        ("person", {"first_name": "Ann", "last_name": "Ex", "company_name": "Freelance"}),
        ("person", {"company_domain": "acme.com", "title": "CEO"}),
        ("person", {"first_name": "Ann", "last_name": "Ex"}),
        ("person", {"first_name": "Ann", "company_domain": "acme.com"}),
    ],
)
def test_nothing_is_made_up(scope: str, fields) -> None:
    """An address's domain is not the company's, and a name without a company is nobody's."""
    assert about(scope, **fields) is None


def test_an_item_is_its_own_entity() -> None:
    assert about("item") == Entity(ROW, ROW, "item")


def test_entities_belong_to_a_client_a_scope_and_their_evidence() -> None:
    told = [
        about("company", company_domain="acme.com"),
        about("company", OTHER_CLIENT, company_domain="acme.com"),
        about("company", company_name="acme.com"),
        about("person", email="a@acme.com"),
    ]
    assert len({entity.entity_id for entity in told}) == 4


@given(st.dictionaries(st.sampled_from(["company_domain", "company_name", "email", "full_name"]), st.text()))
def test_the_same_fields_are_the_same_entity_and_no_fields_raise(fields) -> None:
    for scope in ("company", "person"):
        assert about(scope, **fields) == about(scope, **fields)
