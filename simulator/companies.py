"""Made-up company answers in the shape of Clay's "Enrich Company".

Deterministic and cheap: the parts that do not name the company are built once and shared, never changed.
"""

from datetime import date, timedelta
from typing import Any
from zlib import crc32

from simulator.submission import Submission, slug_of
from simulator.vocabulary import COMPANY_TYPES, INDUSTRIES, PLACES, SIZES, company_words

Part = dict[str, Any]
_REFRESHES = 28


class CompanyMaker:
    """Makes company answers that were refreshed in the four weeks before `as_of`."""

    def __init__(self, as_of: date) -> None:
        days = (as_of - timedelta(days=back) for back in range(_REFRESHES))
        self._refreshed = [f"{day}T23:30:17.856882+00:00" for day in days]
        self._places = [_place(*place) for place in PLACES]
        self._sizes = [_size(*size) for size in SIZES]
        self._fields = [_industry(*industry) for industry in INDUSTRIES]

    def answer(self, asked: Submission) -> Part:
        """The company that was asked for; what the submission does not say is derived from what it does."""
        number = crc32((asked.domain or asked.linkedin or asked.text("company_name", "name")).encode())
        name = company_name(asked, number)
        domain = asked.domain or f"{name.split(' ')[0].lower()}.example"
        slug = slug_of(asked.linkedin) or domain.partition(".")[0]
        field = self._fields[number % len(self._fields)]
        return {
            "url": f"https://www.linkedin.com/company/{slug}",
            "name": name,
            "slug": slug,
            "type": COMPANY_TYPES[number % len(COMPANY_TYPES)],
            "domain": domain,
            "org_id": number,
            "founded": 1990 + number % 33,
            "website": f"http://{domain}",
            "logo_url": f"https://logos.example/{slug}.png",
            "company_id": 100_000_000 + number % 90_000_000,
            "last_refresh": self._refreshed[number % _REFRESHES],
            "follower_count": number % 40_000,
            "clay_company_id": 10_000_000 + number % 50_000_000,
            "resolved_domain": {
                "is_live": True,
                "resolved_domain": domain,
                "redirects_to_another_domain": False,
            },
            **field,
            **self._places[number // 7 % len(self._places)],
            **self._sizes[number // 11 % len(self._sizes)],
        }


def company_name(asked: Submission, number: int) -> str:
    """The name in the submission, else one after its domain, else a made-up one."""
    name = asked.text("company_name", "normalized_company_name", "company", "organization_name")
    return name or asked.domain.partition(".")[0].replace("-", " ").title() or company_words(number)


def _place(city: str, state: str, country: str, iso: str, code: str, _area: str) -> Part:
    main = _location(city, state, country, iso, code, is_primary=True)
    branch = _location("Lisbon", "Lisboa", "Portugal", "PT", "1100-148", is_primary=False)
    # Clay does not list the primary location first.
    return {"country": iso, "locality": f"{city}, {state}", "locations": [branch, main]}


def _location(city: str, state: str, country: str, iso: str, code: str, *, is_primary: bool) -> Part:
    text = f"{city}, {state} {code}, {iso}"
    inferred = {
        "name": f"{code}, {state}",
        "latitude": 37.75298691,
        "locality": city,
        "longitude": -122.41742706,
        "country_iso": iso,
        "locationstr": text,
        "postal_code": code,
        "address_line": "",
        "neighborhood": "",
        "admin_district": state,
        "country_region": country,
        "admin_district2": "",
        "formatted_address": f"{code}, {state}",
    }
    return {"address": text, "is_primary": is_primary, "inferred_location": inferred}


def _size(band: str, heads: int, revenue: str, funding: str | None) -> Part:
    sized = {"size": band, "employee_count": heads, "annual_revenue": revenue}
    return {**sized, "total_funding_amount_range_usd": funding}


def _industry(industry: str, derived: str, subindustry: str) -> Part:
    datapoints = {
        "industry": [derived],
        "description": f"A {subindustry.lower()} company whose platform serves business customers worldwide.",
        "scale_scope": "global; Modifier: digital",
        "subindustry": [subindustry],
        "pattern_tags": "B2B, ABM, Personalization",
        "business_type": ["B2B"],
        "business_stage": "Growth Stage",
        "revenue_streams": ["Subscriptions/Recurring"],
        "primary_offerings": [subindustry, "Professional services"],
    }
    described = {"description": f"We do {industry.lower()}, differently.", "specialties": [subindustry]}
    return {"industry": industry, **described, "derived_datapoints": datapoints}
