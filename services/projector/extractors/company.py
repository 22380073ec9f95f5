"""A company's answer as columns of a lead: Clay's "Enrich Company" and "Find Companies", whichever came.

The head count may contradict the size band; both are given as they are.
"""

from typing import Any, Final

from services.projector.extractors.bands import funding_range, revenue_range, size_bucket
from services.projector.extractors.countries import country, is_country
from services.projector.extractors.mapping import answer_of, column, pick
from services.projector.extractors.values import (
    Span,
    company_link,
    count,
    domain,
    flag,
    listed,
    span,
    text,
    texts,
    year,
)
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, objects

TABLE: Final = (
    column("company_name", text, "name", "company_name"),
    column(
        "company_domain",
        domain,
        "domain",
        "website",
        "resolved_domain.resolved_domain",
        "company_domain",
        "company_website",
        "website_url",
    ),
    column("company_linkedin_url", company_link, "url", "linkedin_url", "company_linkedin_url", "linkedin"),
    column("company_website", text, "website", "company_website", "website_url"),
    column("company_logo_url", text, "logo_url", "company_logo_url", "logo"),
    column("company_description", text, "derived_datapoints.description", "description", "company_description"),
    column(
        "company_industry",
        text,
        "derived_datapoints.industry.0",
        "derived_datapoints.industry",
        "industry",
        "industry.0",
        "industries.0",
        "industries.0.name",
        "company_industry",
    ),
    column("company_industries", listed, "derived_datapoints.industry", "industries", "industry", "company_industry"),
    column("company_subindustries", listed, "derived_datapoints.subindustry"),
    column("company_size_bucket", size_bucket, "size", "company_size", "employee_range", "headcount_range"),
    column(
        "company_employee_count",
        count,
        "employee_count",
        "company_employee_count",
        "employees",
        "headcount",
        "number_of_employees",
        "num_employees",
        "staff_count",
    ),
    column("company_city", text, "place.locality"),
    column("company_state", text, "place.admin_district"),
    column(
        "company_country",
        country,
        "country",
        "place.country_region",
        "place.country_iso",
        "company_country",
    ),
    column(
        "company_revenue_range",
        revenue_range,
        "annual_revenue",
        "revenue_range",
        "annual_revenue_range",
        "revenue",
        "estimated_revenue",
        "company_annual_revenue",
    ),
    column(
        "company_founded_year",
        year,
        "founded",
        "founded_year",
        "year_founded",
        "founded_on",
        "founded_date",
    ),
    column("company_type", text, "type", "company_type"),
    column("company_business_stage", text, "derived_datapoints.business_stage"),
    column("company_funding_range", funding_range, "total_funding_amount_range_usd", "total_funding"),
    column("company_technologies", texts, "technologies", "tech_stack", "technology_names"),
)
FUNDED: Final = (
    column(
        "",
        span,
        "last_funding_date",
        "last_funding_at",
        "latest_funding_date",
        "last_raised_at",
        "funding_date",
    ),
)


def extract(raw: object) -> dict[str, Any]:
    """The `company_*` columns that an answer, wrapped or not, has a value for; {} for a person's answer."""
    return columns_of(answer(raw))


def answer(raw: object) -> dict[str, Any]:
    """The company enrichment object in `raw`; {} when there is none."""
    return answer_of(raw, COMPANY_FIELDS, PERSON_FIELDS)


def columns_of(found: dict[str, Any]) -> dict[str, Any]:
    """As `extract`, of an enrichment object."""
    return pick(TABLE, placed(found)) if found else {}


def placed(found: dict[str, Any]) -> dict[str, Any]:
    """An enrichment object with `place`, the head office, beside what it says; JSON in a string is read."""
    derived = found.get("derived_datapoints")
    told = {"derived_datapoints": next(iter(objects(derived)), None)} if isinstance(derived, str) else {}
    return {**found, **told, "place": _place(found)}


def last_funding(found: dict[str, Any]) -> Span | None:
    """When an enrichment object says that money was last raised; None unless it gives a date."""
    return pick(FUNDED, found).get("")


def _place(found: dict[str, Any]) -> dict[str, Any]:
    """Where the head office is. City and state come from one source, never from two that may disagree."""
    primary = _primary(found.get("locations"))
    if text(primary.get("locality")):
        return primary
    stated = _stated(text(found.get("locality")) or text(found.get("location")) or "")
    return stated if stated["locality"] else primary or _beside(found) or stated


def _primary(locations: object) -> dict[str, Any]:
    """The inferred location of the place with `is_primary`, which is not always the first, or of the only one."""
    known = objects(locations) if isinstance(locations, list | str) else []
    for place in known:
        if flag(place.get("is_primary")) or ("is_primary" not in place and len(known) == 1):
            inferred = place.get("inferred_location")
            return inferred if isinstance(inferred, dict) else _beside(place)
    return {}


def _beside(told: dict[str, Any]) -> dict[str, Any]:
    """City, state and country where they are told one by one, all in the same manner."""
    for manner in ("{}", "company_{}", "hq_{}", "headquarters_{}"):
        city, state, land = (told.get(manner.format(part)) for part in ("city", "state", "country"))
        if text(city):
            return {"locality": city, "admin_district": state, "country_region": land}
    return {}


def _stated(place: str) -> dict[str, str | None]:
    """The parts of "San Francisco, CA, United States"; a country is neither a city nor a state."""
    city, *others = (part.strip() for part in place.split(","))
    state, land = others[0] if others else "", others[-1] if others else city
    return {
        "locality": None if is_country(city) else city,
        "admin_district": None if is_country(state) else state,
        "country_region": land if is_country(land) else None,
    }
