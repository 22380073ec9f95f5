"""Sets where a person works and worked before, out of what was answered about them.

Every job is in `person_work_history` anyway; these are the fields of the row that later steps and conditions can use.
"""

from collections.abc import Mapping
from typing import Any

from shared.dates import written
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, respelled
from shared.jobs import Entry, entries_of, standing_for, together
from shared.mapping import answer_of


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`current_employer_` and `previous_employer_` name, domain, linkedin_url, title; `jobs_count`; `job_started_on`.

    The current job is the one that the person's lead stands for, of the last answer that tells of one. {} where no
    answer tells of a job at a company.
    """
    answers = fields.get("answers")
    told = [_told(answer) for answer in answers.values()] if isinstance(answers, Mapping) else []
    jobs = together(held for _, held in reversed(told))
    if not jobs:
        return {}
    current = next((job for found, held in reversed(told) for job in _current(found, held)), None)
    before = next((job for job in jobs if not job.is_current), None)
    found = {**_employer("current", current), **_employer("previous", before), "jobs_count": len(jobs)}
    if current and current.began:
        found["job_started_on"] = written(current.began)
    return found


def _told(answer: object) -> tuple[dict[str, Any], list[Entry]]:
    """What an answer says of a person, and their jobs at companies."""
    for found in (
        answer_of(answer, PERSON_FIELDS, COMPANY_FIELDS, sure=True),
        respelled(answer) if isinstance(answer, dict) else {},
    ):
        if held := list(filter(_is_at_a_company, entries_of(found))):
            return found, held
    return {}, []


def _current(found: dict[str, Any], held: list[Entry]) -> list[Entry]:
    return list(filter(_is_at_a_company, standing_for(found, held)))[:1]


def _is_at_a_company(job: Entry) -> bool:
    return bool(job.company_name or job.company_domain or job.company_linkedin_url)


def _employer(which: str, job: Entry | None) -> dict[str, Any]:
    if job is None:
        return {}
    told = {
        "name": job.company_name, "domain": job.company_domain, "linkedin_url": job.company_linkedin_url,
        "title": job.title,
    }  # fmt: skip
    return {f"{which}_employer_{name}": value for name, value in told.items() if value}
