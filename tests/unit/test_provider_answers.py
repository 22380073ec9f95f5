"""Answers as providers other than Clay give them, in the manners in which tables pass them on: from POST to lead."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.callbacks.body import answers_in, parsed
from services.callbacks.receipt import Sender, received
from services.projector.extractors.reading import Reading, read
from shared.envelope import Event
from shared.ids import named_id
from shared.jobs import Entry
from shared.tokens import CallbackToken

ITEM, FIRM, ANN = named_id("item", "i"), named_id("company", "acme"), named_id("person", "ann")
COMPANY_IDS, PERSON_IDS = {"item_id": ITEM, "company_id": FIRM}, {"item_id": ITEM, "person_id": ANN}
PAGE, PROFILE = "https://www.linkedin.com/company/acme", "https://www.linkedin.com/in/ann-ex"
NOW = datetime(2026, 2, 1, tzinfo=UTC)
AUSTIN = {"company_city": "Austin", "company_state": "Texas", "company_country": "United States"}
ACME = {"company_name": "Acme", "company_domain": "acme.com", "company_employee_count": 67, **AUSTIN}
NAMES = {"person_first_name": "Ann", "person_last_name": "Ex", "person_full_name": "Ann Ex"}
CEO = NAMES | {"person_title": "CEO", "person_linkedin_url": PROFILE}
RAISED = (date(2025, 9, 1), date(2025, 9, 1))
JOBS = [
    (True, "Acme", "CEO", "acme.com", PAGE, date(2024, 1, 1), None),
    (False, "Beta", "CTO", "", "", date(2020, 1, 1), date(2023, 12, 1)),
]


def months(jobs: list[Entry]) -> list[tuple[Any, ...]]:
    """Jobs by what is kept of them."""
    return [(job.is_current, *job[3:9]) for job in jobs]


def all_posted(body: Any, entity_id: str, workflow: str) -> list[Event]:
    token = CallbackToken(
        tenant_id=named_id("tenant", "t"), client_id=named_id("client", "c"), workflow=workflow,
        batch_id=named_id("batch", "b"), item_id=ITEM, entity_id=entity_id, dispatch_id=named_id("disp", "d"),
        expires_at=2**31,
    )  # fmt: skip
    whole = parsed(json.dumps(body).encode())
    sender = Sender(token.tenant_id, token.client_id, workflow, token)
    return received(sender, answers_in(whole), whole, NOW, lambda: named_id("evt", "e"))


def posted(body: Any, entity_id: str, workflow: str) -> Event:
    (event,) = all_posted(body, entity_id, workflow)
    return event


def told(body: Any, entity_id: str, workflow: str) -> Reading:
    event = posted(body, entity_id, workflow)
    assert (event.entity_id, event.payload.found) == (entity_id, True)
    return read(event.payload.answer, workflow, entity_id)


def company(body: Any) -> Reading:
    return told(body, FIRM, "enrich_company")


def person(body: Any) -> Reading:
    return told(body, ANN, "enrich_person")


APOLLO_FIRM = {
    "name": "Acme", "website_url": "http://www.acme.com", "linkedin_url": PAGE, "primary_domain": "acme.com",
    "estimated_num_employees": 67, "founded_year": 2010, "city": "Austin", "state": "Texas", "country": "United States",
    "annual_revenue": 12e6, "total_funding": 5_000_000, "latest_funding_round_date": "2025-09-01T00:00:00.000+00:00",
    "short_description": "We do", "technology_names": ["Slack"],
}  # fmt: skip
PDL_FIRM = {
    "name": "Acme", "size": "51-200", "employee_count": 67, "founded": 2010,
    "linkedin_url": "linkedin.com/company/acme",
    "location": {"name": "austin", "locality": "Austin", "region": "Texas", "country": "united states"},
    "website": "acme.com", "total_funding_raised": 5_000_000, "last_funding_date": "2025-09-01",
    "inferred_revenue": "$10M-$25M",
}  # fmt: skip
PROXYCURL_FIRM = {
    "name": "Acme", "website": "http://acme.com", "company_size": [51, 200], "company_size_on_linkedin": 67,
    "hq": {"country": "US", "city": "Austin", "is_hq": True, "state": "Texas"}, "founded_year": 2010, "locations": [],
}  # fmt: skip
CLEARBIT_FIRM = {
    "name": "Acme", "domain": "acme.com", "category": {"industry": "Internet", "subIndustry": "Web"},
    "foundedYear": 2010, "location": "1 Main St, Austin, TX 78701, USA", "tech": ["slack"],
    "geo": {"city": "Austin", "state": "Texas", "stateCode": "TX", "country": "United States"},
    "metrics": {"employees": 67, "raised": 5_000_000, "annualRevenue": 12_000_000},
}  # fmt: skip
HARMONIC_FIRM = {
    "name": "Acme", "website": {"url": "https://acme.com", "domain": "acme.com"}, "headcount": 67,
    "founding_date": {"date": "2010-01-01T00:00:00", "granularity": "YEAR"},
    "location": {"city": "Austin", "state": "Texas", "country": "United States"},
    "funding": {"funding_total": 5_000_000, "last_funding_at": "2025-09-01T00:00:00"},
    "socials": {"LINKEDIN": {"url": PAGE}},
}  # fmt: skip
ZOOMINFO_FIRM = {
    "name": "Acme", "website": "acme.com", "revenue": 12_000, "revenueRange": "$10 mil. - $25 mil.",
    "employeeCount": 67, "employeeRange": "50 - 100", "city": "Austin", "state": "Texas", "country": "United States",
    "foundedYear": "2010",
}  # fmt: skip
FOUNDED, MONEY = {"company_founded_year": 2010}, {"company_funding_range": "$5M - $10M"}
REVENUE, SIZE = {"company_revenue_range": "10M-25M"}, {"company_size_bucket": "51-200"}


@pytest.mark.parametrize(("firm", "more", "funded"), [
    (APOLLO_FIRM, FOUNDED | MONEY | REVENUE | {"company_description": "We do", "company_linkedin_url": PAGE}, RAISED),
    (PDL_FIRM, FOUNDED | MONEY | REVENUE | SIZE | {"company_linkedin_url": PAGE}, RAISED),
    (PROXYCURL_FIRM, FOUNDED | SIZE, None),
    (CLEARBIT_FIRM, FOUNDED | MONEY | REVENUE | {"company_industry": "Internet"}, None),
    (HARMONIC_FIRM, FOUNDED | MONEY | {"company_website": "https://acme.com"}, RAISED),
    (ZOOMINFO_FIRM, FOUNDED | REVENUE | SIZE, None),
])  # fmt: skip
@pytest.mark.parametrize("wrap", [
    lambda firm: firm, lambda firm: {"data": firm, "status": 200}, lambda firm: {"Enrich Company": json.dumps(firm)},
])  # fmt: skip
def test_a_company_of_another_provider(wrap: Callable[[Any], Any], firm: Any, more: Any, funded: Any) -> None:
    found = company(COMPANY_IDS | wrap(firm))
    assert ACME | more == {name: found.columns.get(name) for name in ACME | more}
    assert found.funded == funded


@pytest.mark.parametrize("who", [
    {"employment_history": [
        {"current": False, "organization_name": "Beta", "title": "CTO", "start_date": "2020-01-01",
         "end_date": "2023-12-31"},
        {"current": True, "organization_name": "Acme", "title": "CEO", "start_date": "2024-01-01", "end_date": None,
         "company_domain": "acme.com", "company_url": PAGE}]},
    {"experience": [
        {"company": {"name": "Acme", "website": "acme.com", "linkedin_url": PAGE}, "title": {"name": "CEO"},
         "start_date": "2024-01", "end_date": None},
        {"company": {"name": "Beta"}, "title": {"name": "CTO"}, "start_date": "2020", "end_date": "2023-12"}]},
    {"experiences": [
        {"company": "Acme", "company_linkedin_profile_url": PAGE, "title": "CEO", "company_website": "acme.com",
         "starts_at": {"day": 1, "month": 1, "year": 2024}, "ends_at": None},
        {"company": "Beta", "title": "CTO", "starts_at": {"year": 2020}, "ends_at": {"month": 12, "year": 2023}}]},
    {"experience": [
        {"company": "urn:company:1", "company_name": "Acme", "title": "CEO", "start_date": "2024-01-01T00:00:00",
         "domain": "acme.com", "linkedin_url": PAGE, "is_current_position": True},
        {"company": "urn:company:2", "company_name": "Beta", "title": "CTO", "start_date": "2020-01-01T00:00:00",
         "end_date": "2023-12-01T00:00:00", "is_current_position": False}]},
    {"Experience": [
        {"Company": "Acme", "Company Domain": "acme.com", "URL": PAGE, "Title": "CEO", "Start Date": "2024-01-01"},
        {"companyName": "Beta", "position": "CTO", "startDate": "2020-01", "endDate": "2023-12",
         "isCurrent": "false"}]},
])  # fmt: skip
@pytest.mark.parametrize("wrap", [lambda who: who, lambda who: {"Enrich Person": [who]}])
def test_a_persons_jobs_as_others_tell_them(wrap: Callable[[Any], Any], who: dict[str, Any]) -> None:
    names = {"First Name": "Ann", "lastName": "Ex", "full_name": "Ann Ex", "LinkedIn URL": PROFILE}
    found = person(PERSON_IDS | wrap(names | who))
    assert months(found.jobs) == JOBS
    assert found.columns == CEO | {"person_current_job_start_date": date(2024, 1, 1)}


@pytest.mark.parametrize("body", [
    {"person_first_name": "Ann", "person_last_name": "Ex", "person_full_name": "Ann Ex", "person_title": "CEO",
     "person_linkedin_url": PROFILE},
    {"Person First Name": "Ann", "Person Last Name": "Ex", "Full Name": "Ann Ex", "Job Title": "CEO",
     "LinkedIn Profile URL": PROFILE},
    {"person": {"name": {"fullName": "Ann Ex", "givenName": "Ann", "familyName": "Ex"}, "linkedinUrl": PROFILE,
                "employment": {"domain": "acme.com", "name": "Acme", "title": "CEO"}, "location": {}}},
])  # fmt: skip
def test_a_person_however_the_keys_are_spelled(body: Any) -> None:
    assert person(PERSON_IDS | body).columns == CEO


@pytest.mark.parametrize("wrap", [lambda lead: lead, lambda lead: {"result": lead}])
def test_columns_of_ours_are_known_by_their_own_names(wrap: Callable[[Any], Any]) -> None:
    firm = {
        "company_name": "Acme", "company_domain": "acme.com", "company_size_bucket": "51-200",
        "company_revenue_range": "10M-25M", "company_funding_range": "$5M - $10M", "company_founded_year": 2010,
        "company_industries": ["X", "Y"], "company_subindustries": ["Z"], "company_business_stage": "Growth Stage",
        "company_technologies": ["Slack"], "company_city": "Austin", "company_state": "Texas",
    }  # fmt: skip
    assert company(COMPANY_IDS | wrap(firm)).columns == firm
    who = person(PERSON_IDS | wrap(CEO | {"person_current_job_start_date": "2025-10-01"}))
    assert who.columns == CEO | {"person_current_job_start_date": date(2025, 10, 1)}
    assert who.current_since == (date(2025, 10, 1), date(2025, 10, 1))


@pytest.mark.parametrize("place", [
    {"city": "Austin", "state": "Texas", "country": "US"},
    {"location": {"city": "Austin", "state": "Texas", "country": "US"}},
    {"Location": "Austin, Texas, United States"},
])  # fmt: skip
def test_where_a_person_is(place: Any) -> None:
    found = person(PERSON_IDS | {"first_name": "Ann", "headline": "H"} | place)
    assert found.columns["person_location"] == "Austin, Texas, United States"
    assert "person_location" not in person(PERSON_IDS | {"first_name": "Ann", "country": "US"}).columns


@pytest.mark.parametrize(("top", "title", "since"), [
    ({"org": "Acme"}, "CEO", 2024), ({"title": "CEO"}, "CEO", 2024), ({"org": "ACME", "title": "Ceo"}, "Ceo", 2024),
    ({}, "Advisor", 2025), ({"org": "Gone"}, "Advisor", 2025),
])  # fmt: skip
def test_of_several_current_jobs_the_one_that_is_named_on_top(top: Any, title: str, since: int) -> None:
    jobs = [{"company": "Acme", "title": "CEO", "start_date": "2024-01-01", "is_current": True},
            {"company": "Beta", "title": "Advisor", "start_date": "2025-01-01", "is_current": True}]  # fmt: skip
    columns = person(PERSON_IDS | {"first_name": "Ann", "experience": jobs} | top).columns
    assert (columns["person_title"], columns["person_current_job_start_date"]) == (title, date(since, 1, 1))


@pytest.mark.parametrize(("body", "status"), [
    ({"Work Email": "Ann@Acme.com", "emailStatus": "valid"}, "valid"), ({"Email": "ann@acme.com"}, None),
    ({"contact": {"name": "Ann Ex", "domain": "acme.com", "email": "ann@acme.com"}}, None),
    ({"payload": {"contact": {"email": "ann@acme.com"}}, "status": "success"}, None),
    ({"data": {"first_name": "Ann", "email": "ann@acme.com", "verification": {"status": "valid"}}}, "valid"),
    ({"error": False, "response": {"email": {"email": "ann@acme.com", "status": "VALID"}}}, "VALID"),
    ({"data": [{"email": [{"email": "ann@acme.com", "qualification": "pro"}]}]}, None),
    ({"Enrich Email": {"email": "ann@acme.com", "status": "catch-all"}}, "catch-all"),
    ({"result": json.dumps({"email": "ann@acme.com"}), "status": 200}, None), ({"enrich_email": "ann@acme.com"}, None),
    ({"emails": [{"value": "ann@acme.com", "type": "work"}]}, None),
    ({"person": {"first_name": "Ann", "title": "CEO", "name": "Ann", "email": "ann@acme.com"}}, None),
    ({"organization": {"email": "info@acme.com"}, "person": {"email": "ann@acme.com"}}, None),
])  # fmt: skip
def test_an_address_wherever_it_is(body: Any, status: str | None) -> None:
    columns = told(PERSON_IDS | body, ANN, "enrich_email").columns
    assert columns == {"person_email": "ann@acme.com"} | ({"person_email_status": status} if status else {})


@pytest.mark.parametrize("beside", [
    {"email": "ann@acme.com", "email_status": "valid"}, {"Work Email": "ann@acme.com", "status": "valid"},
])  # fmt: skip
@pytest.mark.parametrize("wrap", [
    lambda beside, who: beside | {"person": who},
    lambda beside, who: beside | {"raw_clay_person_enriched_payload": who},
    lambda beside, who: {"data": beside | {"person": json.dumps(who)}},
    lambda beside, who: beside | {"enrich_person": who, "enrich_company": APOLLO_FIRM},
])  # fmt: skip
def test_an_address_beside_the_person(wrap: Callable[[Any, Any], Any], beside: Any) -> None:
    jobs = [{"company": "Acme", "title": "CEO", "start_date": "2024-01-01", "company_domain": "acme.com", "url": PAGE},
            {"company": "Beta", "title": "CTO", "start_date": "2020-01", "end_date": "2023-12"}]  # fmt: skip
    who = {"first_name": "Ann", "last_name": "Ex", "full_name": "Ann Ex", "title": "CEO", "url": PROFILE}
    body = PERSON_IDS | wrap(beside, who | {"experience": jobs, "last_refresh": "2026-01-01"})
    (event,) = [each for each in all_posted(body, ANN, "enrich_email") if each.entity_id == ANN]
    address = {"person_email": "ann@acme.com", "person_email_status": "valid"}
    assert (event.payload.found, event.payload.answer["last_refresh"]) == (True, "2026-01-01")
    assert read(event.payload.answer, "enrich_email", ANN).columns == address
    found = read(event.payload.answer, "enrich_person", ANN)
    if "email_status" not in beside:  # a person's own status is not that of an address
        del address["person_email_status"]
    assert found.columns == CEO | {"person_current_job_start_date": date(2024, 1, 1)} | address
    assert months(found.jobs) == JOBS
    assert "experience" not in json.dumps(event.payload.body)


def test_a_company_is_read_as_before_beside_a_number() -> None:
    body = COMPANY_IDS | {"phone": "+1 512 555 0100", "status": 200}
    with_phone = company(body | {"enrich_company": APOLLO_FIRM})
    assert with_phone == company(COMPANY_IDS | {"enrich_company": APOLLO_FIRM})


def test_an_employer_inside_a_person_is_no_answer_about_the_person() -> None:
    firm = {"name": "Acme", "domain": "acme.com", "industry": "X"}
    assert told(PERSON_IDS | {"email": "ann@acme.com", "company": firm}, ANN, "enrich_email").columns == {
        "person_email": "ann@acme.com"
    }
    both = PERSON_IDS | {"first_name": "Ann", "headline": "H", "company": firm}
    whole = parsed(json.dumps(both).encode())
    assert [(answer.kind, answer.person_id) for answer in answers_in(whole)] == [("company", None), ("person", ANN)]


@pytest.mark.parametrize(("rows", "bound"), [
    ([{"error": "x"}, {"name": "Acme"}], 1), ([{"name": "Beta"}, {"company_id": FIRM, "error": "x"}], 0),
    ([{"name": "Acme"}, {"name": "Beta"}], 0), ([{"company_id": named_id("company", "o"), "name": "Beta"}, {}], 1),
])  # fmt: skip
def test_of_several_records_the_dispatch_was_for_the_first_that_was_found(rows: list[Any], bound: int) -> None:
    events = all_posted(rows, FIRM, "enrich_company")
    assert [event.payload.dispatch_id is not None for event in events] == [n == bound for n in range(2)]
