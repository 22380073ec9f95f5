"""The seed's own acceptance: what is paid for once, what waits, what is skipped and why."""

import httpx

from cli.campaign import COMPANY, Campaign
from tests.e2e.ledgers import calls, leads_of

STEPS = ("normalize_company_domain", "split_raw_apollo_scrape_data", COMPANY)


def steps_of(campaign: Campaign, batch_id: str) -> list[dict]:
    items = campaign.read("sequencer", f"/v1/batches/{batch_id}/items", limit=1000)
    return [campaign.read("sequencer", f"/v1/items/{item['item_id']}") for item in items]


def run(campaign: Campaign, file, steps=STEPS, seconds: float = 60) -> tuple[dict, list[dict]]:
    upload = campaign.upload(file)
    launched = campaign.launch(upload["upload_id"], steps)
    batch = campaign.wait(launched["batch_id"], seconds)
    return batch, steps_of(campaign, launched["batch_id"])


def test_six_people_at_three_companies(campaign, people, provider):
    provider(delay_ms=3000)  # until then every item has come to its company's step
    file = people([(person, company) for company in ("Alder", "Birch", "Cedar") for person in ("Ann", "Bob")])
    batch, items = run(campaign, file)

    assert (batch["status"], batch["completed"], batch["failed"]) == ("completed", 6, 0)
    assert sorted(calls(campaign, "company").values()) == [1, 1, 1]
    company_steps = [item["steps"][2] for item in items]
    assert all(step["status"] in {"COMPLETED", "SKIPPED"} for step in company_steps)
    skipped = [step for step in company_steps if step["status"] == "SKIPPED"]
    assert [step["skipped"] for step in skipped] == ["company_enrichment_in_progress"] * 3
    claimants = {item["item_id"] for item in items} - {step["item_id"] for step in skipped}
    assert {step["claimant_item_id"] for step in skipped} == claimants
    leads = leads_of(campaign, batch["batch_id"], 6)
    assert len({lead["company_id"] for lead in leads}) == 3
    for company_id in {lead["company_id"] for lead in leads}:
        claims = campaign.read("dispatcher", f"/v1/claims/{company_id}")
        assert [claim["status"] for claim in claims] == ["ANSWERED"]


def test_ten_people_at_three_companies(campaign, people):
    rows = [(f"P{n}", company) for company, size in (("Maple", 4), ("Oak", 3), ("Pine", 3)) for n in range(size)]
    batch, items = run(campaign, people(rows))
    assert batch["completed"] == 10
    assert sorted(calls(campaign, "company").values()) == [1, 1, 1]
    assert sum(item["steps"][2]["status"] == "SKIPPED" for item in items) == 7


def test_a_later_item_finds_the_company_enriched(campaign, people):
    run(campaign, people([("Ann", "Rowan")]))
    _, items = run(campaign, people([("Bob", "Rowan")], "later.csv"))
    assert items[0]["steps"][2]["skipped"] == "company_already_enriched"
    assert list(calls(campaign, "company").values()) == [1]


def test_two_clients_never_share_an_entity(stack, campaign, people):
    other = Campaign(stack.urls, name="another client")
    other.set_up()
    file = people([("Ann", "Willow")])
    first, _ = run(campaign, file)
    second, _ = run(other, file)
    ids = {lead["company_id"] for b in (first, second) for lead in leads_of(campaign, b["batch_id"], 1)}
    assert len(ids) == 2
    other.close()


def test_a_missing_configuration_fails_the_step_before_anything_is_sent(stack, campaign, people):
    bare = Campaign(stack.urls, name="without configuration")
    bare.client_id = bare.api.command("/v1/clients", {"name": "bare"})["client_id"]
    batch, items = run(bare, people([("Ann", "Hazel")]))
    assert (batch["failed"], batch["completed"]) == (1, 0)
    step = items[0]["steps"][2]
    assert step["code"] == "CONFIGURATION"
    assert "leadstream config set" in step["reason"]
    (lead,) = leads_of(bare, batch["batch_id"], 1)
    assert (lead["outcome"], lead["person_first_name"]) == ("failed", "Ann")
    assert not calls(bare, "company")
    bare.close()


def test_the_same_file_twice_is_noticed(campaign, people):
    file = people([("Ann", "Elm")])
    first, again = campaign.upload(file), campaign.upload(file)
    assert again["duplicate"] is True
    assert again["upload_id"] == first["upload_id"]


def test_a_command_repeated_under_its_key_is_taken_once(campaign):
    url, headers = campaign.urls["ingest"] + "/v1/clients", {"Idempotency-Key": f"key-{campaign.client_id}"}
    first, again = (httpx.post(url, json={"name": "One key"}, headers=headers, timeout=30).json() for _ in range(2))
    assert first["client_id"] == again["client_id"]


def test_history_tells_the_item_from_row_to_lead(campaign, people):
    _, items = run(campaign, people([("Ann", "Yew")]))
    events = campaign.read("ingest", f"/v1/history/{items[0]['item_id']}")
    types = [event["type"] for event in events]
    assert types[:3] == ["BatchLaunched", "ItemAdded", "StepScheduled"]
    # The answer may be here before what came of the POST is written down.
    its = [event["type"] for event in events if event.get("item_id")]
    assert [kind for kind in its if kind != "StepDispatched"][-1] == "ItemCompleted"
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)
