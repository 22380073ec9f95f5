"""Sets every core value of a row, of whatever workstream, in one form: names, titles, links, addresses, numbers, dates.

It does in one step what splitting, the company's name and the company's domain are three for.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.dispatcher.workflows import (
    normalize_company_domain,
    normalize_company_name,
    split_raw_apollo_scrape_data,
)
from shared.canonical import clean_cell

_TEXTS: Final = (
    "title",
    "headline",
    "seniority",
    "mobile_phone",
    "company_name",
    "company_industry",
    "company_phone",
    "company_city",
    "company_state",
    "company_country",
)


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the core fields that the row has, readable ones only; text but for the head count."""
    texts = {name: " ".join(text.split()) for name in _TEXTS if (text := clean_cell(fields.get(name)))}
    found = texts | split_raw_apollo_scrape_data.run(fields)
    row = {**fields, **found}
    return found | normalize_company_name.run(row) | normalize_company_domain.run(row)
