"""The workflows that ship. They enter a tenant's registry by event when its first client is registered."""

from collections.abc import Iterator
from typing import Any, Final

from shared.events import Kind, Scope, WorkflowRegistered

PEOPLE: Final = ("apollo_scrape", "salesnav_koolkit", "crm_data")
ALL: Final = (*PEOPLE, "customer_companies")
AGE: Final = {"freshness_days": {"type": "number", "minimum": 0, "description": "the oldest answer that is used"}}
EMAIL: Final = ["email", "work_email", "person_email", "email_address", "emails.0.email", "emails.0"]


def _ships(
    workstreams: tuple[str, ...], workflow: str, kind: Kind, scope: Scope, title: str, description: str, **more: Any
) -> Iterator[WorkflowRegistered]:
    for workstream in workstreams:
        yield WorkflowRegistered(workflow, workstream, kind, scope, title, description, **more)


SHIPPED: Final = (
    *_ships(
        ("apollo_scrape",), "split_raw_apollo_scrape_data", "SYNC", "item", "Split Apollo rows",
        "Names, location, links, head count and dates of an Apollo row in one form each.",
    ),
    *_ships(
        ALL, "normalize_company_name", "SYNC", "item", "Normalise company name",
        "The company's name as people say it, without its legal form.",
    ),
    *_ships(
        ALL, "normalize_company_domain", "SYNC", "item", "Normalise company domain",
        "The registrable domain of the company's website.",
    ),
    *_ships(
        ALL, "normalize_all_core_values", "SYNC", "item", "Normalise all core values",
        "Names, titles, links, e-mail, location, head count, company name and domain in one form each.",
    ),
    *_ships(
        ALL, "normalize_company_name_in_clay", "ASYNC", "company", "Normalise company name (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={"company_name_normalized": ["company_name_normalized", "normalized_name", "company_name", "name"]},
    ),
    *_ships(
        ALL, "normalize_company_domain_in_clay", "ASYNC", "company", "Normalise company domain (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={"company_domain": ["company_domain", "normalized_domain", "domain"]},
    ),
    *_ships(
        ALL, "normalize_all_core_values_in_clay", "ASYNC", "item", "Normalise all core values (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={
            name: [name]
            for name in (
                "first_name", "last_name", "full_name", "title", "person_location", "person_linkedin_url",
                "company_name_normalized", "company_domain", "company_linkedin_url",
            )
        },
    ),
    *_ships(
        ("apollo_scrape", "salesnav_koolkit"), "enrich_company_via_waterfall_in_clay", "ASYNC", "company",
        "Enrich company (Clay)", "One call to the client's Clay table for each company.", credits=1.0,
    ),
    *_ships(
        ("apollo_scrape", "salesnav_koolkit"), "enrich_person_via_waterfall_in_clay", "ASYNC", "person",
        "Enrich person (Clay)", "One call to the client's Clay table for each person.", credits=1.0,
    ),
    *_ships(
        ("crm_data", "customer_companies"), "enrich_company_via_clay_waterfall", "ASYNC", "company",
        "Enrich company (Clay)", "One call to the client's Clay table for each company.", credits=1.0,
    ),
    *_ships(
        ("crm_data",), "enrich_person_via_clay_waterfall", "ASYNC", "person",
        "Enrich person (Clay)", "One call to the client's Clay table for each person.", credits=1.0,
    ),
    *_ships(
        PEOPLE, "enrich_email", "ASYNC", "person", "Find e-mail (Clay)",
        "The person's address, which no answer about a person has.", credits=1.0, sets={"email": EMAIL},
    ),
    *_ships(
        ALL, "lookup_company_from_warehouse", "SYNC", "company", "Look up company",
        "What another client of the tenant was answered about this company; needs the tenant's leave.", settings=AGE,
    ),
    *_ships(
        PEOPLE, "lookup_person_from_warehouse", "SYNC", "person", "Look up person",
        "What another client of the tenant was answered about this person; needs the tenant's leave.", settings=AGE,
    ),
    *_ships(
        PEOPLE, "extract_work_history", "SYNC", "item", "Extract work history",
        "Present and previous employer, titles and dates out of what was answered about the person.",
        reads_answers=True,
    ),
    *_ships(
        PEOPLE, "extract_contact_info", "SYNC", "item", "Extract contact details",
        "E-mail, phone and profile out of what was answered about the person, where the row has none.",
        reads_answers=True,
    ),
)  # fmt: skip
