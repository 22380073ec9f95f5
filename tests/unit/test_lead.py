"""Leads: who wins over whom, what follows from dates, and that anything at all gives a lead."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.projector.customers import Customers
from services.projector.extractors.reading import read
from services.projector.lead import COLUMNS, Answered, Lead, project

CLAY = Path(__file__).parents[1] / "data" / "clay"
FIRM = json.loads((CLAY / "company_enrich_real_mutiny.json").read_bytes())
ANN = json.loads((CLAY / "person_enrich_pseudonymised_5.json").read_bytes())
TODAY = date(2026, 2, 20)
EXPECTED_COLUMNS = """person_first_name person_last_name person_full_name person_email
person_linkedin_url person_title person_headline person_location person_summary
person_current_job_start_date company_name company_domain company_linkedin_url company_website
company_logo_url company_description company_industry company_industries company_subindustries
company_size_bucket company_employee_count company_city company_state company_country
company_revenue_range company_founded_year company_type company_business_stage company_funding_range
company_technologies person_email_status person_phone company_phone
is_new_in_role is_recently_funded is_worked_at_customer"""
ITEM = {
    "first_name": "Ann", "last_name": "Upload", "title": "Boss", "email": "ann@upload.example.com",
    "person_city": "Lyon", "person_country": "France", "company_name": "Upload, Inc.",
    "company_name_normalized": "Upload", "company_domain": "www.upload.io",
    "company_linkedin_url": "http://linkedin.com/company/Upload/", "company_industry": "retail, food",
    "company_employee_count": "35", "company_annual_revenue": "3938000", "company_founded_year": "1999",
    "company_country": "US", "company_technologies": "Slack, Jira", "job_started_on": "08-2024",
}  # fmt: skip

KEYS = sorted({*FIRM, *ANN})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


def lead(item: dict[str, Any] = ITEM, person: Any = None, firm: Any = None, today: date = TODAY, **more: Any) -> Lead:
    """`more`: customers, each known by one key, or further answers by workflow; the newest comes last."""
    customers = Customers((key, key) for key in more.pop("customers", ()))
    told = [("company_answer", firm, "company_1"), ("person_answer", person, "person_1")]
    told += [(workflow, raw, "person_1") for workflow, raw in more.items()]
    answers = [Answered(name, read(raw, name, entity)) for name, raw, entity in reversed(told) if raw is not None]
    return project(item, answers, reference_date=today, customers=customers)


def job(start: Any, **more: Any) -> dict[str, Any]:
    return {"experience": [{"company": "Acme", "start_date": start, "is_current": True, **more}]}


def test_the_columns_are_those_of_the_table() -> None:
    assert sorted(COLUMNS) == sorted(EXPECTED_COLUMNS.split())
    assert lead({}) == Lead(dict.fromkeys(COLUMNS), {})


def test_an_upload_alone_makes_a_lead() -> None:
    found = lead()
    assert {name: value for name, value in found.columns.items() if value is not None} == {
        "person_first_name": "Ann", "person_last_name": "Upload", "person_full_name": "Ann Upload",
        "person_email": "ann@upload.example.com", "person_title": "Boss", "person_location": "Lyon, France",
        "person_current_job_start_date": date(2024, 8, 1), "company_name": "Upload",
        "company_domain": "upload.io", "company_linkedin_url": "https://www.linkedin.com/company/upload",
        "company_industry": "retail, food", "company_industries": ["retail, food"],
        "company_size_bucket": "11-50", "company_employee_count": 35, "company_country": "United States",
        "company_revenue_range": "1M-5M", "company_founded_year": 1999,
        "company_technologies": ["Slack", "Jira"], "is_new_in_role": False,
    }  # fmt: skip
    derived = {"person_full_name", "company_size_bucket", "is_new_in_role"}
    assert {name for name, source in found.provenance.items() if source == "derived"} == derived
    assert set(found.provenance.values()) == {"upload", "derived"}


def test_answers_win_and_the_upload_fills_what_they_leave() -> None:
    found = lead(person=ANN, firm={**FIRM, "founded": None})
    assert found.columns["person_last_name"] == "Stubbs"
    assert found.columns["company_name"] == "Mutiny"
    assert found.columns["company_founded_year"] == 1999
    sources = {name: found.provenance.get(name) for name in ("person_title", "company_name", "company_founded_year")}
    assert sources == {
        "person_title": "person_answer",
        "company_name": "company_answer",
        "company_founded_year": "upload",
    }
    assert len(found.jobs) == 10


def test_how_a_person_can_be_reached_is_read_whatever_was_asked_for() -> None:
    answered = {**ANN, "work_email": "Other@example.com", "mobile": "+1 212 555 0100", "status": "active"}
    columns = lead(person=answered).columns
    assert (columns["person_email"], columns["person_phone"]) == ("other@example.com", "+1 212 555 0100")
    assert columns["person_email_status"] is None
    private = lead(person={**ANN, "personal_email": "me@example.com"}).columns
    assert private["person_email"] == "ann@upload.example.com"
    assert read({"data": {"mobile": "212 5550"}}, "find", "person_1").columns == {"person_phone": "212 5550"}
    assert lead({}, firm={**FIRM, "email": "info@example.com"}).columns["person_email"] is None


@pytest.mark.parametrize("told", ["No mobile found", "mobile", "+49 170 7654321"])
def test_what_is_no_number_takes_the_place_of_none(told: str) -> None:
    item = {"mobile_phone": "+49 170 1234567", "company_phone": told}
    columns = lead(item, find_mobile={"phone": told}).columns
    number = told if told.startswith("+") else None
    assert (columns["person_phone"], columns["company_phone"]) == (number or item["mobile_phone"], number)


def test_known_columns_and_provenance_are_the_same_set() -> None:
    found = lead(person=ANN, firm=FIRM, customers=frozenset({"sap.com"}))
    assert {name for name, value in found.columns.items() if value is not None} == set(found.provenance)


@pytest.mark.parametrize(("firm", "count", "bucket"), [
    ({"size": "501-1,000 employees", "employee_count": 67}, 67, "501-1000"),
    ({"employee_count": "1,047"}, 1047, "1001-5000"), ({"size": "1 employee"}, 35, "1"),
    ({}, 35, "11-50"),
])  # fmt: skip
def test_size_text_before_head_count(firm: Any, count: int, bucket: str) -> None:
    found = lead(firm={"name": "Acme", **firm})
    assert (found.columns["company_employee_count"], found.columns["company_size_bucket"]) == (count, bucket)


def test_an_uploaded_band_is_a_band_and_no_head_count() -> None:
    found = lead({"company_employee_count": "10,001+"})
    assert found.columns["company_employee_count"] is None
    assert found.columns["company_size_bucket"] == "10001+"


@pytest.mark.parametrize(
    ("answered", "state"),
    [("Austin, TX", "TX"), ("Austin", None), ("Columbus", "Ohio"), (None, "Ohio")],
)
def test_a_state_never_joins_another_city(answered: str | None, state: str | None) -> None:
    item = {"company_city": "Columbus", "company_state": "Ohio"}
    assert lead(item, firm={"name": "Acme", "locality": answered}).columns["company_state"] == state


@pytest.mark.parametrize(("answered", "place"), [
    ({"country": "Germany"}, (None, None, "Germany")), ({"country": "US"}, ("Columbus", "Ohio", "United States")),
    ({"country": "DE", "locality": "Bonn"}, ("Bonn", None, "Germany")), ({}, ("Columbus", "Ohio", "United States")),
])  # fmt: skip
def test_a_city_never_joins_another_country(answered: Any, place: tuple[str | None, ...]) -> None:
    item = {"company_city": "Columbus", "company_state": "Ohio", "company_country": "USA"}
    columns = lead(item, firm={"name": "Acme"} | answered).columns
    assert tuple(columns[f"company_{part}"] for part in ("city", "state", "country")) == place


@pytest.mark.parametrize(("answered", "wanted"), [
    ({"email": "other@acme.com"}, None), ({"email": "ANN@acme.com"}, "guessed"), ({"status": "valid"}, "guessed"),
    ({"email": "ann@acme.com", "status": "valid"}, "valid"), ({"email": "b@acme.com", "status": "valid"}, "valid"),
])  # fmt: skip
def test_a_status_is_that_of_the_address_it_came_with(answered: Any, wanted: str | None) -> None:
    item = {"email": "Ann Ex <ann@acme.com>", "email_status": "guessed"}
    assert lead(item, enrich_email=answered).columns["person_email_status"] == wanted
    newer = lead({}, find_email={"email": "ann@acme.com"}, check_email=answered)
    assert newer.columns["person_email_status"] == (wanted if wanted != "guessed" else None)


@pytest.mark.parametrize(("told", "shown"), [
    ("Ann Ex <Ann@Acme.com>", "ann@acme.com"), ("Email_not_unlocked@domain.com", None), ("on request", None),
])  # fmt: skip
def test_an_uploaded_address_is_read_as_those_of_answers(told: str, shown: str | None) -> None:
    columns = lead({"email": told, "email_status": "guessed"}).columns
    assert (columns["person_email"], columns["person_email_status"]) == (shown, shown and "guessed")


def test_a_second_workflow_completes_the_first_and_its_newer_word_wins() -> None:
    found = lead(person=ANN, enrich_again={"first_name": "Anne", "last_name": "Stubbs", "summary": "Hello", "org": "X"})
    assert (found.columns["person_first_name"], found.provenance["person_first_name"]) == ("Anne", "enrich_again")
    assert (found.columns["person_summary"], found.provenance["person_headline"]) == ("Hello", "person_answer")
    assert len(found.jobs) == 10
    assert [told["columns"] for told in found.contradictions if told["kind"] == "answers"] == [["person_first_name"]]


@pytest.mark.parametrize("answer", [
    {"email": "Ann@Found.example", "email_status": "valid"}, {"raw_payload": {"work_email": "ann@found.example"}},
    {"item_id": "x", "result": {"email": "ann@found.example", "status": "valid"}}, {"emails": ["ann@found.example"]},
    [{"data": {"email": "ann@found.example"}}],
])  # fmt: skip
def test_a_search_for_an_email_gives_the_email_and_leaves_the_person(answer: Any) -> None:
    found = lead(person=ANN, enrich_email=answer)
    assert (found.columns["person_email"], found.columns["person_last_name"]) == ("ann@found.example", "Stubbs")
    assert found.provenance["person_email"] == "enrich_email"
    (told,) = [each for each in found.contradictions if each["columns"] == ["person_email"]]
    assert [value["value"] for value in told["values"]] == ["ann@upload.example.com", "ann@found.example"]


@pytest.mark.parametrize(("firm", "told"), [
    ({"employee_count": 67, "size": "501-1,000 employees"}, ["size"]),
    ({"employee_count": 67, "size": "51-200"}, []), ({"employee_count": 0, "size": "51-200"}, []),
    ({"domain": "other.com"}, ["upload"]), ({"domain": "www.UPLOAD.io"}, []),
])  # fmt: skip
def test_what_cannot_all_be_true_is_told(firm: Any, told: list[str]) -> None:
    assert [each["kind"] for each in lead(firm={"name": "Acme", "industry": "Tools", **firm}).contradictions] == told


@pytest.mark.parametrize(("uploaded", "answered", "told"), [
    ("urn:li:fs_salesProfile:(ACwAAAalhSJUVdG0,NAME,x)", "linkedin.com/in/ann", 0),
    ("linkedin.com/in/ann", "linkedin.com/in/ACwAAAalhSJUVdG0", 0), ("linkedin.com/in/bob", "linkedin.com/in/ann", 1),
    ("linkedin.com/in/ACwAAAbbbbbbbbbb", "linkedin.com/in/ACwAAAalhSJUVdG0", 1),
])  # fmt: skip
def test_a_page_by_its_id_may_be_the_one_by_its_name(uploaded: str, answered: str, told: int) -> None:
    found = lead({"person_linkedin_url": uploaded}, person={"first_name": "Ann", "last_name": "Ex", "url": answered})
    assert len(found.contradictions) == told


@pytest.mark.parametrize(("jobs", "told"), [
    (job("2024", company_domain="upload.io"), 0), (job("2024", company="UPLOAD Inc"), 0), (job("2024"), 1),
    ({"experience": [{"company": "Acme", "start_date": "2020", "is_current": False}]}, 0),
    ({"experience": [*job("2024")["experience"], *job("2023", company="Upload")["experience"]]}, 0),
])  # fmt: skip
def test_another_employer_than_the_uploaded_one_is_told(jobs: Any, told: int) -> None:
    found = [each for each in lead(person=jobs).contradictions if each["kind"] == "employer"]
    assert len(found) == told
    for each in found:
        assert [value["value"] for value in each["values"]] == ["Upload, Inc.", "Acme"]


@pytest.mark.parametrize("told", ["upload", "gmail.com"])
def test_an_uploaded_website_tells_the_employer_where_the_domain_is_none(told: str) -> None:
    item = {"company_name": "Up", "company_domain": told, "company_website": "upload.io"}
    assert not lead(item, person=job("2024", company_domain="upload.io")).contradictions


def test_what_an_upload_says_is_found_by_its_field() -> None:
    assert lead().via["company_name"] == "company_name_normalized"


@settings(deadline=None)  # the first domain loads the list of public suffixes
@given(
    st.dictionaries(
        st.sampled_from([*ITEM, "company_last_funding_date", "company_city", "company_state"]), json_values
    ),
    json_values,
    json_values,
    st.dates(),
    st.frozensets(st.text(), max_size=3),
)
def test_anything_gives_a_lead(item: Any, person: Any, firm: Any, today: date, customers: frozenset[str]) -> None:
    found = lead(item, person, firm, today, customers=customers)
    assert list(found.columns) == list(COLUMNS)
    assert {name for name, value in found.columns.items() if value is not None} == set(found.provenance)
    derived = {name for name, source in found.provenance.items() if source in ("derived", "customer")}
    assert {name for name, sources in found.follows.items() if sources} == derived
    assert found == lead(item, person, firm, today, customers=customers)
