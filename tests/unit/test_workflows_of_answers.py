"""The SYNC workflows that read answers: employers and contact details of a person out of what was told of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.dispatcher.workflows import extract_contact_info, extract_work_history
from services.projector.extractors.person import employer_keys
from services.projector.extractors.reading import read
from shared.dates import written
from shared.ids import named_id

SAMPLE = Path(__file__).parents[1] / "data" / "clay" / "person_enrich_synthetic.jsonl"
PEOPLE = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
JOBS = [
    {"company": "Old Ltd", "start_date": "2015-02-01", "end_date": "2019-01-01", "is_current": False, "title": "Clerk"},
    {"company": "Next", "company_domain": "www.next.example", "start_date": "2021-03-01", "end_date": None},
    {"company": "Last Ltd", "url": "linkedin.com/company/Last", "start_date": "2019-02-01", "end_date": "2021-02-01"},
    {"title": "nowhere"},
]


def test_the_work_history_of_an_unsorted_answer() -> None:
    answers = {"enrich_person": {"name": "Ann", "experience": JOBS, "latest_experience": JOBS[1]}, "other": "rubbish"}
    spelled = {"workHistory": [], "Experience": [{key.title(): value for key, value in job.items()} for job in JOBS]}
    assert (
        extract_work_history.run({"answers": {"a": spelled}})
        == extract_work_history.run({"answers": answers})
        == {
            "current_employer_name": "Next",
            "current_employer_domain": "next.example",
            "previous_employer_name": "Last Ltd",
            "previous_employer_linkedin_url": "https://www.linkedin.com/company/last",
            "jobs_count": 3,
            "job_started_on": "2021-03-01",
        }
    )


def test_a_job_that_two_answers_tell_of_is_one() -> None:
    first = {"name": "Ann", "experience": [JOBS[0], JOBS[1]]}
    again = {"name": "Ann", "experience": [{"company": "NEXT Inc", "start_date": "2021-03"}]}
    assert extract_work_history.run({"answers": {"first": first, "again": again}})["jobs_count"] == 2


@pytest.mark.parametrize(("first", "again", "count"), [
    ("2020", "2020-03", 1), ("2020-03", "2020", 1), ("2020-03", "2020-09", 2), ("2020", "2021-01", 2),
])  # fmt: skip
def test_a_start_told_by_its_year_is_any_in_that_year_of_the_same_title(first: str, again: str, count: int) -> None:
    answers = [{"experience": [{"company": "Next", "title": "CEO", "start_date": start}]} for start in (first, again)]
    assert extract_work_history.run({"answers": dict(enumerate(answers))})["jobs_count"] == count
    answers[0]["experience"][0]["title"] = "Intern"
    assert extract_work_history.run({"answers": dict(enumerate(answers))})["jobs_count"] == 2


def test_the_current_job_is_that_of_the_last_answer_as_in_the_lead() -> None:
    older, newer = ({"experience": [{"company": name, "is_current": True}]} for name in ("Acme", "New"))
    older["experience"][0]["start_date"] = "2015"
    found = extract_work_history.run({"answers": {"older": older, "newer": newer}})
    assert (found["current_employer_name"], found.get("job_started_on")) == ("New", None)
    left = {"experience": [{"company": "New", "start_date": "2020", "end_date": "2021"}]}
    assert extract_work_history.run({"answers": {"older": older, "left": left}})["current_employer_name"] == "Acme"


NOW = {"company": "New", "start_date": "Aug 2024"}


@pytest.mark.parametrize(("answer", "wanted"), [
    ({"experience": [{"company": "Old", "start_date": "2010-01", "end_date": "2015"}, NOW]}, ("New", "Old", "2024-08")),
    ({"work_experience": [{"company": {"name": "Now"}, "is_current": "true", "start_date": 2020},
                          {"company": "New", "start_date": "2021", "is_current": "false"}]}, ("Now", "New", "2020")),
    ({"experience": '[{"employer": "New", "started_on": {"year": 2024, "month": 8}}]'}, ("New", None, "2024-08")),
    ({"experience": [{"title": "Advisor", "start_date": "2025"}, NOW]}, ("New", None, "2024-08")),
    ({"experience": [NOW, {"company": "Old", "start_date": "2019", "title": "CEO"}], "org": "Old", "title": "CEO"},
     ("Old", None, "2019")),
    ({"enrich_person": {"name": "Ann", "title": "", "url": "", "org": "", "experience": [NOW]},
      "enrich_company": {"name": "Other", "domain": "x.com", "size": "1", "type": "", "employee_count": 3}},
     ("New", None, "2024-08")),
    ({"Experience": [NOW | {"title": "CEO", "description": "d", "url": "linkedin.com/company/new"}]},
     ("New", None, "2024-08")),
    ({"name": "Acme", "domain": "acme.com"}, (None, None, None)),
])  # fmt: skip
def test_an_employer_is_the_one_that_a_lead_tells(answer: dict[str, Any], wanted: tuple[str | None, ...]) -> None:
    found = extract_work_history.run({"answers": {"of": answer}})
    names = ("current_employer_name", "previous_employer_name", "job_started_on")
    assert tuple(map(found.get, names)) == wanted


@pytest.mark.parametrize("answer", PEOPLE)
def test_the_job_and_its_start_are_those_that_a_lead_tells(answer: dict[str, Any]) -> None:
    found = extract_work_history.run({"answers": {"enrich_person": answer}})
    lead = read(answer, "enrich_person", named_id("person", "x"))
    current = [job.company_name for job in lead.jobs if job.is_current]
    assert found.get("current_employer_name") in (current or [None])
    assert found.get("job_started_on") == (written(lead.current_since) if lead.current_since else None)
    assert found.get("jobs_count", 0) == len([job for job in lead.jobs if employer_keys(job)])


@pytest.mark.parametrize(
    ("answer", "email"),
    [
        ({"email": "Ann@Acme.com"}, "ann@acme.com"),
        ({"emails": [{"type": "work", "email": "ann@acme.com"}]}, "ann@acme.com"),
        ({"emails": ["no address", "ann@acme.com"]}, "ann@acme.com"),
        ({"emails": {"type": "work", "address": "ann@acme.com"}}, "ann@acme.com"),
        ({"email": {"status": "valid", "email": "ann@acme.com"}}, "ann@acme.com"),
        ({"email": None, "work_email": "ann@acme.com"}, "ann@acme.com"),
        ({"Work Email": "ann@acme.com"}, "ann@acme.com"),
        ({"email": ""}, None),
    ],
)
def test_an_address_out_of_an_answer(answer: dict[str, Any], email: str | None) -> None:
    about = {"enrich_person": "person", "enrich_email": "person"}
    row = {"answers": {"enrich_person": {"name": "Ann"}, "enrich_email": answer}, "answers_about": about}
    assert extract_contact_info.run(row).get("email") == email
    assert extract_contact_info.run(row | {"email": "own@row.com"})["email"] == "own@row.com"


@pytest.mark.parametrize(("answer", "number"), [
    ({"phone_numbers": {"type": "work", "number": "+1 415 5550"}}, "+1 415 5550"),
    ({"phone": {"type": "mobile", "number": 14155550100}}, "14155550100"),
    ({"mobile_phone": {"status": "valid", "value": "+1 415 5550"}}, "+1 415 5550"),
    ({"phone_numbers": {"work": "+1 415 5550", "rank": 1}}, "+1 415 5550"),
    ({"phone_numbers": {"label": "mobile", "direct": {"id": 1234567, "number": "+1 415 5550"}}}, "+1 415 5550"),
    ({"phone_numbers": ["none", {"type": "work", "number": ""}, {"number": "+1 415 5550"}]}, "+1 415 5550"),
    ({"phone": {"type": "mobile", "number": None, "external_id": "1234567"}}, None),
    ({"phone": {"status": "not found", "id": 1234567}}, None), ({"phone": "not found"}, None),
])  # fmt: skip
def test_a_number_out_of_an_answer(answer: dict[str, Any], number: str | None) -> None:
    row = {"answers": {"find_mobile": answer}, "answers_about": {"find_mobile": "person"}}
    assert extract_contact_info.run(row).get("mobile_phone") == number
    assert extract_contact_info.run(row | {"mobile_phone": "No mobile found"}).get("mobile_phone") == number
    assert extract_contact_info.run(row | {"mobile_phone": "'+49 170 1234567"})["mobile_phone"] == "+49 170 1234567"


FIRM = {"name": "Acme", "domain": "acme.com", "industry": "X", "email": "info@acme.com", "phone": "+1 212 5550"}
OWN = {"email": "ann@acme.com", "mobile_phone": "+1 303 5550"}


@pytest.mark.parametrize(("about", "answers", "wanted"), [
    ({"a": "company"}, {"a": FIRM}, {}),
    ({"a": "company"}, {"a": {"email": "info@acme.com"}}, {}),
    ({"a": "person"}, {"a": FIRM | {"email": "ann@acme.com", "phone": "+1 303 5550"}}, OWN),
    ({"a": "item"}, {"a": FIRM}, {}),
    ({"a": "item"}, {"a": {"Company Name": "Acme", "Employee Count": 3, "Industry": "X", "Email": "i@acme.com"}}, {}),
    ({"a": "item"}, {"a": FIRM | {"first_name": "Ann", "email": "ann@acme.com", "phone": "+1 303 5550"}}, OWN),
    ({"a": "company", "b": "person", "c": "item"}, {"a": FIRM, "b": {"email": "ann@acme.com", "domain": "acme.com"},
      "c": {"phone": "+1 303 5550", "type": "mobile"}}, OWN),
    ({}, {"a": FIRM}, {}),
])  # fmt: skip
def test_what_reaches_a_company_is_not_the_person_s(
    about: dict[str, str], answers: dict[str, Any], wanted: dict[str, str]
) -> None:
    assert extract_contact_info.run({"answers": answers, "answers_about": about}) == wanted
