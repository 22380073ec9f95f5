"""A company's answer as columns of a lead: Clay's "Enrich Company" and "Find Companies", whichever came.

The head count may contradict the size band; both are given as they are.
"""

import re
from typing import Any, Final

from services.projector.extractors.bands import funding_range, revenue_range, size_bucket
from services.projector.extractors.countries import country
from services.projector.extractors.head_office import head_office
from shared.canonical import is_free_mail, registrable_domain
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, unquoted
from shared.mapping import answer_of, column, pick
from shared.values import (
    Span,
    company_link,
    count,
    domain,
    listed,
    span,
    text,
    texts,
    year,
)

_AROUND: Final = re.compile(r"^(?:https?://)?(?:www\.|[^/]*@)?|/+$")


def website(value: object) -> str | None:
    """The text of a link, but not to where anybody can have a mailbox: as with `domain`, that is no company's own."""
    written = text(value)
    host = _AROUND.sub("", written.lower()) if written else ""
    return None if is_free_mail(host) and registrable_domain(host) == host else written


TABLE: Final = (
    column("company_name", text, "name", "company_name", "organization_name"),
    column(
        "company_domain", domain, "domain", "website", "resolved_domain.resolved_domain", "company_domain",
        "company_website", "website_url", "primary_domain", "website.domain",
    ),
    column(
        "company_linkedin_url", company_link, "url", "linkedin_url", "company_linkedin_url", "linkedin",
        "linkedin_company_url", "linkedin_profile_url", "socials.LINKEDIN.url",
    ),
    column("company_website", website, "website", "company_website", "website_url", "website.url"),
    column("company_logo_url", text, "logo_url", "company_logo_url", "logo", "company_logo"),
    column(
        "company_description", text, "derived_datapoints.description", "description", "company_description",
        "short_description",
    ),
    column(
        "company_industry", text, "derived_datapoints.industry.0", "derived_datapoints.industry", "industry",
        "industry.0", "industries.0", "industries.0.name", "company_industry", "primary_industry",
        "primary_industry.0", "category.industry",
    ),
    column(
        "company_industries", listed, "derived_datapoints.industry", "industries", "company_industries", "industry",
        "company_industry",
    ),
    column(
        "company_subindustries", listed, "derived_datapoints.subindustry", "subindustry", "company_subindustries",
        "category.subIndustry",
    ),
    column(
        "company_size_bucket", size_bucket, "size", "company_size", "employee_range", "headcount_range",
        "employee_count_range", "company_size_range", "num_employees_enum", "metrics.employeesRange",
        "company_size_bucket",
    ),
    column(
        "company_employee_count", count, "employee_count", "company_employee_count", "employees", "headcount",
        "number_of_employees", "num_employees", "staff_count", "estimated_num_employees", "company_size_on_linkedin",
        "metrics.employees",
    ),
    column("company_city", text, "place.locality"),
    column("company_state", text, "place.admin_district"),
    column("company_country", country, "country", "place.country_region", "place.country_iso", "company_country"),
    column(
        "company_revenue_range", revenue_range, "annual_revenue", "revenue_range", "annual_revenue_range", "revenue",
        "estimated_revenue", "company_annual_revenue", "company_revenue", "company_revenue_range", "inferred_revenue",
        "metrics.annualRevenue", "metrics.estimatedAnnualRevenue",
    ),
    column(
        "company_founded_year", year, "founded", "founded_year", "year_founded", "founded_on", "founded_date",
        "company_founded_year", "company_founded", "founding_date.date",
    ),
    column("company_type", text, "type", "company_type"),
    column(
        "company_business_stage", text, "derived_datapoints.business_stage", "business_stage", "company_business_stage",
    ),
    column(
        "company_funding_range", funding_range, "total_funding_amount_range_usd", "total_funding",
        "total_funding_raised", "funding_total", "funding.funding_total", "metrics.raised", "funding_range",
        "company_funding_range", "company_total_funding",
    ),
    column(
        "company_technologies", texts, "technologies", "tech_stack", "technology_names", "tech", "company_technologies",
    ),
)  # fmt: skip
FUNDED: Final = (
    column(
        "", span, "last_funding_date", "last_funding_at", "latest_funding_date", "last_raised_at", "funding_date",
        "latest_funding_round_date", "funding.last_funding_at",
    ),
)  # fmt: skip
_OPENING: Final = frozenset('[{"')


def answer(raw: object, *, sure: bool = False) -> dict[str, Any]:
    """The company enrichment object in `raw`; {} when there is none. See `answer_of`."""
    return answer_of(raw, COMPANY_FIELDS, PERSON_FIELDS, sure=sure)


def columns_of(found: dict[str, Any]) -> dict[str, Any]:
    """The `company_*` columns that an enrichment object has a value for; {} for an empty one."""
    return pick(TABLE, placed(found)) if found else {}


def placed(found: dict[str, Any]) -> dict[str, Any]:
    """An enrichment object with `place`, the head office, beside what it says; JSON in a string is read."""
    told = found | _opened(found)
    if (derived := told.get("derived_datapoints")) and isinstance(derived, dict):
        told["derived_datapoints"] = derived | _opened(derived)
    told["place"] = head_office(told)
    return told


def _opened(told: dict[str, Any]) -> dict[str, Any]:
    """What the strings say that hold JSON."""
    return {key: unquoted(value) for key, value in told.items() if isinstance(value, str) and value[:1] in _OPENING}


def last_funding(found: dict[str, Any]) -> Span | None:
    """When an enrichment object says that money was last raised; None unless it gives a date."""
    return pick(FUNDED, found).get("")
