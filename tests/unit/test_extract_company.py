"""Company answers: real ones whole, the odd shapes one by one, and any JSON at all."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.projector.extractors import company
from services.projector.extractors.bands import SIZES, funding_range, revenue_range, size_bucket
from services.projector.extractors.reading import read
from services.projector.lead import project
from shared import values
from shared.ids import named_id

CLAY = Path(__file__).parents[1] / "data" / "clay"
MUTINY = json.loads((CLAY / "company_enrich_real_mutiny.json").read_bytes())
PERPLEXITY = json.loads((CLAY / "company_find_companies_real_perplexity.json").read_bytes())
PERSON = json.loads((CLAY / "person_enrich_pseudonymised_3.json").read_bytes())
SYNTHETIC = [json.loads(line) for line in (CLAY / "company_enrich_synthetic.jsonl").read_text("utf-8").splitlines()]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(MUTINY)), inner, max_size=4),
    max_leaves=8,
)
answers = st.fixed_dictionaries({}, optional=dict.fromkeys([*MUTINY, "raw_payload", "location"], json_values))


PRIMARY: dict[str, Any] = {"is_primary": True}
OFFICE = {"is_primary": False, "inferred_location": {"locality": "A", "admin_district": "AA"}}
HEAD_OFFICE = PRIMARY | {"inferred_location": {"locality": "B", "admin_district": "BB"}}
NO_CITY = PRIMARY | {"inferred_location": {"locality": "", "admin_district": "CA"}}
ACME_PAGE = "https://www.linkedin.com/company/acme"


def columns_in(raw: object) -> dict[str, Any]:
    return company.columns_of(company.answer(raw))


def test_an_enriched_company() -> None:
    columns = columns_in(MUTINY)
    assert columns.pop("company_description").startswith("Mutiny is an AI-powered")
    assert columns == {
        "company_name": "Mutiny", "company_domain": "mutinyhq.com",
        "company_linkedin_url": "https://www.linkedin.com/company/mutinyhq",
        "company_website": "http://mutinyhq.com",
        "company_logo_url": "https://d878vporrm2hj.cloudfront.net/company/50412842_company_logo",
        "company_industry": "Software and IT", "company_industries": ["Software and IT"],
        "company_subindustries": ["Enterprise Software Solutions"], "company_size_bucket": "51-200",
        "company_employee_count": 50, "company_city": "San Francisco", "company_state": "CA",
        "company_country": "United States", "company_revenue_range": "10M-25M",
        "company_founded_year": 2018, "company_type": "Privately Held",
        "company_business_stage": "Growth Stage", "company_funding_range": "$50M - $100M",
    }  # fmt: skip


def test_a_found_company() -> None:
    columns = columns_in(PERPLEXITY)
    assert columns.pop("company_description").startswith("The most powerful answer engine")
    assert columns == {
        "company_name": "Perplexity", "company_domain": "perplexity.ai",
        "company_linkedin_url": "https://www.linkedin.com/company/perplexity-ai",
        "company_industry": "Software Development", "company_industries": ["Software Development"],
        "company_size_bucket": "201-500", "company_city": "San Francisco", "company_state": "California",
        "company_country": "United States", "company_revenue_range": "500M-1B",
        "company_type": "Privately Held", "company_funding_range": "$250M+",
    }  # fmt: skip


@pytest.mark.parametrize("wrapped", [
    {"item_id": "x", "company_id": 7, **MUTINY}, {"enrich_company": MUTINY},
    {"enrich_company": json.dumps(MUTINY)}, {"enrich_person": PERSON, "enrich_company": MUTINY},
    [MUTINY], json.dumps([MUTINY]),
])  # fmt: skip
def test_a_wrapped_answer_says_the_same(wrapped: object) -> None:
    assert columns_in(wrapped) == columns_in(MUTINY)


@pytest.mark.parametrize(
    "raw", [None, {}, [], "", "text", 3, PERSON, {"enrich_company": {}}, {"enrich_person": PERSON}]
)
def test_what_is_no_company_says_nothing(raw: object) -> None:
    assert columns_in(raw) == {}


@pytest.mark.parametrize("raw", SYNTHETIC)
def test_every_synthetic_answer_gives_well_formed_columns(raw: dict[str, Any]) -> None:
    columns = columns_in(raw)
    assert columns["company_name"] == raw["name"]
    assert columns.get("company_size_bucket", "1") in {"1", *(band for _, band in SIZES), "10001+"}
    assert columns.get("company_country", "Germany") in {
        "Germany",
        "India",
        "United Kingdom",
        "United States",
    }
    assert isinstance(columns.get("company_employee_count", 0), int)
    assert columns.get("company_funding_range", "$").startswith("$")


@pytest.mark.parametrize(("answer", "columns"), [
    ({"derived_datapoints": None, "industry": "A, B"}, {"industry": "A, B", "industries": ["A, B"]}),
    ({"derived_datapoints": {"industry": []}, "industry": "A"}, {"industry": "A", "industries": ["A"]}),
    ({"derived_datapoints": {"industry": ["X", "Y", "X"]}}, {"industry": "X", "industries": ["X", "Y"]}),
    ({"derived_datapoints": {"description": ""}, "description": " Top "}, {"description": "Top"}),
    ({"derived_datapoints": {"description": "Better"}, "description": "Top"}, {"description": "Better"}),
    ({"locations": [OFFICE, HEAD_OFFICE]}, {"city": "B", "state": "BB"}), ({"locations": [OFFICE]}, {}),
    ({"locations": [NO_CITY], "locality": "Lyon, ARA"}, {"city": "Lyon", "state": "ARA"}),
    ({"locations": [NO_CITY]}, {"state": "CA"}),
    ({"locations": [PRIMARY | {"inferred_location": None}], "locality": "Bonn"}, {"city": "Bonn"}),
    ({"location": "Berlin, Germany"}, {"city": "Berlin", "country": "Germany"}),
    ({"locality": "Austin, Texas, United States"}, {"city": "Austin", "state": "Texas", "country": "United States"}),
    ({"locality": "Atlanta, Georgia"}, {"city": "Atlanta", "state": "Georgia"}),
    ({"locality": "Lebanon, TN, USA"}, {"city": "Lebanon", "state": "TN", "country": "United States"}),
    ({"locations": [{"inferred_location": {"locality": "A", "country_iso": "AT"}}]},
     {"city": "A", "country": "Austria"}),
    ({"locations": [OFFICE, {"is_primary": "true", "city": "Graz", "country": "AT"}]},
     {"city": "Graz", "country": "Austria"}),
    ({"locations": '[{"is_primary": true, "inferred_location": {"locality": "A"}}]'}, {"city": "A"}),
    ({"hq_city": "Graz", "hq_state": "Styria", "hq_country": "AT"},
     {"city": "Graz", "state": "Styria", "country": "Austria"}),
    ({"company_city": "Graz", "city": ""}, {"city": "Graz"}),
    ({"derived_datapoints": '{"industry": ["X"], "description": "D"}'},
     {"industry": "X", "industries": ["X"], "description": "D"}),
    ({"derived_datapoints": {"industry": "X", "subindustry": "Z"}},
     {"industry": "X", "industries": ["X"], "subindustries": ["Z"]}),
    ({"industry": ["X", "Y"]}, {"industry": "X", "industries": ["X", "Y"]}),
    ({"industries": [{"name": "X"}, {"name": "Y"}, {}]}, {"industry": "X", "industries": ["X", "Y"]}),
    ({"technologies": [{"name": "Slack"}, "Jira", None]}, {"technologies": ["Slack", "Jira"]}),
    ({"company_name": "Ünï 株式", "company_domain": "bücher.de"}, {"name": "Ünï 株式", "domain": "xn--bcher-kva.de"}),
    ({"headcount": "1,200", "company_size": "1001-5000"}, {"employee_count": 1200, "size_bucket": "1001-5000"}),
    ({"year_founded": "est. 1999", "company_type": "Public", "logo": "x"},
     {"founded_year": 1999, "type": "Public", "logo_url": "x"}),
    ({"founded": "1999-05-01T00:00:00Z"}, {"founded_year": 1999}), ({"founded": "1999 or 2001"}, {}),
    ({"country": "US"}, {"country": "United States"}),
    ({"locations": [PRIMARY | {"inferred_location": {"country_iso": "IN"}}]}, {"country": "India"}),
    ({"domain": "WWW.Acme.CO.UK"}, {"domain": "acme.co.uk"}),
    ({"domain": None, "website": "https://acme.com/x"}, {"domain": "acme.com", "website": "https://acme.com/x"}),
    ({"url": "no page", "linkedin_url": "linkedin.com/company/Acme/"}, {"linkedin_url": ACME_PAGE}),
    ({"founded": "2002", "employee_count": "1,047"}, {"founded_year": 2002, "employee_count": 1047}),
    ({"technologies": "Slack, Jira , Slack"}, {"technologies": ["Slack", "Jira"]}),
    ({"total_funding_amount_range_usd": "Funding unknown"}, {}),
    ({"name": "null", "type": " ", "logo_url": {}}, {}),
    ({"locality": "London, England"}, {"city": "London", "state": "England", "country": "United Kingdom"}),
    ({"locality": "Singapore, Singapore"}, {"city": "Singapore", "country": "Singapore"}),
    ({"location": "1 Main St, Austin, TX 78701, US"}, {"city": "Austin", "state": "TX", "country": "United States"}),
    ({"location": "10 Rue X, 75008 Paris, France"}, {"city": "Paris", "country": "France"}),
    ({"headquarters": "Berlin, Germany"}, {"city": "Berlin", "country": "Germany"}),
    ({"headquarter": '{"city": "Graz", "geographicArea": "Styria"}'}, {"city": "Graz", "state": "Styria"}),
    ({"locations": [{"city": "A", "is_hq": False}, {"city": "B", "is_hq": True}]}, {"city": "B"}),
    ({"founded": {"year": 1999, "month": None}}, {"founded_year": 1999}),
    ({"founded": "19990501"}, {"founded_year": 1999}),
    ({"country": {"name": "Germany", "code": "DE"}}, {"country": "Germany"}),
    ({"locations": [PRIMARY | {"address": "San Francisco, CA 94110, US"}]},
     {"city": "San Francisco", "state": "CA", "country": "United States"}),
    ({"locations": PRIMARY | {"inferred_location": '{"locality": "Graz", "admin_district": "Styria"}'}},
     {"city": "Graz", "state": "Styria"}),
    ({"technologies": '["Slack", "Jira"]'}, {"technologies": ["Slack", "Jira"]}),
    ({"derived_datapoints": {"industry": '["X", "Y"]'}}, {"industry": "X", "industries": ["X", "Y"]}),
])  # fmt: skip
def test_where_a_column_comes_from(answer: dict[str, Any], columns: dict[str, Any]) -> None:
    assert columns_in(answer) == {f"company_{name}": value for name, value in columns.items()}


@pytest.mark.parametrize(("told", "shown"), [
    ("https://gmail.com/", False), ("www.GMX.de", False), ("http://www.yahoo.co.uk//", False), ("ann@gmail.com", False),
    ("http://acme.free.fr", True), ("https://home.t-online.de/acme", True), ("https://facebook.com/acme", True),
    ("acme.com", True), ("see our page", True),
])  # fmt: skip
def test_a_host_of_mailboxes_is_no_company_s_website(told: str, shown: bool) -> None:
    assert columns_in({"website": told}).get("company_website") == (told if shown else None)
    assert project({"company_website": told}, reference_date=date(2026, 2, 20)).columns["company_website"] == (
        told if shown else None
    )


@pytest.mark.parametrize(("raw", "wanted"), [
    ("1 employee", "1"), ("0-1 employees", "1"), ("2-10 employees", "2-10"), ("11-50", "11-50"),
    ("51-200 employees", "51-200"), ("501-1,000 employees", "501-1000"), ("1,001-5,000", "1001-5000"),
    ("5,001-10,000 employees", "5001-10000"), ("10,001+ employees", "10001+"), ("10K+", "10001+"),
    ("1-10", "2-10"), ("Self-employed", "1"), (67, "51-200"), (10_000, "5001-10000"), (10_001, "10001+"),
    (0, None), ("", None), (None, None), ([], None), ("many", None),
    ("51 – 200 employees", "51-200"), ("> 10,000", "10001+"), ("10,001 or more", "10001+"), ("<10", "2-10"),
    ("1.001-5.000", "1001-5000"), ("1 001 - 5 000", "1001-5000"), ("more than 10000", "10001+"), ("67.0", "51-200"),
    ("1.5K", "1001-5000"), ("1,25k employees", "1001-5000"), ("0.5K", "201-500"), ("5K+", "5001-10000"),
    ("1K-1.5K", "1001-5000"), ("1.0K", "501-1000"), ("10.5K", "10001+"),
    ({"start": 51, "end": 200}, "51-200"), ({"min": "10001", "max": None}, "10001+"), ([51, 200], "51-200"),
    ("1.000", "501-1000"), ("5'001 – 10'000", "5001-10000"), ("1.000,00", "501-1000"),
    ("[51,200]", "51-200"), ([10_001, None], "10001+"), ([[1], {}], None), ([1, 2, 3], None), ({"start": []}, None),
])  # fmt: skip
def test_size_buckets(raw: object, wanted: str | None) -> None:
    assert size_bucket(raw) == wanted


@pytest.mark.parametrize(("raw", "wanted"), [
    ("10M-25M", "10M-25M"), ("$10M - $25M", "10M-25M"), ("3938000", "1M-5M"), (3_938_000, "1M-5M"),
    (3938000.0, "1M-5M"), ("$3.9M", "1M-5M"), ("USD 2,000,000,000", "1B-10B"), (0, "0-500K"),
    ("5T", "1T+"),
    ("undisclosed", "undisclosed"), (None, None), ({}, None), (float("nan"), None), (True, None),
    ("$10M-$50M", "10M-50M"), ("10M–50M", "10M-50M"), ("10M to 50M", "10M-50M"), ("10-50M", "10M-50M"),
    ("$10 - $50 million", "10M-50M"), ("$1 million - $10 million", "1M-10M"), ("USD 1B-10B", "1B-10B"),
    ("Under $1M", "0-1M"), ("<1M", "0-1M"), ("$2.5M", "1M-5M"), ("3 million", "1M-5M"), ("1.2bn", "1B-10B"),
    ("€10M", "10M-25M"), ("US$5M", "5M-10M"), ("¥10M", "¥10M"), ("10M INR", "10M INR"), ("EUR 10M", "10M-25M"),
    ("2,5 Mio", "1M-5M"), ("12,5 Mio. EUR", "10M-25M"), ("0,5M", "500K-1M"), ("0,750M euros", "500K-1M"),
    ("12.500.000", "10M-25M"), ("12.500.000,50 €", "10M-25M"), ("12 500 000 CHF", "10M-25M"), ("12'500'000", "10M-25M"),
    ("1,250,000", "1M-5M"), ("1,500", "0-500K"), ("1,500 M", "1B-10B"), ("1.500M", "1M-5M"), ("1.500,75 Mio", "1B-10B"),
    ("1,25,00,000", "10M-25M"), ("2,5 - 7,5 Mio. €", "2.5M-7.5M"), ("€1.000.000 - €5.000.000", "1M-5M"),
    ("£2.5m", "1M-5M"), ("12.500.000+", "12.5M+"),
    ("$10 mil. - $25 mil.", "10M-25M"), ("$1 bil. - $5 bil.", "1B-5B"), (">$1B", "1B+"), ("over 1 billion", "1B+"),
    ("1B or more", "1B+"), ("$1,500,000 - $5,000,000", "1.5M-5M"), ("1000000-5000000", "1M-5M"), ("$1,000,000+", "1M+"),
    ({"min": 10_000_000, "max": 25e6}, "10M-25M"), ({"amount": 12_000_000, "currency": "USD"}, "10M-25M"),
])  # fmt: skip
def test_revenue_ranges(raw: object, wanted: str | None) -> None:
    assert revenue_range(raw) == wanted


@pytest.mark.parametrize(("raw", "wanted"), [
    ("1M-5M", "$1M - $5M"), ("$50M - $100M", "$50M - $100M"), ("$250M+", "$250M+"),
    ("Funding unknown", None), ("3938000", "$1M - $5M"), (120_000_000, "$100M - $250M"), ("$2.5B", "$250M+"),
    (0, None), (5e5, "$0 - $1M"),
    ("$1M – $5M", "$1M - $5M"), ("$3 million", "$1M - $5M"), ("Undisclosed", None),
    ("Funding not available", None), ("US$ 30M", "$25M - $50M"),
    ("1,2M", "$1M - $5M"), ("€ 30 Mio.", "$25M - $50M"), ("1.200.000", "$1M - $5M"), ("1,5M-3M", "$1.5M - $3M"),
    ("No funding found", None), ("Bootstrapped", None), ({"value_usd": 5_000_000}, "$5M - $10M"), (">$250M", "$250M+"),
])  # fmt: skip
def test_funding_ranges(raw: object, wanted: str | None) -> None:
    assert funding_range(raw) == wanted


@pytest.mark.parametrize(("raw", "wanted"), [
    (67, 67), (67.0, 67), ("67", 67), (" 1,047 ", 1047), ("1 employee", 1), ("1 047", 1047), ("67.0", 67),
    ("1.000", 1000), ("1.500", 1500), ("5.000 Mitarbeiter", 5000), ("1.234.567", 1234567), ("67.00", 67), ("67,0", 67),
    ("12.0000", 12), ("1.5", None), ("1,2", None), ("1,234.567", None), ("1.2345", None),
    ("51-200", None), ("10,001+", None), ("67K", None), (-1, None), (2**31, None), (10**40, None),
    (True, None), (float("inf"), None), (67.5, None), ("", None), ("9" * 5000, None), (None, None),
])  # fmt: skip
def test_counts(raw: object, wanted: int | None) -> None:
    assert values.count(raw) == wanted


@pytest.mark.parametrize("raw", [
    {"companyName": "Acme", "website": "acme.com", "employeeCount": 120, "industry": "X", "foundedYear": "1999"},
    {"Company Name": "Acme", "Website": "acme.com", "Employee Count": "120", "Industry": "X", "Founded": 1999},
    {"name": "Acme", "website": "acme.com", "employees": 120.0, "industry": "X", "yearFounded": "1999"},
])  # fmt: skip
def test_keys_in_another_spelling_are_the_same_columns(raw: dict[str, Any]) -> None:
    found = read(raw, "enrich_company", named_id("company", "x")).columns
    assert found == {
        "company_name": "Acme", "company_domain": "acme.com", "company_website": "acme.com", "company_industry": "X",
        "company_industries": ["X"], "company_employee_count": 120, "company_founded_year": 1999,
    }  # fmt: skip


def test_a_funding_date_in_an_answer() -> None:
    assert company.last_funding({"last_raised_at": "2025-02"}) == (date(2025, 2, 1), date(2025, 2, 28))
    assert company.last_funding({"last_funding_date": "2025-03-04"}) == (date(2025, 3, 4), date(2025, 3, 4))
    assert company.last_funding(MUTINY) is None


@settings(deadline=None)  # the first domain loads the list of public suffixes
@given(json_values | answers)
def test_any_json_gives_columns_or_nothing(raw: object) -> None:
    columns = columns_in(raw)
    assert set(columns) <= {line.name for line in company.TABLE}
    assert None not in columns.values()
