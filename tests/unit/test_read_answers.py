"""How an answer is read: by whom it is about, by a client's own mapping, in whatever spelling."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.projector.extractors.reading import own_lines, read

CLAY = Path(__file__).parents[1] / "data" / "clay"
ANN = json.loads((CLAY / "person_enrich_pseudonymised_5.json").read_bytes())


def test_a_search_for_an_email_that_found_none_is_read_as_of_a_person() -> None:
    assert read(ANN, "enrich_email", "person_1").columns == read(ANN, "enrich_person", "person_1").columns


MIXED = {
    "first_name": "Ann", "title": "CEO", "headline": "Hi", "name": "Ann Ex", "summary": "She",
    "company_name": "Acme", "company_domain": "acme.com", "industry": "Tools", "email": "ann@acme.com",
}  # fmt: skip
BOTH = {"company_name": "Acme", "company_domain": "acme.com", "person_first_name": "Ann"}


@pytest.mark.parametrize(("entity", "wanted"), [
    ("item_1", BOTH | {"person_full_name": "Ann Ex", "person_email": "ann@acme.com"}),
    ("person_1", {"person_first_name": "Ann", "person_full_name": "Ann Ex", "person_email": "ann@acme.com"}),
    ("company_1", {"company_industry": "Tools", "company_domain": "acme.com", "company_city": None}),
])  # fmt: skip
def test_whom_an_answer_is_about_says_how_it_is_read(entity: str, wanted: dict[str, Any]) -> None:
    found = read(MIXED, "enrich", entity).columns
    assert {name: found.get(name) for name in wanted} == wanted
    if entity != "item_1":
        assert {name.partition("_")[0] for name in found} == {entity.partition("_")[0]}
    firm = {"name": "Acme", "domain": "acme.com", "size": "2-10", "email": "info@acme.com", "person_first_name": "Ann"}
    assert read(firm, "score", "item_1").columns == BOTH | {"company_size_bucket": "2-10"}


def test_an_employer_is_no_person_and_a_person_no_company() -> None:
    assert read({"name": "Acme", "domain": "acme.com"}, "enrich", "person_1").columns == {}
    assert read({"first_name": "Ann", "title": "CEO"}, "enrich", "company_1").columns == {}


def test_a_row_that_a_search_for_an_address_sends_back_is_no_news() -> None:
    sent_back = {"first_name": "Ann", "last_name": "Ex", "title": "Engineer", "email": "", "email_status": "not found"}
    assert "person_title" not in read(sent_back, "enrich_email", "person_1").columns


def test_keys_in_another_spelling_are_read_when_nothing_else_is() -> None:
    told = read({"Company Name": "Acme", "Domain": "acme.com", "employeeCount": "7"}, "enrich", "company_1")
    assert told.columns == {"company_name": "Acme", "company_domain": "acme.com", "company_employee_count": 7}
    rows = json.loads((CLAY / "claygent_customers_real_rows.json").read_bytes())
    assert [read(row["raw_payload"], "enrich", "company_1").columns for row in rows] == [{}, {}]


def test_a_client_s_own_mapping_is_asked_after_ours() -> None:
    lines = own_lines(
        {"company_city": "Ort.Stadt", "company_name": ["x", "Firma"], "no_column": "a", "company_type": 3}
    )
    told = read({"Ort": {"Stadt": " Bonn "}, "Firma": "Acme"}, "enrich", "company_1", lines)
    assert told.columns == {"company_city": "Bonn", "company_name": "Acme"}
    assert read({"name": "Beta", "Firma": "Acme"}, "enrich", "company_1", lines).columns == {"company_name": "Beta"}
