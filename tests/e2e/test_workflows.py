"""Workflows of every kind over real servers: functions here, calls at a provider, fields that answers set and give."""

from typing import Any

import httpx
import pytest

from cli.campaign import COMPANY, PERSON, Campaign
from tests.e2e.ledgers import leads_of, submissions
from tests.e2e.patience import eventually

EMAIL = "enrich_email"


def configure(campaign, workflow: str, path: str, name: str = "default", **config: Any) -> None:
    settings = {"webhook_url": f"{campaign.urls['simulator']}/webhook/{path}", "rate_per_second": 0, **config}
    body = {"workstream": "apollo_scrape", "config": settings, "name": name}
    campaign.api.command(f"/v1/clients/{campaign.client_id}/configs/{workflow}", body, method="PUT")


def run(campaign, upload_id: str, steps: list, **more: Any) -> dict[str, Any]:
    body = {"upload_id": upload_id, "steps": steps, **more}
    return campaign.wait(campaign.api.command("/v1/batches", body)["batch_id"], 60)


def outputs(campaign, batch: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """What each item's steps have set, by row."""
    found: dict[int, dict[str, Any]] = {}
    for item in campaign.read("sequencer", f"/v1/batches/{batch['batch_id']}/items"):
        events = campaign.read("ingest", f"/v1/history/{item['item_id']}")
        said = [event["payload"] for event in events if event["type"] == "ItemCompleted"]
        found[item["row"]] = {p["workflow"]: p["output"] for p in said if p.get("output") is not None}
    return found


def test_answers_set_fields_and_functions_read_answers(campaign, people):
    configure(campaign, EMAIL, "email")
    upload_id = campaign.upload(people([("Ann", "Ash"), ("Bob", "Elm")]))["upload_id"]
    steps = ["normalize_all_core_values", PERSON, EMAIL, "extract_work_history", "extract_contact_info"]
    batch = run(campaign, upload_id, steps)
    assert (batch["completed"], batch["failed"]) == (2, 0)
    set_by = outputs(campaign, batch)[1]
    assert set_by["normalize_all_core_values"]["company_name_normalized"] == "Ash"
    assert "@" in set_by[EMAIL]["email"]
    assert set_by["extract_contact_info"]["email"] == set_by[EMAIL]["email"]
    assert set_by["extract_work_history"]["jobs_count"] > 0
    assert set_by["extract_work_history"]["current_employer_name"]
    assert {lead["person_email"] for lead in leads_of(campaign, batch["batch_id"], 2)} == {
        output[EMAIL]["email"] for output in outputs(campaign, batch).values()
    }

    again = run(campaign, upload_id, [EMAIL])
    assert outputs(campaign, again) == {row: {EMAIL: o[EMAIL]} for row, o in outputs(campaign, batch).items()}
    assert len([entry for entry in submissions(campaign) if "email" in entry["path"]]) == 2, "asked once each"


def test_a_step_is_skipped_by_items_that_have_its_field(campaign, tmp_path):
    configure(campaign, EMAIL, "email")
    file = tmp_path / "list.csv"
    file.write_text("First Name,Last Name,Company,Email\nAnn,Ash,Acme,ann@acme.example\nBob,Elm,Acme,\n")
    upload_id = campaign.upload(file)["upload_id"]
    batch = run(campaign, upload_id, [{"workflow": EMAIL, "unless": ["email"]}])
    assert batch["steps"][0]["counts"] == {"COMPLETED": 1, "SKIPPED": 1}
    items = campaign.read("sequencer", f"/v1/batches/{batch['batch_id']}/items")
    assert [entry["item_id"] for entry in submissions(campaign)] == [items[1]["item_id"]]


def test_each_step_goes_to_the_table_it_names(campaign, people):
    configure(campaign, COMPANY, "second-table", name="second table")
    upload_id = campaign.upload(people([("Ann", "Ash"), ("Bob", "Elm")]))["upload_id"]
    run(campaign, upload_id, [{"workflow": COMPANY, "configuration": "second table"}], rows=[1])
    run(campaign, upload_id, [COMPANY], rows=[2])
    assert sorted(entry["path"] for entry in submissions(campaign)) == ["/webhook/company", "/webhook/second-table"]


def test_what_failed_is_retried_and_nothing_else(campaign, people):
    upload_id = campaign.upload(people([("Ann", "Ash"), ("Bob", "Elm")]))["upload_id"]
    batch = run(campaign, upload_id, ["normalize_company_domain", EMAIL])
    assert (batch["completed"], batch["failed"]) == (0, 2)
    path = f"/v1/batches/{batch['batch_id']}"
    empty = httpx.post(campaign.urls["ingest"] + path + "/retry", json={}, timeout=30)
    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "empty_filter")

    configure(campaign, EMAIL, "email")
    first = campaign.read("sequencer", path + "/items")[0]["item_id"]
    retry(campaign, batch, {"items": [first]})
    found = campaign.wait(batch["batch_id"], 60)
    assert (found["completed"], found["failed"]) == (1, 1)
    retry(campaign, batch, {"codes": ["CONFIGURATION"]}, "skip")
    found = campaign.wait(batch["batch_id"], 60)
    assert (found["completed"], found["failed"]) == (2, 0)
    assert found["steps"][1]["counts"] == {"COMPLETED": 1, "SKIPPED": 1}
    assert len(submissions(campaign)) == 1
    leads = eventually(
        lambda: campaign.leads(batch["batch_id"]), lambda leads: {lead["outcome"] for lead in leads} == {"completed"}
    )
    assert len(leads) == 2


