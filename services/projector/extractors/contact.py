"""How somebody can be reached, as a search for it or a person's enrichment says; Clay's never has an address."""

from typing import Any, Final

from shared.mapping import column, pick
from shared.values import address, phone, text

_COURSE: Final = frozenset({"ok", "success", "succeeded", "done", "complete", "completed", "found", "true", "false"})


def standing(value: object) -> str | None:
    """What is said of an address ("valid", "catch-all"), not how the request for it went ("success", 200)."""
    written = text(value)
    return None if written is None or written.isdecimal() or written.lower() in _COURSE else written


TABLE: Final = (
    column(
        "person_email", address, "email", "work_email", "person_email", "email_address", "email.email", "email.0",
        "email.0.email", "emails.0", "emails.0.email", "emails.0.value", "emails.0.address", "final_email",
        "business_email", "professional_email", "enrich_email", "result", "personal_email",
    ),
    column(
        "person_email_status", standing, "email_status", "verification_status", "verification.status",
        "email.status", "email.0.status", "emails.0.status", "status",
    ),
    column(
        "person_phone", phone, "mobile_phone", "phone", "phone_number", "mobile", "mobile_number", "phones.0",
        "phones.0.number", "phone_numbers.0", "phone_numbers.0.number",
    ),
)  # fmt: skip
# Who asked for a person asked for no private address, and the standing of a person is not that of an address.
_NOT_BESIDE: Final = frozenset({"status", "result", "personal_email"})
_BESIDE: Final = tuple(line._replace(paths=tuple(p for p in line.paths if p not in _NOT_BESIDE)) for line in TABLE)
_KEYS: Final = frozenset(path if isinstance(path, str) else path[0] for line in _BESIDE for path in line.paths)


def sought(found: dict[str, Any]) -> dict[str, Any]:
    """The columns that an object has which answers a search for an address."""
    return pick(TABLE, found)


def beside(found: dict[str, Any]) -> dict[str, Any]:
    """The columns that an enrichment object has beside its own; no standing without its address."""
    if _KEYS.isdisjoint(found):  # as Clay's
        return {}
    said = pick(_BESIDE, found)
    if "person_email" not in said:
        said.pop("person_email_status", None)
    return said
