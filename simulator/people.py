"""Made-up person answers in the shape of Clay's "Enrich Person".

Deterministic and cheap: earlier careers are built once per length of the current job and shared, never
changed. The current job is at the company in the submission; a person answer never has an e-mail.
"""

from datetime import date, timedelta
from typing import Any
from zlib import crc32

from simulator.companies import company_name
from simulator.submission import Submission, slug_of
from simulator.vocabulary import FIRST_NAMES, LAST_NAMES, PLACES, TITLES, company_words

Part = dict[str, Any]
_MONTHS = 60  # the longest current job
_REFRESHES = 28
_NEVER_FILLED = dict.fromkeys(
    (
        "dob", "awards", "courses", "patents", "user_id", "projects", "languages", "person_id",
        "others_named", "publications", "volunteering", "certifications", "picture_url_copy",
        "picture_url_orig", "people_also_viewed",
    )
)  # fmt: skip
_EDUCATION = {
    "grade": None,
    "degree": "Bachelor of Arts - BA",
    "end_date": "2012-01-01",
    "activities": None,
    "start_date": "2009-01-01",
    "school_name": "Example University",
    "field_of_study": None,
}


class PersonMaker:
    """Makes person answers that were refreshed in the four weeks before `as_of`."""

    def __init__(self, as_of: date) -> None:
        days = (as_of - timedelta(days=back) for back in range(_REFRESHES))
        self._refreshed = [f"{day} 03:36:53.189" for day in days]
        self._starts = [month(as_of, back) for back in range(1, _MONTHS + 1)]
        self._careers = [(_career(as_of, back, 1), _career(as_of, back, 2)) for back in range(1, _MONTHS + 1)]

    def answer(self, asked: Submission) -> Part:
        """The person that was asked for, currently at the company that was asked for."""
        number = crc32((asked.linkedin or repr(person_name(asked, 0))).encode())
        first, last = person_name(asked, number)
        started, place = number % _MONTHS, PLACES[number // 7 % len(PLACES)]
        job = _current_job(asked, number, self._starts[started])
        experience = [job, *self._careers[started][number // 3 % 2]]
        slug = slug_of(asked.linkedin) or f"{first}-{last}-{number:x}".lower()
        return {
            **_NEVER_FILLED,
            "org": job["company"],
            "url": f"https://www.linkedin.com/in/{slug}",
            "name": f"{first} {last}",
            "slug": slug,
            "title": job["title"],
            "country": place[2],
            "summary": "Builds teams that keep what they promise.\n• bullet one\n• bullet two",
            "headline": f"{job['title']} at {job['company']}",
            "education": [_EDUCATION],
            "last_name": last,
            "experience": experience,
            "first_name": first,
            "jobs_count": len(experience),
            "profile_id": number,
            "connections": number % 4_000,
            "last_refresh": self._refreshed[number % _REFRESHES],
            "location_name": place[5],
            "num_followers": number % 5_000,
            "latest_experience": job,
            "current_experience": [job],
        }


def email(asked: Submission) -> Part:
    """The answer to a search for a work e-mail."""
    first, last = person_name(asked, crc32(asked.linkedin.encode()))
    local = f"{first}.{last}".lower().replace(" ", "-")
    return {"email": f"{local}@{asked.domain or 'mail.example'}", "email_status": "valid"}


def person_name(asked: Submission, number: int) -> tuple[str, str]:
    """First and last name as submitted, whole or in parts, else made up."""
    first, last = asked.text("first_name", "person_first_name"), asked.text("last_name", "person_last_name")
    whole = asked.text("full_name", "person_full_name", "name")
    if not (first or last) and whole:
        first, _, last = whole.partition(" ")
    made_up = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    return first or FIRST_NAMES[number % len(FIRST_NAMES)], last or made_up


def month(as_of: date, back: int) -> str:
    """The first day of the month `back` months before."""
    years, index = divmod(as_of.year * 12 + as_of.month - 1 - back, 12)
    return f"{years:04}-{index + 1:02}-01"


def _current_job(asked: Submission, number: int, start: str) -> Part:
    name = company_name(asked, number)
    url = asked.text("company_linkedin_url") or f"https://www.linkedin.com/company/{name.lower()}"
    title = asked.text("title", "person_title", "job_title") or TITLES[number % len(TITLES)]
    return _job(url, title, name, asked.domain or None, start, None)


def _career(as_of: date, back: int, jobs: int) -> tuple[Part, ...]:
    """The jobs before one that began `back` months ago, latest first, each of 20 months."""
    return tuple(_past_job(as_of, back + 20 * past, back * 5 + past) for past in range(jobs))


def _past_job(as_of: date, ended: int, number: int) -> Part:
    name, title = company_words(number), TITLES[number % len(TITLES)]
    # Clay knows no domain for one job of seven.
    domain = None if number % 7 == 0 else f"{name.lower()}.example"
    url = f"https://www.linkedin.com/company/{name.lower()}"
    return _job(url, title, name, domain, month(as_of, ended + 20), month(as_of, ended))


def _job(url: str, title: str, company: str, domain: str | None, start: str, end: str | None) -> Part:
    told = {"url": url, "title": title, "org_id": crc32(company.encode()), "company": company}
    where = {"summary": None, "end_date": end, "locality": "London Area, United Kingdom", "company_id": None}
    return {**told, **where, "is_current": end is None, "start_date": start, "company_domain": domain}
