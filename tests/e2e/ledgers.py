"""What the simulator saw: the ledger outside the system that claims are checked against. And the leads of a batch."""

from collections import Counter
from typing import Any

import httpx

from cli.campaign import Campaign
from tests.e2e.patience import eventually


def submissions(campaign: Campaign) -> list[dict[str, Any]]:
    """Every POST the simulator got about this campaign's entities, in order."""
    entries = httpx.get(campaign.urls["simulator"] + "/ledger", timeout=60).json()
    mine = {
        claim["item_id"]
        for batch in campaign.read("sequencer", "/v1/batches", limit=500)
        if batch["client_id"] == campaign.client_id
        for claim in _items(campaign, batch["batch_id"])
    }
    return [entry for entry in entries if entry["item_id"] in mine]


def calls(campaign: Campaign, kind: str) -> Counter[str]:
    """How often each company (or person) was called."""
    return Counter(entry[f"{kind}_id"] for entry in submissions(campaign) if entry.get(f"{kind}_id"))


def leads_of(campaign: Campaign, batch_id: str, count: int) -> list[dict[str, Any]]:
    """All leads of a batch: the projector may have them a little later than the sequencer has its end."""
    return eventually(lambda: campaign.leads(batch_id), lambda leads: len(leads) == count)


def _items(campaign: Campaign, batch_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["row"] if found else 0
        page = campaign.read("sequencer", f"/v1/batches/{batch_id}/items", limit=1000, after_row=after)
        found += page
        if len(page) < 1000:
            return found
