"""A company's answer as columns of a lead: Clay's "Enrich Company" and "Find Companies", whichever came.

The head count may contradict the size band; both are given as they are.
"""

import re
from typing import Any, Final

from services.projector.extractors.bands import funding_range, revenue_range, size_bucket
from services.projector.extractors.countries import country, is_city, is_country, is_nation
from shared.enrichment import COMPANY_FIELDS, PERSON_FIELDS, objects, respelled, unquoted
from shared.mapping import answer_of, column, pick
from shared.values import (
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
    column("company_website", text, "website", "company_website", "website_url", "website.url"),
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
_PLACES: Final = ("location", "hq", "headquarters", "headquarter", "geo", "address", "company_location")
_MANNERS: Final = (
    (("city", "locality"), ("state", "region", "geographic_area"), ("country",)),
    *(((f"{of}_city",), (f"{of}_state",), (f"{of}_country",)) for of in ("company", "hq", "headquarters")),
)
_HEAD_OFFICE: Final = ("is_primary", "is_hq", "headquarter")
_OPENING: Final = frozenset('[{"')
_LONGEST_PLACE: Final = 200
_STREET: Final = re.compile(r"\d{1,3}\w? ", re.ASCII)
_POSTCODE: Final = re.compile(r"^\d{4,5} +|(?:^| )[A-Z]{0,2}\d[\dA-Z]*(?:[ -]\d[\dA-Z]*)?$", re.ASCII)


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
    told["place"] = _place(told)
    return told


def _opened(told: dict[str, Any]) -> dict[str, Any]:
    """What the strings say that hold JSON."""
    return {key: unquoted(value) for key, value in told.items() if isinstance(value, str) and value[:1] in _OPENING}


def last_funding(found: dict[str, Any]) -> Span | None:
    """When an enrichment object says that money was last raised; None unless it gives a date."""
    return pick(FUNDED, found).get("")


def _place(found: dict[str, Any]) -> dict[str, Any]:
    """Where the head office is. City and state come from one source, never from two that may disagree."""
    primary = _primary(found.get("locations"))
    if text(primary.get("locality")):
        return primary
    stated = _stated_in(found)
    return _within(found) or (stated if stated["locality"] else primary or _beside(found) or stated)


def _primary(locations: object) -> dict[str, Any]:
    """The inferred location of the head office, which is not always the first place, or of the only one."""
    known = objects(locations)
    for place in known:
        told = [place[name] for name in _HEAD_OFFICE if name in place]
        if any(map(flag, told)) or (not told and len(known) == 1):
            inferred = next(iter(objects(place.get("inferred_location"))), None)
            return _beside(place) or _stated_in(place) if inferred is None else inferred
    return {}


def _within(found: dict[str, Any]) -> dict[str, Any]:
    """City, state and country out of an object that holds nothing else."""
    told = (found[name] for name in _PLACES if isinstance(found.get(name), dict | str))
    inner = (_beside(respelled(place)) for each in told for place in objects(each))
    return next(filter(None, inner), {})


def _beside(told: dict[str, Any]) -> dict[str, Any]:
    """City, state and country where they are told one by one, all in the same manner."""
    for parts in _MANNERS:
        city, state, land = (next(filter(text, map(told.get, names)), None) for names in parts)
        if city:
            return {"locality": city, "admin_district": state, "country_region": land}
    return {}


def _stated_in(found: dict[str, Any]) -> dict[str, str | None]:
    told = (text(found.get(name)) for name in ("locality", *_PLACES))
    return _stated(next((place for place in told if place and len(place) < _LONGEST_PLACE), ""))


def _stated(place: str) -> dict[str, str | None]:
    """The parts of "San Francisco, CA, United States"; a country is neither a city nor a state, but for a few."""
    city, *others = _parts(place) or [""]
    state, land = others[0] if others else "", others[-1] if others else city
    return {
        "locality": None if is_country(city) and not is_city(city) else city,
        "admin_district": None if is_country(state) and not is_nation(state) else state,
        "country_region": land if is_country(land) else None,
    }


def _parts(place: str) -> list[str]:
    """What stands between commas; of an address without the street and the postcode."""
    parts = [part.strip() for part in place.split(",")]
    numbered = [part for part in parts if any(map(str.isdecimal, part))]
    streets = {part for part in numbered if part != numbered[-1] or _STREET.match(part)} if len(parts) > 1 else set()
    return list(filter(None, (_POSTCODE.sub("", part).strip() for part in parts if part not in streets)))
