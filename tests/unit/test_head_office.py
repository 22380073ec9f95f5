"""Where a company's head office is, and one name for each country, in whatever language it is told."""

from typing import Any

import pytest

from services.projector.extractors import company
from services.projector.extractors.countries import country

PRIMARY: dict[str, Any] = {"is_primary": True}


@pytest.mark.parametrize(("land", "address", "place"), [
    ("DE", "Hauptstr. 1, Munich, DE", ("Munich", None)), ("DE", "Hauptstr. 1, 80331 Munich, DE", ("Munich", None)),
    ("DE", "D-80331 Munich, Bavaria, DE", ("Munich", "Bavaria")), ("FR", "Paris, FR", ("Paris", None)),
    ("FR", "75008 Paris, Île-de-France, FR", ("Paris", "Île-de-France")), ("JP", "Tokyo, JP", ("Tokyo", None)),
    ("JP", "Tokyo 100-0005, Kanto, JP", ("Tokyo", "Kanto")), ("IN", "Bengaluru, IN", ("Bengaluru", None)),
    ("NL", "Keizersgracht 1, Amsterdam, North Holland 1015 CJ, NL", ("Amsterdam", "North Holland")),
    ("NL", "Keizersgracht 12a, 1015 CJ Amsterdam, NL", ("Amsterdam", None)),
    ("SE", "111 22 Stockholm, Sweden", ("Stockholm", None)), ("PL", "00-001 Warsaw, PL", ("Warsaw", None)),
    ("US", "1200 Main Street, Minneapolis, US", ("Minneapolis", None)),
    ("US", "1200 Main Street, Suite 4, Minneapolis, MN 55401, US", ("Minneapolis", "MN")),
    ("US", "Atlanta, Georgia", ("Atlanta", "Georgia")), ("Georgia", "Tbilisi, Georgia", ("Tbilisi", None)),
    ("GB", "10 Downing Street, London SW1A 2AA, England, GB", ("London", "England")),
    ("GB", "London, England", ("London", "England")),
    ("SG", "Singapore", ("Singapore", None)), ("FR", "FR", (None, None)),
    ("US", "Bengaluru, Karnataka, India", (None, None)), ("DE", "1 Main St, Austin, TX 78701, USA", (None, None)),
    ("Neverland", "Paris, France", ("Paris", None)),
])  # fmt: skip
def test_a_head_office_out_of_an_address(land: str, address: str, place: tuple[str | None, ...]) -> None:
    for told in ({"locations": [PRIMARY | {"inferred_location": None, "address": address}]}, {"headquarters": address}):
        columns = company.columns_of({"country": land} | told)
        assert (columns.get("company_city"), columns.get("company_state")) == place


def test_a_city_comes_with_no_other_country_than_its_own() -> None:
    india = {"locality": "Bengaluru", "admin_district": "Karnataka", "country_region": "India", "country_iso": "IN"}
    told = {"locations": [PRIMARY | {"inferred_location": india}]}
    assert company.columns_of({"country": "US"} | told) == {"company_country": "United States"}
    here = {"company_city": "Bengaluru", "company_state": "Karnataka", "company_country": "India"}
    assert company.columns_of(told) == company.columns_of({"country": "IN"} | told) == here


@pytest.mark.parametrize(("raw", "wanted"), [
    ("US", "United States"), ("usa", "United States"), ("UK", "United Kingdom"),
    ("Ruritania", "Ruritania"), ("", None),
    ("kz", "Kazakhstan"), ("Russian Federation", "Russia"), ("DEU", "Germany"), ("Schweiz", "Switzerland"),
    ("Korea, Republic of", "South Korea"), ("ci", "Côte d'Ivoire"), ("Scotland", "United Kingdom"), (49, "49"),
    ("POL", "Poland"), ("KOR", "South Korea"), ("The United States", "United States"), ("Germany (DE)", "Germany"),
    ({"code": "DE"}, "Germany"), ({}, None), ("Turkiye", "Türkiye"), ("PRC", "China"),
    ("Italien", "Italy"), ("Niederlande", "Netherlands"), ("SCHWEDEN", "Sweden"), ("Norwegen", "Norway"),
    ("Polen", "Poland"), ("Irland", "Ireland"), ("Türkei", "Türkiye"), ("Grossbritannien", "United Kingdom"),
    ("Vereinigte Staaten", "United States"), ("États-Unis", "United States"), ("Estados Unidos", "United States"),
    ("EE. UU.", "United States"), ("U.S.A.", "United States"), ("Royaume-Uni", "United Kingdom"), ("Espagne", "Spain"),
    ("Espana", "Spain"), ("D", "Germany"), ("u.k.", "United Kingdom"), ("Cote d’Ivoire", "Côte d'Ivoire"),
    ("People's Republic of China", "China"), ("Brasil", "Brazil"), ("Bosnia & Herzegovina", "Bosnia and Herzegovina"),
    ("Países Baixos", "Netherlands"), ("Svizzera", "Switzerland"), ("Duitsland", "Germany"), ("Québec", "Québec"),
])  # fmt: skip
def test_countries(raw: object, wanted: str | None) -> None:
    assert country(raw) == country(wanted) == wanted


@pytest.mark.parametrize(("place", "wanted"), [
    ("Mailand, Italien", ("Mailand", None, "Italy")), ("Luxemburg", ("Luxemburg", None, "Luxembourg")),
    ("Salvador, Bahia", ("Salvador", "Bahia", None)), ("Granada, Andalucía, España", ("Granada", "Andalucía", "Spain")),
    ("Londres, Inglaterra", ("Londres", None, "United Kingdom")), ("Deutschland", (None, None, "Germany")),
])  # fmt: skip
def test_a_country_of_a_place_in_another_language(place: str, wanted: tuple[str | None, ...]) -> None:
    columns = company.columns_of({"headquarters": place})
    assert tuple(columns.get(f"company_{part}") for part in ("city", "state", "country")) == wanted
