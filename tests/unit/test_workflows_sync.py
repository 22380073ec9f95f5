"""The SYNC workflows that ship: what they set on real shapes, and that nothing makes them raise."""

import importlib
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dispatcher.workflows import (
    extract_contact_info,
    extract_work_history,
    normalize_all_core_values,
    normalize_company_domain,
    normalize_company_name,
    split_raw_apollo_scrape_data,
)
from services.ingest import vocabulary
from services.ingest.registry import OUTPUTS
from services.projector.extractors.bands import size_bucket
from services.projector.lead import project
from shared.dates import iso_date, span

WORKFLOWS = [
    extract_contact_info,
    extract_work_history,
    normalize_all_core_values,
    normalize_company_domain,
    normalize_company_name,
    split_raw_apollo_scrape_data,
]
FIELDS = (
    "first_name last_name full_name email person_linkedin_url person_city person_state person_country "
    "person_location company_name company_domain company_website company_linkedin_url company_employee_count "
    "company_last_funding_date title mobile_phone answers"
)
VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.lists(st.text())
)
SHAPED = st.text("0123456789,./+T:- ", max_size=12) | st.text("AbcIncSA®()|&., -:", max_size=20)


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("Cloudburst, SBC", "Cloudburst"),
        ("ING Bank N.V.", "ING Bank"),
        ("Ace Flag Co., Inc.", "Ace Flag"),
        ("Brightforge GmbH & Co. KG", "Brightforge"),
        ("HCCS - Healthcare Coding & Consulting Services", "HCCS"),
        ("Askills | Expertise Data", "Askills"),
        ("Color Street HQ: Innovative Cosmetic Concepts", "Color Street HQ"),
        ("Utel USA (Utility Telecom LLC)", "Utel USA"),
        ("Altenew, LLC-Corporate", "Altenew"),
        ("Howler Brothers ⚡️", "Howler Brothers"),
        ("Skout's Honor®", "Skout's Honor"),
        ("Bloomin'", "Bloomin'"),
        ("'@Home Healthcare", "@Home Healthcare"),
        ("aran ag | Partner für Pumpen", "aran ag"),
        ("Urban Day Spa", "Urban Day Spa"),
        ("Beyond EI", "Beyond EI"),
        ("Tennessee Sign Company", "Tennessee Sign Company"),
        ("Print.Save.Repeat.", "Print.Save.Repeat."),
        ("株式会社サンプル", "サンプル"),
        ("Limited", "Limited"),
        ("(-)", "(-)"),
    ],
)
def test_company_name(name: str, readable: str) -> None:
    assert normalize_company_name.run({"company_name": name}) == {"company_name_normalized": readable}


@pytest.mark.parametrize(
    ("fields", "domain"),
    [
        ({"company_domain": "WWW.Acme.com", "company_website": "http://other.com"}, "acme.com"),
        ({"company_domain": "HTTPS:", "company_website": "https://www.acme.co.uk/en"}, "acme.co.uk"),
        ({"company_website": "http://www.brightforge.example"}, "brightforge.example"),
    ],
)
def test_company_domain(fields: dict[str, Any], domain: str) -> None:
    assert normalize_company_domain.run(fields) == {"company_domain": domain}


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "jo@acme.com"},
        {"company_domain": "gmail.com"},
        {"company_website": "https://www.linkedin.com/company/acme"},
    ],
)
def test_what_is_not_the_company_s_domain(fields: dict[str, Any]) -> None:
    assert normalize_company_domain.run(fields) == {}


def test_a_row_of_apollo() -> None:
    fields = {
        "first_name": "Søren",
        "last_name": "van der Test",
        "email": "P1.Synthetic@Acme.COM",
        "person_city": "Vienna",
        "person_state": "Vienna",
        "person_country": "Austria",
        "person_linkedin_url": "http://de.linkedin.com/in/Synthetic-1/",
        "company_linkedin_url": "http://www.linkedin.com/company/s%c3%a3o-paulo",
        "company_employee_count": "1,200",
        "company_last_funding_date": "2022-02-01T00:00:00+00:00",
    }
    assert split_raw_apollo_scrape_data.run(fields) == {
        "first_name": "Søren",
        "last_name": "van der Test",
        "full_name": "Søren van der Test",
        "email": "p1.synthetic@acme.com",
        "person_location": "Vienna, Austria",
        "person_linkedin_url": "https://www.linkedin.com/in/synthetic-1",
        "company_linkedin_url": "https://www.linkedin.com/company/s%C3%A3o-paulo",
        "company_employee_count": 1200,
        "company_last_funding_date": "2022-02-01",
    }


def test_all_core_values_of_a_row_of_any_workstream() -> None:
    fields = {
        "full_name": "Dr. Tess van der Test, MBA",
        "title": " Head \t of\nGrowth ",
        "email": "Tess@Gmail.com",
        "mobile_phone": "'+44 20 7946 0000",
        "company_name": "Brightforge GmbH & Co. KG",
        "company_website": "https://www.brightforge.co.uk/about",
        "company_country": "null",
    }
    assert normalize_all_core_values.run(fields) == {
        "full_name": "Dr. Tess van der Test, MBA",
        "first_name": "Tess",
        "last_name": "van der Test",
        "title": "Head of Growth",
        "email": "tess@gmail.com",
        "mobile_phone": "+44 20 7946 0000",
        "company_name": "Brightforge GmbH & Co. KG",
        "company_name_normalized": "Brightforge",
        "company_domain": "brightforge.co.uk",
    }


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Dr. Tess van der Test, MBA", "Tess", "van der Test"),
        ("Stubbs, Marlo", "Marlo", "Stubbs"),
        ("Cher", "Cher", None),
    ],
)
def test_full_names_are_split(full: str, first: str, last: str | None) -> None:
    found = split_raw_apollo_scrape_data.run({"full_name": full})
    assert (found.get("first_name"), found.get("last_name")) == (first, last)


