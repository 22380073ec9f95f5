"""A working day at the command line, against real services: set up, plan, launch with a cap, go on, skip, clean up."""

import json

import pytest
from typer.testing import CliRunner

from cli.campaign import COMPANY
from cli.main import app

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
    upload = leadstream("upload", str(people([("Ann", "Day"), ("Bob", "Night")])), "--client", client, "--json")
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
    assert "2 items skip their step" in leadstream("batch", "skip", launched["batch_id"], "--step", EMAIL)
    assert wait(leadstream, launched["batch_id"], "completed")["completed"] == 2

    leadstream("client", "budget", client, "--max-credits", "100")
    leadstream("config", "remove", client, COMPANY, "--name", "other")
    leadstream("pipeline", "remove", client, "mine")
    assert leadstream("pipeline", "list", client, "--json") == []


def wait(leadstream, batch_id: str, status: str):
    for _ in range(300):
        found = leadstream("status", batch_id, "--json")
        if found["status"] == status:
            return found
    raise AssertionError(f"never {status}: {found}")
