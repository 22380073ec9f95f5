"""Sets what a row of an Apollo export says in a form that later steps can rely on.

Names are split or joined, links and addresses canonical, head counts numbers, dates ISO. What it cannot read
it leaves as it is.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from nameparser import HumanName

from shared.canonical import clean_cell, email_address, linkedin_company, linkedin_page, linkedin_person
from shared.dates import iso_date
from shared.values import count

_AND_MORE: Final = re.compile(r"(?<=\d)\s*\+(?=\s|$)")
_LONGEST_NAME: Final = 200
_PLACE: Final = ("person_city", "person_state", "person_country")


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Flat fields: only those that it could read, `company_employee_count` an int, the rest text."""
    found = {
        **_names(fields),
        "person_location": _location(fields),
        "person_linkedin_url": linkedin_page(linkedin_person(fields.get("person_linkedin_url"))),
        "company_linkedin_url": linkedin_page(linkedin_company(fields.get("company_linkedin_url"))),
        "email": email_address(fields.get("email")),
        "company_employee_count": whole_number(fields.get("company_employee_count")),
        "company_last_funding_date": iso_date(fields.get("company_last_funding_date")),
    }
    return {name: value for name, value in found.items() if value is not None}


def whole_number(value: object) -> int | None:
    """The count in "1,200", "299000.0" or "10,001+"; None for a range, which is no count."""
    return count(_AND_MORE.sub("", clean_cell(value) or "", count=1))


def _names(fields: Mapping[str, Any]) -> dict[str, str | None]:
    first, last, full = (clean_cell(fields.get(name)) for name in ("first_name", "last_name", "full_name"))
    if full and not (first and last):
        parsed = HumanName(full[:_LONGEST_NAME])
        first, last = first or clean_cell(parsed.first), last or clean_cell(parsed.last)
    joined = f"{first} {last}" if first and last else None
    return {"first_name": first, "last_name": last, "full_name": full or joined}


def _location(fields: Mapping[str, Any]) -> str | None:
    given = clean_cell(fields.get("person_location"))
    parts = [part for part in (clean_cell(fields.get(name)) for name in _PLACE) if part]
    return given or ", ".join(dict.fromkeys(parts)) or None
