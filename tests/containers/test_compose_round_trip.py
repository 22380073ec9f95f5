"""The sample list through the containers, from upload to leads, as .env.example sets them up."""

import csv
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from compose_command import ROOT, answers, compose

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.timeout(900)]

SAMPLE = ROOT / "samples" / "apollo_people.csv"
PORTS = {"ingest": 8101, "sequencer": 8102, "callbacks": 8104, "projector": 8105, "simulator": 8200}
COMPANY, PERSON = "enrich_company_via_waterfall_in_clay", "enrich_person_via_waterfall_in_clay"
STEPS = ["normalize_company_domain", "split_raw_apollo_scrape_data", PERSON, COMPANY]


class Stack:
    """One copy of everything, under a project name and on ports of its own."""

    def __init__(self) -> None:
        self.project = f"leadstream-test-{uuid4().hex[:8]}"
        published = ("INGEST", "SEQUENCER", "CALLBACKS", "PROJECTOR", "SIMULATOR_HOST")
        self.environment = {f"LEADSTREAM_{name}_PORT": "0" for name in published}
        self.environment |= {"LEADSTREAM_IMAGE": "leadstream:test", "LEADSTREAM_PRIVATE_WEBHOOKS": "true"}

    def compose(self, *arguments: str) -> str:
        """Run docker compose; its output. A failure fails the test, with what the containers said last."""
        project = ("--project-name", self.project, "--profile", "simulator")
        done = compose(*project, *arguments, environment=self.environment)
        if done.returncode:
            said = "" if arguments[0] == "logs" else self.compose("logs", "--tail", "30")
            pytest.fail(f"compose {' '.join(arguments)}\n{done.stdout}{done.stderr}\n{said}", pytrace=False)
        return done.stdout

    def ask(self, service: str, method: str, path: str, **more: Any) -> Any:
        """The JSON answer of a service's API; any status but 2xx fails the test."""
        address = self.compose("port", service, str(PORTS[service])).strip()
        reply = httpx.request(method, f"http://{address}{path}", timeout=30, **more)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if not answers("info"):
        pytest.skip("no Docker engine answers here")
    stack = Stack()
    try:
        stack.compose("up", "--build", "--wait", "--wait-timeout", "300")
        yield stack
    finally:
        stack.compose("down", "--volumes")


@pytest.fixture(scope="module")
def batch(stack: Stack) -> dict[str, Any]:
    """The sample list, uploaded and launched for a new client, once it has ended."""
    client = stack.ask("ingest", "POST", "/v1/clients", json={"name": "Acme"})["client_id"]
    for workflow, hook in ((COMPANY, "company"), (PERSON, "person")):
        config = {"webhook_url": f"http://simulator:8200/webhook/{hook}", "rate_per_second": 0}
        body = {"workstream": "apollo_scrape", "config": config}
        stack.ask("ingest", "PUT", f"/v1/clients/{client}/configs/{workflow}", json=body)
    query = {"workstream": "apollo_scrape", "filename": SAMPLE.name}
    uploads = f"/v1/clients/{client}/uploads"
    upload = stack.ask("ingest", "POST", uploads, params=query, content=SAMPLE.read_bytes())
    launch = {"upload_id": upload["upload_id"], "steps": STEPS}
    launched = stack.ask("ingest", "POST", "/v1/batches", json=launch)
    return ended(stack, launched["batch_id"], launched["position"])


def ended(stack: Stack, batch_id: str, position: int, seconds: float = 120) -> dict[str, Any]:
    """The batch as the sequencer shows it, once it is completed."""
    deadline, path = time.monotonic() + seconds, f"/v1/batches/{batch_id}"
    while True:
        found: dict[str, Any] = stack.ask("sequencer", "GET", path, params={"at_position": position})
        if found["status"] == "completed":
            return found
        if time.monotonic() > deadline:
            said = stack.compose("logs", "--tail", "30")
            pytest.fail(f"still {found} after {seconds} s\n{said}", pytrace=False)
        time.sleep(1)


def leads_of(stack: Stack, batch: dict[str, Any], seconds: float = 30) -> list[dict[str, Any]]:
    """The batch's leads, once the projector has them all."""
    deadline = time.monotonic() + seconds
    while True:
        query = {"batch_id": batch["batch_id"], "limit": 1000}
        leads: list[dict[str, Any]] = stack.ask("projector", "GET", "/v1/leads", params=query)["leads"]
        if len(leads) >= batch["items"] or time.monotonic() > deadline:
            return leads
        time.sleep(0.5)


def sample() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_completed(batch: dict[str, Any]) -> None:
    assert (batch["items"], batch["completed"], batch["failed"]) == (len(sample()), len(sample()), 0)


def test_every_row_is_a_lead_with_what_was_answered(stack: Stack, batch: dict[str, Any]) -> None:
    leads = leads_of(stack, batch)
    assert len(leads) == len(sample())
    assert all(lead["person_title"] and lead["company_industry"] for lead in leads)


def test_a_company_is_paid_for_once(stack: Stack, batch: dict[str, Any]) -> None:
    hooks = stack.ask("simulator", "GET", "/stats")["paths"]
    steps = {step["workflow"]: step["counts"] for step in batch["steps"]}
    assert hooks["/webhook/person"]["submissions"] == len(sample())
    assert hooks["/webhook/company"]["submissions"] == steps[COMPANY]["COMPLETED"] < len(sample())
    assert steps[COMPANY]["COMPLETED"] + steps[COMPANY]["SKIPPED"] == len(sample())


def test_another_up_and_new_containers_change_nothing(stack: Stack, batch: dict[str, Any]) -> None:
    before = leads_of(stack, batch)
    stack.compose("up", "--force-recreate", "--wait", "--wait-timeout", "300")
    assert leads_of(stack, batch) == before
