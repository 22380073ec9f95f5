"""The workflows that ship. They enter a tenant's registry by event when its first client is registered.

What each one is stands here; which of them a workstream has, in the workstream's own file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.ingest.workstreams import Workstream, workstreams
from shared.events import Kind, Scope, WorkflowRegistered

AGE: Final = {"freshness_days": {"type": "number", "minimum": 0, "description": "the oldest answer that is used"}}
EMAIL: Final = ["email", "work_email", "person_email", "email_address", "emails.0.email", "emails.0"]


def _workflow(slug: str, kind: Kind, scope: Scope, title: str, description: str, **more: Any) -> WorkflowRegistered:
    return WorkflowRegistered(slug, "", kind, scope, title, description, **more)


WORKFLOWS: Final = (
    _workflow(
        "split_raw_apollo_scrape_data", "SYNC", "item", "Split Apollo rows",
        "Names, location, links, head count and dates of an Apollo row in one form each.",
    ),
    _workflow(
        "normalize_company_name", "SYNC", "item", "Normalise company name",
        "The company's name as people say it, without its legal form.",
    ),
    _workflow(
        "normalize_company_domain", "SYNC", "item", "Normalise company domain",
        "The registrable domain of the company's website.",
    ),
    _workflow(
        "normalize_all_core_values", "SYNC", "item", "Normalise all core values",
        "Names, titles, links, e-mail, location, head count, company name and domain in one form each.",
    ),
    _workflow(
        "normalize_company_name_in_clay", "ASYNC", "company", "Normalise company name (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={"company_name_normalized": ["company_name_normalized", "normalized_name", "company_name", "name"]},
    ),
    _workflow(
        "normalize_company_domain_in_clay", "ASYNC", "company", "Normalise company domain (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={"company_domain": ["company_domain", "normalized_domain", "domain"]},
    ),
    _workflow(
        "normalize_all_core_values_in_clay", "ASYNC", "item", "Normalise all core values (Clay)",
        "The same, by the client's Clay table.", credits=1.0,
        sets={
            name: [name]
            for name in (
                "first_name", "last_name", "full_name", "title", "person_location", "person_linkedin_url",
                "company_name_normalized", "company_domain", "company_linkedin_url",
            )
        },
    ),
    _workflow(
        "enrich_company_via_waterfall_in_clay", "ASYNC", "company",
        "Enrich company (Clay)", "One call to the client's Clay table for each company.", credits=1.0,
    ),
    _workflow(
        "enrich_person_via_waterfall_in_clay", "ASYNC", "person",
        "Enrich person (Clay)", "One call to the client's Clay table for each person.", credits=1.0,
    ),
    _workflow(
        "enrich_company_via_clay_waterfall", "ASYNC", "company",
        "Enrich company (Clay)", "One call to the client's Clay table for each company.", credits=1.0,
    ),
    _workflow(
        "enrich_person_via_clay_waterfall", "ASYNC", "person",
        "Enrich person (Clay)", "One call to the client's Clay table for each person.", credits=1.0,
    ),
    _workflow(
        "enrich_email", "ASYNC", "person", "Find e-mail (Clay)",
        "The person's address, which no answer about a person has.", credits=1.0, sets={"email": EMAIL},
    ),
    _workflow(
        "lookup_company_from_warehouse", "SYNC", "company", "Look up company",
        "What another client of the tenant was answered about this company; needs the tenant's leave.", settings=AGE,
    ),
    _workflow(
        "lookup_person_from_warehouse", "SYNC", "person", "Look up person",
        "What another client of the tenant was answered about this person; needs the tenant's leave.", settings=AGE,
    ),
    _workflow(
        "extract_work_history", "SYNC", "item", "Extract work history",
        "Present and previous employer, titles and dates out of what was answered about the person.",
        reads_answers=True,
    ),
    _workflow(
        "extract_contact_info", "SYNC", "item", "Extract contact details",
        "E-mail, phone and profile out of what was answered about the person, where the row has none.",
        reads_answers=True,
    ),
)  # fmt: skip
# What those that run here set of an item beside the fields that files have.
_PRESENT_AND_PREVIOUS: Final = frozenset(
    f"{which}_employer_{what}"
    for which in ("current", "previous")
    for what in ("name", "domain", "linkedin_url", "title")
)
OUTPUTS: Final[Mapping[str, frozenset[str]]] = {
    workflow.workflow: frozenset() for workflow in WORKFLOWS if workflow.kind == "SYNC"
} | {
    "normalize_company_name": frozenset({"company_name_normalized"}),
    "normalize_all_core_values": frozenset({"company_name_normalized"}),
    "extract_work_history": _PRESENT_AND_PREVIOUS | {"jobs_count"},
}


def shipped(known: Iterable[Workstream]) -> tuple[WorkflowRegistered, ...]:
    """Each workflow for each workstream that has it, in the order of WORKFLOWS. ValueError for an unknown slug."""
    wanted = [
        (_place(slug, workstream), workstream.slug) for workstream in known for slug in workstream.workflows.split()
    ]
    return tuple(replace(WORKFLOWS[index], workstream=slug) for index, slug in sorted(wanted))


def _place(slug: str, workstream: Workstream) -> int:
    slugs = [workflow.workflow for workflow in WORKFLOWS]
    if slug not in slugs:
        raise ValueError(f"{workstream.slug}: there is no workflow {slug!r}; WORKFLOWS has {', '.join(slugs)}")
    return slugs.index(slug)


SHIPPED: Final = shipped(workstreams().values())