def retry(campaign, batch: dict[str, Any], chosen: dict[str, Any], action: str = "retry") -> None:
    """Ask for it, and see that the sequencer knows."""
    campaign.api.command(f"/v1/batches/{batch['batch_id']}/{action}", chosen)
    campaign.read("sequencer", "/v1/batches")


@pytest.fixture
def neighbour(stack):
    """Another client of the same tenant."""
    campaign = Campaign(stack.urls, name="neighbour")
    campaign.set_up()
    yield campaign
    campaign.close()


def allow(campaign, share: bool) -> None:
    campaign.api.command("/v1/tenant", {"share_answers": share}, method="PUT")
    assert campaign.read("ingest", "/v1/tenant") == {"share_answers": share}


def test_a_look_up_crosses_clients_only_with_the_tenant_s_leave(campaign, neighbour, people):
    steps = ["lookup_company_from_warehouse", COMPANY]
    theirs = neighbour.upload(people([("Ann", "Shared"), ("Bob", "Shared")]))["upload_id"]
    assert run(neighbour, theirs, [COMPANY])["completed"] == 2
    mine = campaign.upload(people([("Cid", "Shared"), ("Dan", "Shared"), ("Eve", "Mine")]))["upload_id"]

    refused = run(campaign, mine, steps)
    assert (refused["completed"], refused["failed"]) == (0, 3)
    assert submissions(campaign) == []

    allow(campaign, True)
    try:
        batch = run(campaign, mine, steps)
    finally:
        allow(campaign, False)
    assert (batch["completed"], batch["failed"]) == (3, 0)
    assert batch["steps"][1]["counts"] == {"COMPLETED": 1, "SKIPPED": 2}
    assert [entry["company_id"] for entry in submissions(campaign)] != []
    assert len(submissions(campaign)) == 1, "only the company that nobody knew was paid for"
    item = campaign.read("sequencer", f"/v1/batches/{batch['batch_id']}/items")[0]["item_id"]
    lead = next(lead for lead in leads_of(campaign, batch["batch_id"], 3) if lead["item_id"] == item)
    assert lead["company_employee_count"], "the lent answer made the lead"
    told = campaign.read("ingest", f"/v1/history/{lead['company_id']}")
    (lent,) = [event["payload"] for event in told if event["type"] == "AnswerReused"]
    assert (lent["from_client_id"], lent["basis"]) == (neighbour.client_id, "domain")


def test_a_batch_pauses_rather_than_overspends_and_goes_on_with_more(campaign, people):
    upload_id = campaign.upload(people([(f"P{n}", f"Cap{n}") for n in range(5)]))["upload_id"]
    body = {"upload_id": upload_id, "steps": [COMPANY], "max_credits": 3}
    batch_id = campaign.api.command("/v1/batches", body)["batch_id"]
    eventually(lambda: campaign.batch(batch_id), lambda batch: batch.get("status") == "paused")
    cost = eventually(lambda: campaign.read("dispatcher", f"/v1/costs/{batch_id}"), lambda cost: cost["credits"] == 3)
    assert (cost["max_credits"], cost["steps"][0]["calls"], cost["steps"][0]["held"]) == (3, 3, 2)
    campaign.api.command(f"/v1/batches/{batch_id}/resume", {"max_credits": 5})
    assert campaign.wait(batch_id, 60)["completed"] == 5
    assert len(submissions(campaign)) == 5
    assert campaign.read("dispatcher", f"/v1/costs/{batch_id}")["client"]["reserved"] == 5
