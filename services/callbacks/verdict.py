"""Whether a provider says anything about what it was asked, or only that it found nothing. Pure.

In doubt it does: what no column is read from is listed for people to look at, what was not found is not.
"""

from typing import Any, Final

from shared.canonical import clean_cell
from shared.enrichment import ECHOED, MAX_KEYS, Object, fields_of, our_key, snake

_REPORT: Final = frozenset(
    {"code", "detail", "details", "error", "errors", "found", "message", "ok", "reason", "status", "status_code"}
    | {"success"}
)
_CODES: Final = ("code", "status", "status_code")
_YES_OR_NO: Final = {"false": False, "true": True}
_NO_RESULT: Final = frozenset(
    {"not found", "notfound", "no match", "no data", "no data found", "no result", "no results", "no record found"}
)
_COURSE: Final = _NO_RESULT | {
    "ok",
    "success",
    "succeeded",
    "done",
    "complete",
    "completed",
    "error",
    "failed",
    "empty",
}
_ENOUGH: Final = 3  # fields of an enrichment that are believed whatever stands beside them


def says_something(payload: Object) -> bool:
    """False where nothing is told but our own ids, empty values, and how the request went."""
    if len(payload) > MAX_KEYS:
        return True
    fields = fields_of(payload)
    if len(fields) >= _ENOUGH and any(has_value(payload.get(name)) for name in fields):
        return True
    told = {name: value for key, value in payload.items() if (name := _name(key)) not in ECHOED}
    report = {name: value for name, value in told.items() if name in _REPORT}
    if not any(has_value(value) for name, value in told.items() if name not in _REPORT):
        return not _denied(report) and not report.get("error") and _is_finding(report.get("status"))
    return len(fields) >= _ENOUGH or not _denied(report)


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
        return clean_cell(value) is not None and _folded(value) not in _NO_RESULT
    if isinstance(value, dict | list):
        return any(map(has_value, value.values() if isinstance(value, dict) else value))
    return value is not None


def _folded(value: str) -> str:
    return snake(value[:60]).replace("_", " ")
