"""What a search for somebody's e-mail address answers. A person's enrichment never has one."""

from typing import Final

from services.projector.extractors.mapping import column
from services.projector.extractors.values import address, text

TABLE: Final = (
    column(
        "person_email", address, "email", "work_email", "person_email", "email_address", "emails.0", "emails.0.email",
        "result.email", "data.email", "response.email",
    ),
    column(
        "person_email_status", text, "email_status", "verification_status", "status", "emails.0.status",
        "result.status", "data.status",
    ),
    column("person_phone", text, "mobile_phone", "phone", "phone_number", "mobile", "phones.0", "result.phone"),
)  # fmt: skip
