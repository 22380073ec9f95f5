"""A customer list that comes after the leads reaches them; what a new mapping fills costs no call."""

import asyncio
import subprocess
import sys
from pathlib import Path

from cli.campaign import COMPANY, PERSON, STEPS
from cli.checks import check
from tests.e2e.ledgers import leads_of, submissions
from tests.e2e.patience import eventually


def worked_at_customer(campaign, batch: dict) -> dict[str, bool | None]:
    return {lead["company_domain"]: lead["is_worked_at_customer"] for lead in leads_of(campaign, batch["batch_id"], 12)}


def test_a_customer_list_uploaded_later_is_held_against_every_lead(stack, campaign, people, tmp_path: Path):
    upload = campaign.upload(people([(f"P{n}", f"Firm{n % 3}") for n in range(12)]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], STEPS)["batch_id"], 60)
    assert batch["completed"] == 12
    before = worked_at_customer(campaign, batch)
    assert set(before.values()) == {None}
    domain = next(iter(before))
    customers = tmp_path / "customers.csv"
    customers.write_text(f"Company Name,Domain\nSomebody,{domain}\n")
    campaign.upload(customers, "customer_companies")
    found = eventually(lambda: worked_at_customer(campaign, batch), lambda found: None not in found.values())
    assert found[domain] is True
    asked = {"client_id": campaign.client_id}
    jobs = campaign.read("projector", "/v1/work-history/customers", **asked)["jobs"]
    assert {(job["customer"], job["company_domain"]) for job in jobs} == {("Somebody", domain)}
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report


def test_leads_are_made_anew_without_a_call(stack, campaign, people):
    upload = campaign.upload(people([("Ann", "Anew"), ("Bob", "Anew")]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], (PERSON, COMPANY))["batch_id"], 60)
    before, asked = leads_of(campaign, batch["batch_id"], 2), len(submissions(campaign))
    command = [sys.executable, "-m", "cli.main", "reproject", "--data", str(stack.folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert '"column": "company_domain"' in done.stdout
    assert leads_of(campaign, batch["batch_id"], 2) == before
    assert len(submissions(campaign)) == asked
