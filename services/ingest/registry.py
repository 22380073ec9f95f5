"""The workflows that ship. They enter a tenant's registry by event when its first client is registered."""

from typing import Final

from shared.events import WorkflowRegistered

SHIPPED: Final = (
    WorkflowRegistered(
        "split_raw_apollo_scrape_data", "apollo_scrape", "SYNC", "item", "Split Apollo rows",
        "Names, location, links, head count and dates of an Apollo row in one form each.",
    ),
    WorkflowRegistered(
        "normalize_company_name", "apollo_scrape", "SYNC", "item", "Normalise company name",
        "The company's name as people say it, without its legal form.",
    ),
    WorkflowRegistered(
        "normalize_company_domain", "apollo_scrape", "SYNC", "item", "Normalise company domain",
        "The registrable domain of the company's website.",
    ),
    WorkflowRegistered(
        "enrich_company_via_waterfall_in_clay", "apollo_scrape", "ASYNC", "company", "Enrich company (Clay)",
        "One call to the client's Clay table for each company.",
    ),
    WorkflowRegistered(
        "enrich_person_via_waterfall_in_clay", "apollo_scrape", "ASYNC", "person", "Enrich person (Clay)",
        "One call to the client's Clay table for each person.",
    ),
)  # fmt: skip
