"""What follows of a lead from dates and employers: new in role, recently funded, worked at a customer."""

from datetime import date
from typing import Any

import pytest

from services.projector.extractors.person import company_keys
from services.projector.extractors.reading import read
from services.projector.lead import Answered, project
from tests.unit.test_lead import ANN, FIRM, TODAY, job, lead


@pytest.mark.parametrize(("start", "wanted"), [
    ("2025-08-01", True), ("2025-08", True), ("2025-07-01", False), ("2026-02-28", True),
    ("2026-03-01", False),
    ("2026", True), ("2025", None), ("2024", False), (None, False), ("soon", False),
])  # fmt: skip
def test_new_in_role(start: Any, wanted: bool | None) -> None:
    # Without a start in the answer, the uploaded one of August 2024 stands.
    assert lead(person=job(start, company="Upload")).columns["is_new_in_role"] is wanted


LEFT = {"experience": [{"company": "Upload", "start_date": "2015", "end_date": "2026-01"}]}


@pytest.mark.parametrize(("older", "newer", "started"), [
    (job("2015-01"), job(None, company="New"), None), (job("2015-01"), job(None, company="ACME Inc"), 2015),
    (job("2015-01"), job(None, company="Self-employed"), None), (job(None), {"first_name": "Ann", "org": "New"}, None),
    (job("2015-01"), {"first_name": "Ann", "org": "New"}, None), (job("2015-01"), LEFT, None),
    (job("2015-01"), {"first_name": "Ann", "title": "CEO"}, 2015), (LEFT, job("2015-01"), 2015),
    (job("2015-01"), {"title": "CEO", "current_job_start_date": "2020"}, 2020),
    ({}, job(None, company="New"), None), ({}, LEFT, None), ({}, LEFT | {"org": "Upload"}, None),
    ({}, job(None, company="UPLOAD"), 2024), ({}, job(None, company_domain="upload.io"), 2024),
    ({}, {"experience": [{"company": "Upload"}]}, 2024), ({}, {"first_name": "Ann", "org": "Upload"}, 2024),
    ({}, LEFT | {"org": "New", "current_job_start_date": "2020"}, 2020),
])  # fmt: skip
def test_a_start_is_that_of_the_employer_it_came_with(older: Any, newer: Any, started: int | None) -> None:
    found = lead(person=older, enrich_again=newer).columns
    since = found["person_current_job_start_date"]
    assert (since and since.year, found["is_new_in_role"]) == (started, started and False)


def test_the_starts_of_two_jobs_contradict_nothing() -> None:
    older, start = job("2015-01"), {"person_current_job_start_date"}
    for newer, told in ((job("2025-01", company="New"), False), (job("2025-01"), True)):
        found = [set(each["columns"]) for each in lead(person=older, enrich_again=newer).contradictions]
        assert (start in found) is told


def test_a_start_without_an_employer_stays_until_all_jobs_have_ended() -> None:
    row = {"first_name": "Ann", "job_started_on": "2026-01"}
    assert lead(row, person=job(None)).columns["is_new_in_role"]
    assert lead(row, person=LEFT).columns["is_new_in_role"] is None


@pytest.mark.parametrize(("employer", "wanted"), [({}, True), ({"name": "New"}, True), ({"name": "Old"}, None)])
def test_a_start_that_a_workflow_has_set_goes_with_the_employer_that_it_set(employer: Any, wanted: bool | None) -> None:
    row = {"first_name": "Ann", "company_name": "Old", "job_started_on": "2019"}
    told = {"job_started_on": "2026-01"} | {f"current_employer_{name}": value for name, value in employer.items()}
    answers = [Answered("find", read({"first_name": "Ann", "org": "New"}, "find", "person_1"))]
    found = project(row | told, answers, reference_date=TODAY, uploaded=row)
    assert found.columns["is_new_in_role"] is wanted


def test_new_in_role_is_about_the_job_the_person_stands_for() -> None:
    latest = {"company": "Acme", "start_date": "2025-12", "is_current": True}
    other = {"company": "Other", "start_date": "2019-01", "is_current": True}
    assert lead(person={"experience": [other, latest], "latest_experience": latest}).columns["is_new_in_role"]
    assert not lead(person={"experience": [latest, other], "latest_experience": other}).columns["is_new_in_role"]
    assert lead({}, person={"experience": [{**latest, "is_current": False}]}).columns["is_new_in_role"] is None


def test_new_in_role_depends_on_the_reference_date_alone() -> None:
    assert lead(person=ANN, today=date(2026, 6, 30)).columns["is_new_in_role"] is True
    assert lead(person=ANN, today=date(2026, 7, 1)).columns["is_new_in_role"] is False


@pytest.mark.parametrize(("uploaded", "answered", "wanted"), [
    ("2025-02-20", None, True), ("2025-02-19", None, False), ("2026-02-20", None, True),
    ("2026-02-21", None, None), ("2025-12-01", "2026-03", True), ("2027", "2025-12-01", True), ("2020", "2027", False),
    ("2025-02", None, None), ("2025", None, None), ("2024", None, False), ("2025-03", None, True),
    (None, None, None), ("Series B", None, None), ("2020-01-01", "2025-12-01", True),
    ("2025-12-01", "2020", True),
])  # fmt: skip
def test_recently_funded(uploaded: Any, answered: Any, wanted: bool | None) -> None:
    firm = {**FIRM, "last_funding_date": answered}
    assert lead({"company_last_funding_date": uploaded}, firm=firm).columns["is_recently_funded"] is wanted


@pytest.mark.parametrize(("customers", "wanted"), [
    (frozenset(), None), (frozenset({"siemens.com"}), True),
    (frozenset({"linkedin.com/company/siemens"}), True),
    (frozenset(company_keys(None, None, "SIEMENS AG")), True), (frozenset({"upload.io"}), True),
    (frozenset({"nobody.com"}), False),
])  # fmt: skip
def test_worked_at_customer(customers: frozenset[str], wanted: bool | None) -> None:
    assert lead(person=ANN, customers=customers).columns["is_worked_at_customer"] is wanted


def test_nobody_knows_where_a_lead_without_employers_worked() -> None:
    assert lead({}, customers=frozenset({"acme.com"})).columns["is_worked_at_customer"] is None


def test_nobody_works_at_a_company_on_its_own() -> None:
    firm = {"company_name": "Upload, Inc.", "company_domain": "upload.io"}
    found = lead(firm, customers=frozenset({"upload.io"}))
    assert (found.columns["is_worked_at_customer"], found.customer) == (None, None)
    assert lead(firm | {"email": "a@b.com"}, customers=frozenset({"upload.io"})).columns["is_worked_at_customer"]


def test_which_customer_somebody_worked_at_is_told() -> None:
    assert lead(person=ANN, customers=frozenset({"siemens.com"})).customer == "siemens.com"
