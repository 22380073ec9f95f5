"""What a provider posts that found nothing, in its many manners, and what it posts beside what it found."""

from typing import Any

import pytest

from services.ingest.workstreams import workstreams
from tests.unit.test_provider_answers import COMPANY_IDS, FIRM, PAGE, PROFILE, posted

ROW = {"company_name": "Acme", "company_domain": "acme.com", "workflow": "enrich_company"}


@pytest.mark.parametrize("said", [
    {"error": "Company not found"}, {"error": {"code": 404, "message": "Not found"}}, {"status": "not_found"},
    {"status": "Not found", "message": "No data"}, {"success": False, "message": "No data found"}, {"found": "false"},
    {"Enrich Company": {"error": "No data"}}, {"enrich_company": {"status": "not found"}},
    {"Success": True, "data": []},
    {"code": 404, "description": "Company profile not found", "name": "NotFound"},
    {"status": 404, "error": {"type": "x"}},
    {"name": "N/A", "domain": "null", "industry": "None"}, {"email": "not found", "status": "completed"},
    {"name": None, "locations": [], "derived_datapoints": {"industry": [""]}}, {"error": True, "message": "NO_RESULT"},
    {"status": "200", "data": None}, {"statusCode": 422, "company": "acme"},
    ROW | {"error": "No record found"}, ROW | {"status": "error"}, ROW | {"Status": "Not found"}, ROW,
    ROW | {"message": "No company found"}, {"Company Name": "Acme", "company_domain": "acme.com", "employee_count": ""},
    ROW | {"company_industry": "X", "company_employee_count": 50, "errors": ["No record found"]},
    {"name": "Acme", "domain": "acme.com", "linkedin_url": PAGE, "error_message": "No record found"},
    {"first_name": "Ann", "last_name": "Ex", "full_name": "Ann Ex", "title": "CEO", "email": None},
    {"first_name": "Ann", "last_name": "Ex", "title": "CEO", "email": "No email found", "status": "No email found"},
])  # fmt: skip
def test_a_report_of_nothing_is_not_found(said: Any) -> None:
    assert not posted(COMPANY_IDS | said, FIRM, "enrich_company").payload.found


def test_whatever_we_send_of_a_row_tells_nothing_beside_an_error() -> None:
    sent = {field.name: "x" for workstream in workstreams().values() for field in workstream.fields}
    row = {name: value for name, value in sent.items() if name not in ("email", "mobile_phone")}
    said = COMPANY_IDS | row | {"error": "No record found"}
    assert not posted(said, FIRM, "enrich_company").payload.found


@pytest.mark.parametrize("said", [
    {"status": "valid"}, {"name": "Acme"}, {"error": None, "employee_count": 0}, {"is_customer": False},
    {"found": False, "name": "Acme", "domain": "acme.com", "industry": "X"}, {"error": "page 2", "customers": ["Beta"]},
    {"status": 200, "data": {"name": "Acme"}}, {"company_domain": "acme.com"}, {"person_linkedin_url": PROFILE},
    ROW | {"company_industry": "X"}, ROW | {"error": "", "errors": [], "employee_count": 5},
    {"first_name": "Ann", "last_name": "Ex", "title": "CEO", "email": "ann@acme.com", "error": "1 of 2 finders failed"},
    {"error": "false", "name": "Acme"}, {"name": "Acme", "domain": "acme.com", "industry": "X", "error": "page 2"},
    ROW | {"company_description": "Nothing but roofs, walls and cellars: our family firm, founded in 1987"},
])  # fmt: skip
def test_a_finding_is_found_whatever_is_reported_beside_it(said: Any) -> None:
    assert posted(COMPANY_IDS | said, FIRM, "enrich_company").payload.found
