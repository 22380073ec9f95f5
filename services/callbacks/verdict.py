"""Whether a provider says anything about what it was asked, or only that it found nothing. Pure.

In doubt it does: what no column is read from is listed for people to look at, what was not found is not.
"""

import re
from typing import Any, Final

from shared.canonical import clean_cell
from shared.enrichment import ECHOED, MAX_KEYS, Object, fields_of, our_key, snake

_ERRORS: Final = ("error", "errors", "error_message")
_REPORT: Final = frozenset(
    {"code", "detail", "details", "found", "message", "ok", "reason", "status", "status_code", "success", *_ERRORS}
)
_CODES: Final = ("code", "status", "status_code")
_YES_OR_NO: Final = {"false": False, "true": True}
_NO_RESULT: Final = frozenset(
    {"not found", "notfound", "no match", "no data", "no data found", "no result", "no results", "no record found"}
)
_NOTHING_FOUND: Final = re.compile(r"(?:no|nothing)\b.*\bfound")
_FAILING: Final = frozenset({"error", "failed", "empty"})
_COURSE: Final = _FAILING | {"ok", "success", "succeeded", "done", "complete", "completed"}
_SHORT: Final = 60  # characters of a text that are looked at
_ENOUGH: Final = 3  # fields of an enrichment that are believed whatever stands beside them
# What we send of an item: what it is called, what else says whom it is about, all of it; and what others call that.
_NAMES: Final = frozenset({"company_name", "first_name", "full_name", "last_name"})
_WHO: Final = _NAMES | frozenset(
    {"company_domain", "company_linkedin_url", "company_name_normalized", "company_website", "person_linkedin_url"}
    | {"title"}
)
_ROW: Final = _WHO | frozenset(
    {"company_annual_revenue", "company_city", "company_country", "company_description", "company_employee_count"}
    | {"company_founded_year", "company_industry", "company_keywords", "company_last_funding_amount"}
    | {"company_last_funding_date", "company_latest_funding", "company_logo_url", "company_phone", "company_state"}
    | {"company_technologies", "company_total_funding", "departments", "email_status", "headline", "job_started_on"}
    | {"notes", "person_city", "person_country", "person_location", "person_state", "seniority", "summary"}
)
_CALLED: Final = frozenset({"domain", "linkedin_url", "name", "url", "website"})


def says_something(payload: Object) -> bool:
    """False where nothing is told but our own ids, what we sent, empty values, and how the request went."""
    if len(payload) > MAX_KEYS:
        return True
    named = {_name(key): value for key, value in payload.items()}
    report = {name: value for name, value in named.items() if name in _REPORT}
    known = _known(named, report)
    fields = fields_of(payload) - known
    if len(fields) >= _ENOUGH and any(has_value(payload.get(name)) for name in fields):
        return True
    told = [value for name, value in named.items() if name not in ECHOED and name not in _REPORT and name not in known]
    if not any(map(has_value, told)):
        return not _denied(report) and not _failed(report) and _is_finding(report.get("status"))
    return len(fields) >= _ENOUGH or not _denied(report)


def _known(named: Object, report: Object) -> frozenset[str]:
    """What tells nothing: of a row that comes back with its name, whom it is about; beside an error, all of the row."""
    if _failed(report):
        return _ROW | _CALLED
    return _WHO if any(has_value(named.get(name)) for name in _NAMES) else frozenset()


def _failed(report: Object) -> bool:
    """Whether an error is told, or a status of failure."""
    told, status = (report.get(name) for name in _ERRORS), report.get("status")
    if isinstance(status, str) and (_is_nothing(status) or _folded(status) in _FAILING):
        return True
    return any(_is_error(value) for value in told)


def _is_error(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_is_error, value.values() if isinstance(value, dict) else value))
    return clean_cell(value) is not None and value.lower() != "false" if isinstance(value, str) else bool(value)


def _name(key: str) -> str:
    known = our_key(key)
    return known if known in ECHOED else snake(key)


def _denied(report: Object) -> bool:
    """Whether a flag or an HTTP status says that there is no answer."""
    flags = {name: _YES_OR_NO.get(str(value).lower()) for name, value in report.items()}
    refused = flags.get("error") is True or False in (flags.get(name) for name in ("success", "found", "ok"))
    return refused or any(str(report.get(name)).startswith(("4", "5")) and _is_code(report[name]) for name in _CODES)


def _is_code(value: object) -> bool:
    return len(str(value)) == 3 and str(value).isdecimal()


def _is_finding(status: object) -> bool:
    """Whether a status is itself what was asked for, such as that of an address: "valid"."""
    return isinstance(status, str) and has_value(status) and not _is_code(status) and _folded(status) not in _COURSE


def has_value(value: Any) -> bool:
    """Whether anything is told: no empty text, nor one that says that nothing was found."""
    if isinstance(value, str):
        return clean_cell(value) is not None and not _is_nothing(value)
    if isinstance(value, dict | list):
        return any(map(has_value, value.values() if isinstance(value, dict) else value))
    return value is not None


def _is_nothing(value: str) -> bool:
    folded = _folded(value)
    return folded in _NO_RESULT or (len(value) <= _SHORT and _NOTHING_FOUND.fullmatch(folded) is not None)


def _folded(value: str) -> str:
    return snake(value[:_SHORT]).replace("_", " ")
