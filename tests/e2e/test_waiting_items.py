"""`leadstream why` and `history` on a running stack: what they say is so."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.campaign import COMPANY, Campaign
from cli.main import app
from cli.stack import Stack
from tests.e2e.ledgers import leads_of
from tests.e2e.patience import eventually

pytestmark = pytest.mark.processes


@pytest.fixture
def why(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, url in stack.urls.items():
        monkeypatch.setenv(f"LEADSTREAM_{name.upper()}_URL", url)

    def ask(item_id: str) -> list[str]:
        result = CliRunner().invoke(app, ["why", item_id, "--json"])
        assert result.exit_code == 0, result.output
        plain = CliRunner().invoke(app, ["why", item_id])
        assert plain.exit_code == 0, plain.output
        return [reason["code"] for reason in json.loads(result.stdout)["reasons"]]

    return ask


def test_an_item_says_what_it_waits_for(campaign: Campaign, people: Any, why: Any) -> None:
    away = {"webhook_url": "http://127.0.0.1:9/nobody", "retry_base_seconds": 600, "circuit_failures": 1_000}
    upload = campaign.upload(people([("Ann", "Waiting"), ("Bob", "Waiting")]))
    campaign.set_up()
    body = {"upload_id": upload["upload_id"], "steps": [COMPANY], "config": {COMPANY: away}}
    launched = campaign.api.command("/v1/batches", body)
    path = f"/v1/batches/{launched['batch_id']}"
    found = eventually(lambda: campaign.read("sequencer", f"{path}/items", missing=[]), lambda items: len(items) == 2)
    first, second = (item["item_id"] for item in found)
    eventually(lambda: why(first), lambda codes: codes == ["retry"])
    eventually(lambda: why(second), lambda codes: codes == ["claimed", "retry"])
    campaign.api.command(f"{path}/pause")
    eventually(lambda: why(first), lambda codes: codes == ["paused", "held"])
    campaign.api.command(f"{path}/cancel")
    eventually(lambda: why(first), lambda codes: codes == ["cancelled"])


def test_everything_with_an_id_has_a_history_with_causes(
    stack: Stack, campaign: Campaign, people: Any, provider: Any, why: Any
) -> None:
    provider(delay_ms=2000)  # until then both items have come to their company's step
    upload = campaign.upload(people([("Ann", "Story"), ("Bob", "Story")]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 60)
    first, second = leads_of(campaign, batch["batch_id"], 2)

    def told(subject: str) -> list[dict[str, Any]]:
        result = CliRunner().invoke(app, ["history", subject, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    whole = [told(lead["item_id"]) for lead in (first, second)]
    assert all(events[0]["type"] == "BatchLaunched" for events in whole), "what was done to its batch is told, too"
    shared = sorted(([event for event in events if event.get("item_id")] for events in whole), key=len)
    assert [event["type"] for event in shared[0]] == ["ItemAdded", "StepScheduled", "ItemCompleted"]
    assert shared[0][2]["payload"]["skipped"] == "company_enrichment_in_progress"
    # The answer may be here before what came of the POST is written down.
    assert {"StepDispatched", "EnrichmentReceived", "ItemCompleted"} >= {event["type"] for event in shared[1][2:]}
    assert {"EnrichmentReceived", "ItemCompleted"} <= {event["type"] for event in shared[1][2:]}
    for lead in (first, second):
        events = told(lead["lead_id"])
        assert "EnrichmentReceived" in {event["type"] for event in events}, "the answer it is made of, whoever asked"
        assert [event["position"] for event in events] == sorted(event["position"] for event in events)
    known = {event["id"]: event for subject in (batch["batch_id"], first["company_id"]) for event in told(subject)}
    assert {"BatchLaunched", "BatchCompleted", "EnrichmentReceived"} <= {event["type"] for event in known.values()}
    assert shared[0][0]["causation_id"] in known, "an item is caused by its launch"
    assert [event["type"] for event in told(upload["upload_id"])] == ["UploadReceived", "RowsStaged", "BatchLaunched"]
    assert told(campaign.client_id)[0]["type"] == "ClientRegistered"
