"""Sets where a person works and worked before, out of what was answered about them.

Every job is in `person_work_history` anyway; these are the fields of the row that later steps and conditions can use.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from shared.canonical import clean_cell, company_domain, linkedin_company, linkedin_page
from shared.dates import iso_date
from shared.enrichment import respelled

_LISTS: Final = ("experience", "current_experience", "latest_experience")


class _Job(NamedTuple):
    """Sorts by how recent it is. Dates are ISO text, "" where none is told."""

    is_current: bool
    since: str
    until: str
    name: str
    domain: str
    linkedin: str
    title: str


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`current_employer_` and `previous_employer_` name, domain, linkedin_url, title; `jobs_count`; `job_started_on`.

    {} where no answer tells of a job at a company.
    """
    answers = fields.get("answers")
    told = answers.values() if isinstance(answers, Mapping) else ()
    answered = [respelled(answer) for answer in told if isinstance(answer, dict)]
    jobs = sorted({job for answer in answered for job in _jobs(answer)}, reverse=True)
    if not jobs:
        return {}
    current = next((job for job in jobs if job.is_current), None)
    before = next((job for job in jobs if not job.is_current), None)
    found = {**_employer("current", current), **_employer("previous", before), "jobs_count": len(jobs)}
    if current and current.since:
        found["job_started_on"] = current.since
    return found


def _employer(which: str, job: _Job | None) -> dict[str, Any]:
    if job is None:
        return {}
    told = {"name": job.name, "domain": job.domain, "linkedin_url": job.linkedin, "title": job.title}
    return {f"{which}_employer_{name}": value for name, value in told.items() if value}


def _jobs(answer: Mapping[str, Any]) -> list[_Job]:
    """The jobs of the first list that has any: the others repeat some of them."""
    for name in _LISTS:
        told = answer.get(name)
        entries = told if isinstance(told, list) else [told]
        found = [job for entry in entries if isinstance(entry, dict) and (job := _job(respelled(entry)))]
        if found:
            return found
    return []


def _job(told: Mapping[str, Any]) -> _Job | None:
    name = clean_cell(told.get("company")) or clean_cell(told.get("company_name")) or ""
    domain = company_domain(told.get("company_domain")) or ""
    page = linkedin_company(told.get("url")) or linkedin_company(told.get("company_linkedin_url"))
    since, until = iso_date(told.get("start_date")) or "", iso_date(told.get("end_date")) or ""
    current = told.get("is_current")
    is_current = current if isinstance(current, bool) else bool(since and not until)
    link = linkedin_page(page) or ""
    title = clean_cell(told.get("title")) or ""
    return _Job(is_current, since, until, name, domain, link, title) if name or domain or link else None
