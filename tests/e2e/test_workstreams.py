"""Real exports of every workstream go through to leads, and what a row says reaches its lead."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from cli.campaign import Campaign
from shared.canonical import registrable_domain

DATA = Path(__file__).parents[1] / "data"
FILES: dict[str, dict[str, Any]] = json.loads((DATA / "expected_mappings.json").read_text())
# Text columns of a lead and the field they come from, where no answer says otherwise.
COLUMNS = {
    "person_first_name": "first_name",
    "person_last_name": "last_name",
    "person_full_name": "full_name",
    "person_email": "email",
    "person_title": "title",
    "person_headline": "headline",
    "person_location": "person_location",
    "person_summary": "summary",
    "company_name": "company_name",
    "company_website": "company_website",
    "company_description": "company_description",
    "company_industry": "company_industry",
    "company_city": "company_city",
    "company_state": "company_state",
}
LINKS = {"person_linkedin_url": "person_linkedin_url", "company_linkedin_url": "company_linkedin_url"}


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", FILES)
def test_a_file_becomes_leads(campaign: Campaign, name: str) -> None:
    wanted = FILES[name]
    upload = campaign.upload(DATA / name, wanted["workstream"])
    good = wanted["rows"] - wanted["bad_rows"]
    assert (upload["rows"], upload["bad_row_count"]) == (good, wanted["bad_rows"])
    assert upload["mapping"] == wanted["mapping"]
    batch_id = campaign.launch(upload["upload_id"], ("normalize_company_domain",))["batch_id"]
    assert campaign.wait(batch_id, 120)["completed"] == good
    while len(leads := campaign.leads(batch_id)) < good:
        time.sleep(0.1)
    path = f"/v1/uploads/{upload['upload_id']}/rows"
    rows = campaign.call("ingest", "GET", path, params={"limit": 500})
    fields = {row["row"]: row["fields"] for row in rows}
    assert {lead["row"] for lead in leads} == fields.keys()
    for lead in leads:
        said = fields[lead["row"]]
        assert lead["source_workstream"] == wanted["workstream"]
        shown = {column: lead[column] for column, field in COLUMNS.items() if field in said}
        assert {k: words(v) for k, v in shown.items() if v} == {
            column: words(said[field]) for column, field in COLUMNS.items() if field in said
        }
        assert all(lead[column] for column, field in LINKS.items() if field in said)
        domains = [registrable_domain(said.get(field)) for field in ("company_domain", "company_website")]
        assert lead["company_domain"] == next(filter(None, domains), None)
