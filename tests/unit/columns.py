"""Columns of a list and what they are mapped to, in short."""

from services.ingest.columns.mapping import Choices, map_headers
from services.ingest.workstreams import Workstream, workstream

SCRAPE, CRM = workstream("apollo_scrape"), workstream("crm_data")
SALESNAV = workstream("salesnav_koolkit")


def mapped(headers: list[str], *rows: list[str], to: Workstream = CRM, **choices: dict[str, str]) -> dict[str, str]:
    found = map_headers(to, headers, rows, Choices(**choices))
    return {name: match.header for name, match in found.targets.items()}
