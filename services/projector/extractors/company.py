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
    listed,
    span,
    text,
    texts,
    year,
)
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS

TABLE: Final = (
    column("company_name", text, "name", "company_name"),
    column("company_domain", domain, "domain", "website", "resolved_domain.resolved_domain"),
    column("company_linkedin_url", company_link, "url", "linkedin_url"),
    column("company_website", text, "website"),
    column("company_logo_url", text, "logo_url"),
    column("company_description", text, "derived_datapoints.description", "description"),
    column("company_industry", text, "derived_datapoints.industry.0", "industry", "industries.0"),
    column("company_industries", listed, "derived_datapoints.industry", "industries", "industry"),
    column("company_subindustries", listed, "derived_datapoints.subindustry"),
    column("company_size_bucket", size_bucket, "size"),
    column("company_employee_count", count, "employee_count"),
    column("company_city", text, "place.locality"),
    column("company_state", text, "place.admin_district"),
    column("company_country", country, "country", "place.country_region", "place.country_iso"),
    column("company_revenue_range", revenue_range, "annual_revenue"),
    column("company_founded_year", year, "founded", "founded_year"),
    column("company_type", text, "type"),
    column("company_business_stage", text, "derived_datapoints.business_stage"),
    column("company_funding_range", funding_range, "total_funding_amount_range_usd"),
    column("company_technologies", texts, "technologies", "tech_stack"),
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
    """An enrichment object with `place`, the head office, beside what it says."""
    return {**found, "place": _place(found)}


def last_funding(found: dict[str, Any]) -> Span | None:
    """When an enrichment object says that money was last raised; None unless it gives a date."""
    return pick(FUNDED, found).get("")


def _place(found: dict[str, Any]) -> dict[str, Any]:
    """Where the head office is. City and state come from one source, never from two that may disagree."""
    primary = _primary(found.get("locations"))
    if text(primary.get("locality")):
        return primary
    stated = _stated(text(found.get("locality")) or text(found.get("location")) or "")
    return stated if stated["locality"] else primary


def _primary(locations: object) -> dict[str, Any]:
    """The inferred location of the place with `is_primary`, which is not always the first."""
    for place in locations if isinstance(locations, list) else ():
        if isinstance(place, dict) and place.get("is_primary") is True:
            inferred = place.get("inferred_location")
            return inferred if isinstance(inferred, dict) else {}
    return {}


def _stated(place: str) -> dict[str, str | None]:
    """The parts of "San Francisco, CA"; a country is neither a city nor a state."""
    city, _, rest = place.partition(",")
    state = rest.partition(",")[0].strip()
    return {
        "locality": None if is_country(city.strip()) else city,
        "admin_district": None if is_country(state) else state,
    }