def test_a_hashed_profile_becomes_the_page_that_anybody_can_open() -> None:
    found = split_raw_apollo_scrape_data.run({"person_linkedin_url": "linkedin.com/sales/lead/ACwAAAOrqquLaRG,X"})
    assert found == {"person_linkedin_url": "https://www.linkedin.com/in/ACwAAAOrqquLaRG"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("35", 35),
        (35, 35),
        ("299000.0", 299000),
        ("10,001+", 10001),
        ("1.200", 1200),
        ("1.200,00", 1200),
        ("1’200+ employees", 1200),
        ("1,000.5", None),
        ("51-200", None),
        ("", None),
    ],
)
def test_head_counts(text: object, count: int | None) -> None:
    assert split_raw_apollo_scrape_data.whole_number(text) == count


@pytest.mark.parametrize("text", ["1.000", "1,000", "1 000", "1'000", "1\xa0000", "1.000,00", "1,000.00", "1000.0"])
def test_a_thousand_is_a_thousand_to_every_reader(text: str) -> None:
    fields = {"company_employee_count": text}
    lead = project(fields, reference_date=date(2026, 1, 1)).columns
    split = split_raw_apollo_scrape_data.run(fields)["company_employee_count"]
    assert (split, lead["company_employee_count"]) == (1000, 1000)
    assert lead["company_size_bucket"] == size_bucket(text) == "501-1000"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-05-01", "2021-05-01"),
        ("10/1/2023", "2023-10-01"),
        ("13/2/2023", "2023-02-13"),
        ("1.10.2025", "2025-10-01"),
        ("'2025-10-01", "2025-10-01"),
        ("3. März 2024", "2024-03-03"),
        ("08-2024", "2024-08"),
        ("2024-08", "2024-08"),
        ("Aug 2024", "2024-08"),
        ("2024", "2024"),
        (2024, "2024"),
        ("2023-02-30", None),
        ("last year", None),
    ],
)
def test_dates_are_written_as_precisely_as_they_are_told(text: object, day: str | None) -> None:
    assert iso_date(text) == day
    assert span(day) == span(text)


def test_a_date_of_a_row_is_the_one_that_a_lead_reads() -> None:
    told = {"company_last_funding_date": "02-2025"}
    assert split_raw_apollo_scrape_data.run(told) == {"company_last_funding_date": "2025-02"}
    today = date(2026, 2, 14)
    flags = [project(told | found, reference_date=today).columns["is_recently_funded"]
             for found in ({}, split_raw_apollo_scrape_data.run(told))]  # fmt: skip
    assert flags == [None, None], "from the 14th on, and February is all that is told"


JOB_KEYS = ("company", "company_domain", "url", "title", "start_date", "end_date", "is_current", "email", "phone")
TOLD = VALUES | st.lists(st.dictionaries(st.sampled_from(JOB_KEYS), VALUES | SHAPED, max_size=4), max_size=3)
ANSWER = st.dictionaries(
    st.sampled_from(("experience", "latest_experience", "emails", "email", "url")), TOLD, max_size=3
)


@pytest.mark.parametrize("workflow", [extract_contact_info, extract_work_history])
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(answers=st.dictionaries(st.sampled_from(("one", "two")), ANSWER | VALUES))
def test_no_answer_makes_them_raise(workflow: Any, answers: dict[str, Any]) -> None:
    found = workflow.run({"answers": answers})
    assert workflow.run({"answers": answers, **found}) == found


@pytest.mark.parametrize("workflow", WORKFLOWS)
@given(fields=st.dictionaries(st.sampled_from(FIELDS.split()), VALUES | SHAPED, max_size=8))
def test_never_raises_and_says_the_same_again(workflow: Any, fields: dict[str, Any]) -> None:
    found = workflow.run(fields)
    assert workflow.run({**fields, **found}) == found


JOB = {"company": "Acme", "company_domain": "acme.com", "url": "linkedin.com/company/acme", "title": "CEO"}
FULL = {
    **dict.fromkeys(FIELDS.split(), "Acme, Inc."),
    "answers": {"one": {"experience": [
        JOB | {"start_date": "2020-01", "is_current": True}, JOB | {"end_date": "2019-12", "is_current": False},
    ]}},
}  # fmt: skip


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_what_they_set_beside_the_fields_of_files_is_declared(workflow: Any) -> None:
    found = workflow.run(FULL).keys() - {field.name for field in vocabulary.FIELDS}
    assert found == OUTPUTS[workflow.__name__.rpartition(".")[2]]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_nothing_comes_of_nothing(workflow: Any) -> None:
    assert workflow.run({}) == {}
    assert importlib.import_module(workflow.__name__).run is workflow.run
