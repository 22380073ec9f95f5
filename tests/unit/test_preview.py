"""What `leadstream preview` says of real exports: the mapping of every field, row counts, the workstream."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.columns.mapping import map_headers
from services.ingest.columns.proposals import ambiguity, proposals
from services.ingest.files.reading import Limits
from services.ingest.preview import preview
from services.ingest.workstreams import workstream

DATA = Path(__file__).parents[1] / "data"
FILES: dict[str, dict[str, Any]] = json.loads((DATA / "expected_mappings.json").read_text())
EXPORTS: dict[str, dict[str, Any]] = json.loads((DATA / "expected_export_headers.json").read_text())
# What the columns of links hold, whose headers alone do not tell.
LINKS = {
    "URL": "https://www.linkedin.com/in/ann-lee",
    "Profile": "https://www.linkedin.com/in/ann-lee",
    "CompanyProfile": "https://www.linkedin.com/company/acme",
    "Company URL": "https://acme.com",
    "Website 1 - Value": "https://acme.com",
}
# Fields of our own beside those that every preview can name.
OURS = {
    *("company_technologies", "company_keywords", "company_annual_revenue", "company_total_funding", "departments"),
    *("company_latest_funding", "company_founded_year", "company_logo_url", "company_website"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file(name: str) -> None:
    wanted = FILES[name]
    seen = preview(DATA / name, None, Limits())
    assert {field: match["header"] for field, match in seen["mapping"].items()} == wanted["mapping"]
    assert (seen["workstream"], seen["rows"]) == (wanted["workstream"], wanted["rows"])
    assert (len(seen["bad_rows"]), seen["preamble_lines"]) == (wanted["bad_rows"], wanted["preamble_lines"])
    assert seen["mapping"] == preview(DATA / name, wanted["workstream"], Limits())["mapping"]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_headers_of_an_export(name: str) -> None:
    wanted = EXPORTS[name]
    headers = wanted["headers"].split(",")
    sample = [[LINKS.get(header, "") for header in headers]] * 3
    best = proposals(headers, sample)[0]
    assert best.workstream == wanted["workstream"]
    found = map_headers(workstream(best.workstream), headers, sample)
    assert {n: m.header for n, m in found.targets.items() if n not in OURS} == wanted["mapping"]


def test_the_shape_that_programs_rely_on() -> None:
    seen = json.loads(json.dumps(preview(DATA / "crm/linkedin_connections_preamble.csv", "crm_data", Limits())))
    assert {"encoding", "delimiter", "preamble_lines", "footer_lines", "rows", "mapping", "unmapped", "warnings",
            "bad_rows", "sample"} <= seen.keys()  # fmt: skip
    assert (seen["encoding"], seen["delimiter"], seen["rows"]) == ("utf-8", ",", 21)
    assert seen["mapping"]["person_linkedin_url"] == {
        "header": "URL", "index": 2, "score": 0.7, "reason": "told by its cells; 20 of 20 cells look like it"
    }  # fmt: skip
    assert seen["unmapped"] == ["Connected On"]
    assert [(bad["row"], bad["column"], bad["value"]) for bad in seen["bad_rows"]] == [
        (21, "First Name", ",,,,,,30 Apr 2026")
    ]
    assert seen["bad_rows"][0]["reason"].startswith("The row needs 'First Name' with 'Last Name', or 'URL'")
    assert seen["sample"][0]["first_name"] == "DR. ALEX"


def test_a_choice_is_in_the_preview() -> None:
    seen = preview(DATA / "crm/salesforce_contacts_report.csv", "crm_data", Limits(), {"mobile_phone": "Phone"})
    assert seen["mapping"]["mobile_phone"] == {"header": "Phone", "index": 9, "score": 1.0, "reason": "chosen by you"}
    before = preview(
        DATA / "crm/salesforce_contacts_report.csv", "crm_data", Limits(), {}, {"crm_data": {"notes": "fax"}}
    )
    assert (before["mapping"]["notes"]["header"], before["mapping"]["notes"]["reason"]) == (
        "Fax", "chosen for this client before"
    )  # fmt: skip


def test_a_file_whose_rows_cannot_be_items_is_shown_with_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Seniority,City\nVP,Bonn\nCEO,Rome\n")
    seen = preview(file, None, Limits())
    assert (seen["rows"], seen["bad_rows"], seen["proposals"]) == (2, [], [])
    assert "needs 'Full Name', or 'First Name' with 'Last Name'" in seen["warnings"][0]
    assert seen["warnings"][1].startswith("No workstream can take these rows")
    assert len(preview(file, "crm_data", Limits())["warnings"]) == 1


@pytest.mark.parametrize(
    ("name", "named", "says"),
    [
        ("crm/hubspot_companies_en.csv", "apollo_scrape", "files of crm_data have 'Record ID', 'Company owner'"),
        ("salesnav/koolkit_21col.csv", "apollo_scrape", "files of salesnav_koolkit have 'Matching filters'"),
        ("apollo/contacts_52col.csv", "salesnav_koolkit", "files of apollo_scrape have 'Company Name for Emails'"),
        ("apollo/contacts_52col.csv", "apollo_scrape", None),
        ("apollo/contacts_52col.csv", "crm_data", None),  # the place for people from anywhere
        ("crm/hubspot_companies_en.csv", "customer_companies", None),  # and for customers
        ("customers/customer_companies_a.csv", "apollo_scrape", None),
        ("exports/leadiq.csv", "apollo_scrape", None),
    ],
)
def test_a_workstream_that_is_named_against_what_the_file_has_is_a_warning(
    name: str, named: str, says: str | None
) -> None:
    told = [text for text in preview(DATA / name, named, Limits())["warnings"] if "This is taken as" in text]
    assert [(f"taken as {named}" in text, (says or "") in text) for text in told] == ([(True, True)] if says else [])


@pytest.mark.parametrize(("headers", "asked"), [
    ("Company,Website,Lead Source", False),
    ("First Name,Last Name,Company,Profile headline", False),
    ("First Name,Last Name,Company,Customer", True),
])  # fmt: skip
def test_one_header_of_its_own_is_clear_where_the_rows_are_what_it_takes(headers: str, asked: bool) -> None:
    found = proposals(headers.split(","), [])
    assert ((found[0].score, found[1].score), ambiguity(found) is not None) == ((0.5, 0.3), asked)


def test_two_workstreams_that_fit_equally_are_a_question(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Customer Name,Record ID,Company,Website\nAcme,1,Acme,acme.com\nBeta,2,Beta,beta.io\n")
    seen = preview(file, None, Limits())
    assert [entry["workstream"] for entry in seen["proposals"]][:2] == ["customer_companies", "crm_data"]
    assert "This could be customer_companies" in seen["warnings"][0]
