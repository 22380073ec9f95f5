"""Customers that come, go and come later: every lead is held against those there are, piece by piece."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projector.extractors.person import company_keys
from shared.envelope import Event
from shared.events import (
    CustomersListed,
    CustomersRemoved,
    ListedCustomer,
    ReprojectionDue,
)
from shared.ids import named_id
from tests.unit.facts import (
    BATCH,
    CLIENT,
    OTHER_CLIENT,
    START,
    UPLOAD,
    added,
    fact,
    launched,
)
from tests.unit.projecting import ACME, ANN, STEPS, answer, lead, one, projector, settled, walked


def listed(*names: str, complete: bool = True, **about) -> Event:
    customers = [ListedCustomer(name=name) for name in names]
    return fact(CustomersListed(UPLOAD, customers, complete), batch_id=None, **about)


def test_a_customer_list_that_comes_later_is_held_against_every_lead() -> None:
    found = one(answer(ACME), answer(ANN), *walked(1))
    before = lead(found, 1)
    assert before.is_worked_at_customer is None
    settled(found, listed("Nobody", hours=9))
    assert lead(found, 1).is_worked_at_customer is False
    settled(found, listed("Beta Inc.", hours=30))
    after = lead(found, 1)
    assert (after.is_worked_at_customer, after.reference_date) == (True, before.reference_date)
    derived, customer = (each for each in after.provenance if each["source"] == "derived")
    assert "is_new_in_role" in derived["columns"]
    assert "customer" not in derived
    assert (customer["customer"], customer["columns"]) == ("beta", ["is_worked_at_customer"])
    assert after.projected_at == START + timedelta(hours=30)


MORE = named_id("import", "more")


CUSTOMERS = {
    UPLOAD: [ListedCustomer("Beta Inc", "beta.com"), ListedCustomer("Beta", "beta.de"), ListedCustomer("Gamma")],
    MORE: [ListedCustomer("Delta"), ListedCustomer(domain="beta.com")],
}


@pytest.mark.parametrize(("said", "left"), [
    ({"customers": [ListedCustomer(domain="https://www.beta.com/de")]}, "beta beta.de delta gamma"),
    ({"customers": [ListedCustomer("BETA")]}, "delta gamma"),
    ({"customers": [ListedCustomer("Beta", "beta.de")]}, "beta beta.com delta gamma"),
    ({"customers": [ListedCustomer("Nobody"), ListedCustomer()]}, "beta beta.com beta.de delta gamma"),
    ({"upload_id": UPLOAD}, "beta.com delta"), ({"upload_id": MORE}, "beta beta.com beta.de gamma"),
    ({"kept_upload_id": MORE}, "beta.com delta"), ({"everything": True}, ""),
    ({"upload_id": MORE, "customers": [ListedCustomer("Gamma Ltd")]}, "beta beta.com beta.de"),
    ({"everything": True, "client_id": OTHER_CLIENT}, "beta beta.com beta.de delta gamma"),
])  # fmt: skip
def test_customers_that_are_none_any_more(said: dict, left: str) -> None:
    found = one(*walked(1))
    settled(found, *(fact(CustomersListed(name, told, True), batch_id=None) for name, told in CUSTOMERS.items()))
    about = {"client_id": said.pop("client_id", CLIENT)}
    settled(found, fact(CustomersRemoved(**said), batch_id=None, **about))
    assert " ".join(sorted({key for _, key in found.state.customers_of[CLIENT]})) == left
    assert {customer.key for customer in found.state.customers.values()} == set(left.split())
    assert not found.state.customers_gone & found.state.customers.keys()


def test_leads_are_held_against_the_customers_that_are_left() -> None:
    found = settled(one(answer(ACME), answer(ANN), *walked(1)), listed("Beta Inc."), listed("Delta", hours=2))
    assert lead(found, 1).is_worked_at_customer is True
    settled(found, fact(CustomersRemoved([ListedCustomer("Beta")]), batch_id=None, hours=9))
    assert lead(found, 1).is_worked_at_customer is False
    settled(found, fact(CustomersRemoved(everything=True), batch_id=None, hours=10))
    assert lead(found, 1).is_worked_at_customer is None
    settled(found, listed("Beta", hours=11))
    assert lead(found, 1).is_worked_at_customer is True


def test_leads_are_made_again_piece_by_piece_and_only_when_a_list_is_whole() -> None:
    found = projector(launched(*STEPS, items=9), *(added(row, email="a@b.com") for row in (1, 2, 1203)))
    found.given(*(event for row in (1, 2, 1203) for event in walked(row)))
    found.when(listed("Beta", complete=False)).then()
    pieces = [ReprojectionDue(0, 500), ReprojectionDue(500, 1000), ReprojectionDue(1000, 1203)]
    found.when(listed("Gamma")).then(*pieces)
    assert [event.batch_id for event in found.following] == [BATCH] * 3
    found.when(listed("Gamma", client_id=OTHER_CLIENT)).then()


def test_a_lead_in_which_nothing_changes_stays_as_it_is() -> None:
    found = settled(one(answer(ACME), answer(ANN), *walked(1)), listed("Beta"))
    before = lead(found, 1)
    assert lead(settled(found, listed("Delta", hours=40)), 1) == before


HOSTS, NAMES = (None, "one.com", "two.com"), (None, "One", "Two")
PAGES = (None, "https://www.linkedin.com/company/one", "https://www.linkedin.com/company/two")
known = st.builds(ListedCustomer, st.sampled_from(NAMES), st.sampled_from(HOSTS), st.sampled_from(PAGES))


def is_one(job: dict, customers: list[ListedCustomer]) -> bool:
    """Whether the surest that an employer and any customer are both known by is the same; by nothing but this."""
    known_as: dict[str, list[ListedCustomer]] = {}
    for told in customers:
        for surest in company_keys(told.domain, told.linkedin_url, told.name)[:1]:
            known_as.setdefault(surest, []).append(told)
    for same in known_as.values():
        for field, own in (("domain", "company_domain"), ("linkedin_url", "url"), ("name", "company")):
            theirs = {getattr(told, field) for told in same} - {None}
            if theirs and job[own]:
                if job[own] in theirs:
                    return True
                break
    return False


@given(
    st.lists(known, max_size=4),
    st.lists(st.fixed_dictionaries({
        "company_domain": st.sampled_from(HOSTS), "url": st.sampled_from(PAGES), "company": st.sampled_from(NAMES),
        "title": st.just("CEO"), "start_date": st.dates().map(str),
    }), min_size=1, max_size=2),
)  # fmt: skip
def test_the_surest_that_both_are_known_by_decides_whenever_a_list_comes(
    customers: list[ListedCustomer], jobs: list[dict]
) -> None:
    told, told_late = (fact(CustomersListed(UPLOAD, customers, True), batch_id=None, hours=h) for h in (0, 30))
    about = answer(ANN, experience=jobs)
    before, after = settled(one(told), about, *walked(1)), settled(one(about, *walked(1)), told_late)
    flag = lead(before, 1).is_worked_at_customer
    assert lead(after, 1).is_worked_at_customer is flag
    assert bool(flag) is any(is_one(job, customers) for job in jobs)


@pytest.mark.parametrize(("job", "wanted"), [
    ({"company_domain": "mercuryinsurance.com", "url": "linkedin.com/company/mercury-insurance"}, False),
    ({"company_domain": "mercuryinsurance.com"}, False), ({"url": "linkedin.com/company/mercury-insurance"}, False),
    ({"url": "linkedin.com/company/mercuryhq"}, True), ({"company_domain": "www.mercury.com"}, True), ({}, True),
])  # fmt: skip
def test_a_name_is_nothing_to_go_by_where_both_have_a_surer_key(job: dict, wanted: bool) -> None:
    customer = ListedCustomer("Mercury", "mercury.com", "https://linkedin.com/company/mercuryhq/")
    jobs = [{"company": "Mercury", "start_date": "2024", **job}]
    found = one(fact(CustomersListed(UPLOAD, [customer], True), batch_id=None), answer(ANN, experience=jobs))
    assert lead(settled(found, *walked(1)), 1).is_worked_at_customer is wanted


@pytest.mark.parametrize(("page", "other", "wanted"), [
    ("1441", "mercuryhq", True), ("mercuryhq", "1441", True), ("1441", "1442", False), ("1441", "1441", True),
])  # fmt: skip
def test_a_page_by_its_number_may_be_the_one_by_its_name(page: str, other: str, wanted: bool) -> None:
    customer = ListedCustomer("Mercury", None, f"https://linkedin.com/company/{page}")
    jobs = [{"company": "Mercury", "start_date": "2024", "url": f"linkedin.com/company/{other}"}]
    found = one(fact(CustomersListed(UPLOAD, [customer], True), batch_id=None), answer(ANN, experience=jobs))
    assert lead(settled(found, *walked(1)), 1).is_worked_at_customer is wanted
