"""Person answers and the jobs they tell of: real ones, the odd shapes one by one, and any JSON at all."""

import json
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.projector.extractors import person
from services.projector.extractors.person import Profile
from shared import values
from shared.jobs import Entry

CLAY = Path(__file__).parents[1] / "data" / "clay"
PEOPLE = {n: json.loads((CLAY / f"person_enrich_pseudonymised_{n}.json").read_bytes()) for n in (1, 3, 5)}
SYNTHETIC = [json.loads(line) for line in (CLAY / "person_enrich_synthetic.jsonl").read_text("utf-8").splitlines()]
FIRM = json.loads((CLAY / "company_enrich_real_mutiny.json").read_bytes())
KEYS = sorted({*PEOPLE[3], *PEOPLE[3]["experience"][0]})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["2024", "2024-05-01"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
jobs = st.fixed_dictionaries({}, optional=dict.fromkeys(PEOPLE[3]["experience"][0], json_values))
answers = st.fixed_dictionaries(
    {"experience": st.lists(jobs, max_size=5)},
    optional=dict.fromkeys({*PEOPLE[3], "raw_payload"} - {"experience"}, json_values),
)


def told(
    name: str, start: str | None = None, end: str | None = None, *, current: Any = False, **more: Any
) -> dict[str, Any]:
    return {"company": name, "start_date": start, "end_date": end, "is_current": current, **more}


def profile(raw: object) -> Profile:
    return person.profile_of(person.answer(raw))


def jobs_in(raw: object) -> list[Entry]:
    return profile(raw).jobs


def names(*experience: Any, **more: Any) -> list[str | None]:
    return [job.company_name for job in jobs_in({"experience": list(experience), **more})]


def test_an_enriched_person() -> None:
    assert profile(PEOPLE[5]).columns == {
        "person_first_name": "Remy", "person_last_name": "Stubbs", "person_full_name": "Remy Stubbs",
        "person_linkedin_url": "https://www.linkedin.com/in/synthetic-a87ff679a",
        "person_title": "Staff Engineer", "person_headline": "Staff Engineer at Dropbox",
        "person_location": "New York City Metropolitan Area, United States",
        "person_current_job_start_date": date(2025, 12, 1),
    }  # fmt: skip


def test_a_work_history() -> None:
    first, second, *rest = jobs_in(PEOPLE[3])
    assert first[3:7] == (
        "Snowflake",
        "Marketing Manager",
        "snowflake.com",
        "https://www.linkedin.com/company/snowflake-computing",
    )
    assert (first.start_date, first.end_date, first.is_current) == (date(2024, 9, 1), None, True)
    assert (second.title, len(rest)) == ("Business Development Representative", 5)
    assert [job.company_domain for job in rest if job.company_name == "Dropbox"] == [""]


@pytest.mark.parametrize("raw", [*PEOPLE.values(), *SYNTHETIC])
def test_the_order_of_the_list_does_not_matter(raw: dict[str, Any]) -> None:
    jobs = jobs_in(raw)
    mixed = list(raw.get("experience") or [])
    Random(1).shuffle(mixed)
    assert jobs_in({**raw, "experience": mixed}) == jobs
    assert [job.is_current for job in jobs] == sorted((job.is_current for job in jobs), reverse=True)


def test_the_most_recent_first() -> None:
    assert names(
        told("unknown"), told("old", "2010", "2012"), told("ended", None, "2015-06"),
        told("now", "2008", current=True), told("undated now", current=True),
        told("new", "2020-01", "2021-01"),
    ) == ["now", "undated now", "new", "ended", "old", "unknown"]  # fmt: skip


@pytest.mark.parametrize(("raw", "wanted"), [
    ({"experience": [told("A"), told("A"), told("A", "2020")]}, ["A", "A"]),
    ({"experience": ["A", None, {}, {"start_date": "2020"}, {"title": "Founder"}]}, [""]),
    ({"experience": [], "current_experience": [told("B")]}, ["B"]),
    ({"experience": [told("Old", "2015", "2019")], "current_experience": [told("New", "2026-10", current=True)]},
     ["New", "Old"]),
    ({"experience": [told("A Inc", "2020-01", title="CEO", current=True), told("A", "2015", "2019"), told("B")],
      "current_experience": [told("A", "2020-01", current=True)], "latest_experience": told("A", current=True)},
     ["A Inc", "A", "B"]),
    ({"experience": None, "latest_experience": told("C")}, ["C"]), ({"experience": "C"}, []),
    ({"experience": [{"company_name": "D"}]}, ["D"]), ({}, []), (FIRM, []),
])  # fmt: skip
def test_what_counts_as_a_job(raw: Any, wanted: list[str | None]) -> None:
    assert [job.company_name for job in jobs_in(raw)] == wanted


@pytest.mark.parametrize(("job", "wanted"), [
    (told("A", current=True), True), (told("A", "2020", "2021", current=True), True),
    (told("A", current="false"), False), (told("A", "2020", current=None), True),
    (told("A", "2020", "2021", current=None), False), (told("A", current=None), False),
    (told("A", current={}), False),
])  # fmt: skip
def test_whether_a_job_is_current(job: Any, wanted: bool) -> None:
    assert jobs_in({"experience": [job]})[0].is_current is wanted


def test_a_job_that_ended_in_a_year_ended_after_it_began() -> None:
    jobs = jobs_in({"experience": [told("A", "2021-05", "2021"), told("B", "2021-05", "2021-06", current=None)]})
    assert [(job.company_name, job.start_date, job.end_date, job.is_current) for job in jobs] == [
        ("A", date(2021, 5, 1), date(2021, 12, 1), False), ("B", date(2021, 5, 1), date(2021, 6, 1), False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "title", "start"),
    [
        ({"latest_experience": told("L", "2024-05", current=True, title="Chief")}, "Chief", date(2024, 5, 1)),
        ({"latest_experience": told("L", "2025", current=False, title="Chief")}, "Second", date(2023, 1, 1)),
        ({"org": "A", "title": "First"}, "First", date(2020, 1, 1)),
        ({"org": "A", "title": "Other"}, "Other", date(2023, 1, 1)),
        ({"title": ""}, "Second", date(2023, 1, 1)),
    ],
)
def test_which_job_a_person_stands_for(raw: Any, title: str, start: date) -> None:
    experience = [
        told("A", "2020", current=True, title="First"),
        told("B", "2023", current=True, title="Second"),
    ]
    columns = profile({"experience": experience, **raw}).columns
    assert (columns["person_title"], columns["person_current_job_start_date"]) == (title, start)


def test_without_a_current_job_there_is_no_start_of_it() -> None:
    columns = profile({"experience": [told("A", "2020", "2021", title="Past")], "headline": "H"}).columns
    assert columns == {"person_headline": "H"}


@pytest.mark.parametrize("wrapped", [
    {"enrich_person": PEOPLE[3]}, {"x": json.dumps(PEOPLE[3])}, [PEOPLE[3]],
    {**PEOPLE[3], "item_id": "x"},
    {"enrich_company": FIRM, "enrich_person": PEOPLE[3]}, {"enrich_company": FIRM, "p": PEOPLE[3]},
])  # fmt: skip
def test_a_wrapped_answer_says_the_same(wrapped: Any) -> None:
    assert profile(wrapped) == profile(PEOPLE[3])


@pytest.mark.parametrize("raw", [None, {}, [], "", 3, FIRM, {"enrich_person": None}])
def test_what_is_no_person_says_nothing(raw: object) -> None:
    assert profile(raw) == person.NOBODY


@pytest.mark.parametrize("raw", [
    {"experience": '[{"company": "Beta", "title": "CTO", "start_date": "2024-08", "company_domain": "beta.com"}]'},
    {"latest_experience": '{"company": "Beta", "title": "CTO", "start_date": "2024-08", "company_domain": "beta.com"}'},
    {"experience": [{"company": {"name": "Beta", "domain": "beta.com"}, "title": "CTO", "start_date": "Aug 2024"}]},
    {"experiences": [{"company_name": "Beta", "job_title": "CTO", "started_on": {"year": 2024, "month": 8},
                      "company_domain": "www.beta.com", "is_current": "true"}]},
    {"work_experience": [{"company": "Beta", "title": "CTO", "start_date": "2024-08-01T00:00:00Z",
                          "end_date": "Present", "company_domain": "beta.com"}]},
])  # fmt: skip
def test_a_job_is_read_however_it_is_told(raw: dict[str, Any]) -> None:
    (job,) = jobs_in({"first_name": "Ann", **raw})
    assert (job.company_name, job.company_domain, job.title) == ("Beta", "beta.com", "CTO")
    assert (job.start_date, job.is_current) == (date(2024, 8, 1), True)


def test_what_an_employer_is_known_by() -> None:
    job, *_ = jobs_in({"experience": [told("Acme, Inc.", url="linkedin.com/company/Acme/")]})
    assert person.employer_keys(job) == ("linkedin.com/company/acme", "acme")
    assert person.company_keys("www.acme.com", None, None) == ("acme.com",)
    assert person.company_keys(None, None, None) == ()


@pytest.mark.parametrize(("raw", "wanted"), [
    ("2024", date(2024, 1, 1)), ("2024-09", date(2024, 9, 1)), ("2024-09-17", date(2024, 9, 1)),
    ("2024-09-17T10:00:00Z", date(2024, 9, 1)), ("2024-10-22 23:52:44.766", date(2024, 10, 1)),
    ("08-2024", date(2024, 8, 1)), ("8/2024", date(2024, 8, 1)), ("10/1/2023", date(2023, 10, 1)),
    ("31/12/2023", date(2023, 12, 1)), ("Aug 2024", date(2024, 8, 1)), ("May 3, 2024", date(2024, 5, 1)),
    (2024, date(2024, 1, 1)), ("Present", None), ("2024-13", None), ("2024-02-30", None), ("0000", None),
    ("1066", None), ("99999", None), (True, None), ({}, None), ("", None), ("2" * 5000, None),
    ("２０２４", None), ("2024.08", date(2024, 8, 1)), ("03.09.2024", date(2024, 9, 1)), ("20240917", date(2024, 9, 1)),
    ("Aug-2024", date(2024, 8, 1)), ("1 Aug 2024", date(2024, 8, 1)), ("3. September 2024", date(2024, 9, 1)),
    ("2024 Aug", date(2024, 8, 1)), ("août 2024", date(2024, 8, 1)), ("1 de agosto de 2024", date(2024, 8, 1)),
    ("März 2024", date(2024, 3, 1)), ("dic. 2024", date(2024, 12, 1)), ("Foo 2024", None), ("99 Aug 2024", None),
    (1722470400, date(2024, 8, 1)), ("1722470400000", date(2024, 8, 1)), (10**400, None), (9_999_999_999_999, None),
    ("Aug-24", date(2024, 8, 1)), ("sept.-24", date(2024, 9, 1)), ("Aug '24", date(2024, 8, 1)),
    ("Août’99", date(1999, 8, 1)), ("1-Aug-49", date(2049, 8, 1)), ("1 Aug-50", date(1950, 8, 1)),
    ("10/1/23", date(2023, 10, 1)), ("10/1/23 0:00", date(2023, 10, 1)), ("31/12/23", date(2023, 12, 1)),
    ("1.10.23", date(2023, 10, 1)), ("08-24", None), ("08/24", None), ("Aug 24", None), ("24-Aug", None), ("'24", None),
    ("23-10-01", None), ("Aug 5-24", None), ("Foo-24", None), ("13/13/23", None), ("2024-Aug-01", None),
    ({"year": 2024, "month": 8}, date(2024, 8, 1)), ({"year": "2024", "month": "Aug", "day": 3}, date(2024, 8, 1)),
    ({"year": 2024}, date(2024, 1, 1)), ({"year": "x", "month": []}, None), ({"year": 2024, "month": 13}, None),
])  # fmt: skip
def test_months(raw: object, wanted: date | None) -> None:
    assert values.month(raw) == wanted


@pytest.mark.parametrize(("raw", "wanted"), [
    (True, True), ("Yes", True), (1, True), ("0", False), (0.0, None), (False, False), ("maybe", None),
    ([], None),
])  # fmt: skip
def test_flags(raw: object, wanted: bool | None) -> None:
    assert values.flag(raw) is wanted


@settings(deadline=None)  # the first domain loads the list of public suffixes
@given(json_values | answers)
def test_any_json_gives_columns_and_jobs_or_nothing(raw: object) -> None:
    columns, history, *_ = profile(raw)
    assert None not in columns.values()
    assert "person_email" not in columns
    assert all(job.company_name or job.title or person.employer_keys(job) for job in history)
