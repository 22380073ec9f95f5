"""What a search for somebody's e-mail address answers. A person's enrichment never has one."""

from typing import Final

from services.projector.extractors.mapping import column
from services.projector.extractors.values import address, text

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
        "person_phone", text, "mobile_phone", "phone", "phone_number", "mobile", "mobile_number", "phones.0",
        "phones.0.number", "phone_numbers.0", "phone_numbers.0.number",
    ),
)  # fmt: skip
