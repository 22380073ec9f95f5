"""A working day at the command line, against real services: set up, plan, launch with a cap, go on, skip, clean up."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from cli.campaign import COMPANY
from cli.main import app
from tests.e2e.patience import eventually

EMAIL = "enrich_email"


@pytest.fixture
def leadstream(stack, monkeypatch):
    """Runs a command, which has to end well, and gives what it says: JSON where that was asked for."""
    for service, url in stack.urls.items():
        monkeypatch.setenv(f"LEADSTREAM_{service.upper()}_URL", url)

    def run(*arguments: str):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in arguments or "show" in arguments else result.stdout

    return run


def test_a_working_day(stack, leadstream, people):
    client = leadstream("client", "add", "Working day").strip()
    webhook = f"{stack.urls['simulator']}/webhook/"
    leadstream("config", "set", client, COMPANY, "--webhook-url", webhook + "company", "--set", "rate_per_second=0")
    leadstream("config", "set", client, COMPANY, "--name", "other", "--webhook-url", webhook + "other")
    found = leadstream("config", "get", client, COMPANY, "--json")
    assert [entry["name"] for entry in found] == ["default", "other"]
    assert "webhook_url" in leadstream("workflow", "show", COMPANY)["settings_schema"]["properties"]

    steps = ("normalize_all_core_values", COMPANY, EMAIL)
    leadstream("pipeline", "save", client, "mine", *steps, "--use", f"{COMPANY}=other", "--unless", f"{EMAIL}=email")
    assert leadstream("pipeline", "show", client, "mine")["options"] == {
        COMPANY: {"configuration": "other", "unless": []},
        EMAIL: {"configuration": "default", "unless": ["email"]},
    }
    listed = str(people([("Ann", "Day"), ("Bob", "Night")]))
    upload = leadstream("upload", listed, "--client", client, "--workstream", "apollo_scrape", "--json")
    launch = ("launch", upload["upload_id"], "--pipeline", "mine", "--rows", "1-2", "--max-credits", "1")
    plan = leadstream(*launch, "--plan", "--json")
    assert plan["blueprint"]["missing"] == [f"{EMAIL} has no configuration for this client: its step will fail"]
    assert (plan["plan"]["items"], plan["plan"]["calls"], plan["plan"]["credits"]) == (2, 4, 4.0)
    assert "at most 4 calls, 4 credits" in leadstream(*launch, "--plan")

    launched = leadstream(*launch, "--json")["launched"]
    wait(leadstream, launched["batch_id"], "paused")
    assert leadstream("batch", "cost", launched["batch_id"], "--json")["credits"] <= 1
    leadstream("batch", "resume", launched["batch_id"], "--max-credits", "10")
    assert wait(leadstream, launched["batch_id"], "completed")["failed"] == 2
    assert "asked to skip" in leadstream("batch", "skip", launched["batch_id"], "--step", EMAIL)
    eventually(lambda: leadstream("status", launched["batch_id"], "--json"), lambda found: found["completed"] == 2)

    item = leadstream("items", launched["batch_id"], "--json")[0]["item_id"]
    (told,) = leadstream("why", item, "--json")["entities"]
    assert (told["basis"], told["key"], "company_domain" in told["fields"]) == ("domain", "day.example", True)
    assert "is about company_" in leadstream("why", item)

    leadstream("client", "budget", client, "--max-credits", "100")
    leadstream("config", "remove", client, COMPANY, "--name", "other")
    leadstream("pipeline", "remove", client, "mine")
    assert leadstream("pipeline", "list", client, "--json") == []


@pytest.fixture
def hook():
    """A webhook that is too busy once; the rows it was sent, parcel by parcel."""
    parcels: list[list[int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            parcels.append([lead["row"] for lead in body["leads"]])
            self.send_response(503 if len(parcels) == 1 else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/leads", parcels
        server.shutdown()


def test_what_becomes_of_leads(leadstream, people, hook, tmp_path):
    client = leadstream("client", "add", "Pushing day").strip()
    listed = str(people([("Ann", "Day"), ("Bob", "Night")]))
    upload = leadstream("upload", listed, "--client", client, "--workstream", "apollo_scrape", "--json")
    leadstream("pipeline", "save", client, "tidy", "normalize_all_core_values")
    batch = leadstream("launch", upload["upload_id"], "--pipeline", "tidy", "--json")["launched"]["batch_id"]
    wait(leadstream, batch, "completed")
    leads(leadstream, batch, 2)
    kinds = [event["type"] for event in leadstream("history", batch, "--items", "--json")]
    assert Counter(kinds) == {
        "BatchLaunched": 1, "ItemAdded": 2, "StepScheduled": 2, "ItemCompleted": 2, "BatchCompleted": 1
    }  # fmt: skip
    assert "row 2" in leadstream("history", batch, "--items")

    url, parcels = hook
    pushed = leadstream("leads", "push", url, "--batch", batch, "--columns", "row", "--size", "1", "--json")
    assert (pushed["status"], pushed["leads"], parcels) == ("completed", 2, [[1], [1], [2]])
    assert next(iter(leadstream("pushes", "list", "--json")))["push_id"] == pushed["push_id"]
    told = [event["type"] for event in leadstream("history", pushed["push_id"], "--json")]
    assert told == ["PushRequested", "ParcelRefused", "ParcelPushed", "ParcelPushed", "PushCompleted"]

    for name, domains in (("old", ("day.example", "dusk.example")), ("new", ("night.example",))):
        (tmp_path / f"{name}.csv").write_text("\n".join(["Company Name,Domain", *(f"{d[:3]},{d}" for d in domains)]))
        leadstream("customers", "replace", client, str(tmp_path / f"{name}.csv"))
    eventually(
        lambda: [each["customer"] for each in leadstream("customers", "list", client, "--json")],
        lambda found: found == ["night.example"],
    )
    eventually_worked(leadstream, batch, [False, True])
    leadstream("customers", "remove", client, "--domain", "www.night.example")
    eventually_worked(leadstream, batch, [None, None])


def eventually_worked(leadstream, batch_id: str, wanted: list[bool | None]) -> None:
    eventually(
        lambda: [lead["is_worked_at_customer"] for lead in leads(leadstream, batch_id, 2)],
        lambda found: found == wanted,
    )


def leads(leadstream, batch_id: str, count: int):
    return eventually(
        lambda: leadstream("leads", "list", "--batch", batch_id, "--json"), lambda found: len(found) == count
    )


def wait(leadstream, batch_id: str, status: str):
    return eventually(lambda: leadstream("status", batch_id, "--json"), lambda found: found["status"] == status)
