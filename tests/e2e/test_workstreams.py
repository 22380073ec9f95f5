"""Real exports of every workstream go through to leads, and what a row says reaches its lead."""

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.campaign import Campaign
from cli.errors import Refused
from cli.stack import Stack
from services.ingest.files.reading import Limits
from services.ingest.preview import fitting
from shared.canonical import email_address, registrable_domain
from tests.e2e.ledgers import calls, leads_of

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


EXPORTS = [*sorted((DATA / "apollo").glob("*.csv")), DATA / "crm" / "salesforce_contacts_report.csv"]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("file", EXPORTS, ids=lambda file: file.name)
def test_a_real_export_is_enriched_to_its_end(stack: Stack, file: Path) -> None:
    workstream = fitting(file, None, Limits())
    with closing(Campaign(stack.urls, name=file.name)) as campaign:
        campaign.set_up(workstream)
        enrich_to_its_end(campaign, file, workstream)


def enrich_to_its_end(campaign: Campaign, file: Path, workstream: str) -> None:
    upload = campaign.upload(file, workstream)
    launched = campaign.launch(upload["upload_id"], campaign.steps(workstream, upload["mapping"]))
    batch = campaign.wait(launched["batch_id"], 60)
    assert (batch["completed"], batch["failed"]) == (upload["rows"], 0)
    leads = leads_of(campaign, batch["batch_id"], batch["items"])
    companies = {lead["company_id"] for lead in leads} - {None}
    assert calls(campaign, "company") == Counter(companies)
    people = {lead["person_id"] for lead in leads} - {None}
    assert calls(campaign, "person") == Counter(people)


@pytest.mark.parametrize("name", FILES)
def test_a_file_becomes_leads(campaign: Campaign, name: str) -> None:
    wanted = FILES[name]
    upload = campaign.upload(DATA / name, wanted["workstream"])
    good = wanted["rows"] - wanted["bad_rows"]
    assert (upload["rows"], upload["bad_row_count"]) == (good, wanted["bad_rows"])
    assert upload["mapping"] == wanted["mapping"]
    batch_id = campaign.launch(upload["upload_id"], ("normalize_company_domain",))["batch_id"]
    assert campaign.wait(batch_id, 120)["completed"] == good
    leads = leads_of(campaign, batch_id, good)
    path = f"/v1/uploads/{upload['upload_id']}/rows"
    rows = campaign.read("ingest", path, limit=500)
    fields = {row["row"]: row["fields"] for row in rows}
    assert {lead["row"] for lead in leads} == fields.keys()
    for lead in leads:
        said = fields[lead["row"]]
        assert lead["source_workstream"] == wanted["workstream"]
        shown = {column: lead[column] for column, field in COLUMNS.items() if field in said}
        written = {column: words(said[field]) for column, field in COLUMNS.items() if field in said}
        if "person_email" in written:
            written["person_email"] = email_address(written["person_email"])
        assert {k: words(v) for k, v in shown.items() if v} == written
        assert all(lead[column] for column, field in LINKS.items() if field in said)
        domains = [registrable_domain(said.get(field)) for field in ("company_domain", "company_website")]
        assert lead["company_domain"] == next(filter(None, domains), None)


def post(campaign: Campaign, path: str, body: bytes, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = campaign.api.upload(path, [body], **query)
    return answer


def test_what_a_person_chose_for_a_client_holds_for_its_next_file(campaign: Campaign) -> None:
    uploads = f"/v1/clients/{campaign.client_id}/uploads"
    kind = {"workstream": "crm_data"}
    body = b"First Name,Last Name,Direct line,Office line\nAnn,Ash,+49 30 1234567,+49 30 7654321\n"
    plain = post(campaign, "/v1/preview", body, **kind)
    assert "mobile_phone" not in plain["mapping"]
    chosen = post(campaign, uploads, body, filename="a.csv", map=["mobile_phone=Direct line", "notes="], **kind)
    assert chosen["mapping"] == {
        "first_name": "First Name", "last_name": "Last Name", "mobile_phone": "Direct line"
    }  # fmt: skip
    about = {"at_position": chosen["position"]}
    path = f"/v1/clients/{campaign.client_id}/mappings"
    assert campaign.read("ingest", path, **about) == [
        {"workstream": "crm_data", "field": "mobile_phone", "header": "Direct line"}
    ]
    later = body.replace(b"Ann", b"Bea")
    seen = post(campaign, "/v1/preview", later, client_id=campaign.client_id, **kind)
    assert seen["mapping"]["mobile_phone"]["reason"] == "chosen for this client before"
    assert post(campaign, uploads, later, filename="b.csv", **kind)["mapping"]["mobile_phone"] == "Direct line"
    forgotten = post(campaign, uploads, later, filename="b.csv", map="mobile_phone=", **kind)
    assert "mobile_phone" not in forgotten["mapping"]
    assert campaign.read("ingest", path, at_position=forgotten["position"]) == []


@pytest.mark.parametrize(
    ("said", "says"), [("phone=X", "no field 'phone'"), ("notes=X", "no column 'X'"), ("notes", "takes FIELD=HEADER")]
)
def test_a_choice_that_cannot_be_is_refused(campaign: Campaign, said: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        post(campaign, "/v1/preview", b"First Name,Last Name\nAnn,Ash\n", workstream="crm_data", map=said)
