"""A poison event in a running stack: seen, tried by itself, retried and resolved by a person, and verify agrees."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.campaign import COMPANY, Campaign
from cli.checks import check
from cli.errors import Misused, Refused
from cli.main import app
from cli.stack import Stack
from shared.envelope import Event, from_json
from shared.events import StepScheduled
from shared.ids import new_id
from shared.runtime import log

pytestmark = pytest.mark.processes


def poison(stack: Stack, item_id: str) -> int:
    """An event that the dispatcher cannot handle: the item is scheduled for a step its blueprint does not have."""
    with psycopg.connect(stack.database_url("sequencer")) as connection:
        row = connection.execute(
            "SELECT body FROM log.events WHERE type = 'StepScheduled' AND position ="
            " (SELECT max(position) FROM log.events WHERE type = 'StepScheduled')"
        ).fetchone()
        assert row is not None
        template: Event = from_json(row[0])
        bad = replace(template, id=new_id("evt"), item_id=item_id, payload=StepScheduled(7, COMPANY))
        found = connection.execute(log.APPEND, log.columns([bad])).fetchone()
        assert found is not None
        return int(found[0])


def leadstream(stack: Stack, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    for name, url in stack.urls.items():
        monkeypatch.setenv(f"LEADSTREAM_{name.upper()}_URL", url)
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def until(ask: Any, enough: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    return answer


def test_a_poison_event_and_what_a_person_does_about_it(
    stack: Stack, campaign: Campaign, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = campaign.upload(people([("Ann", "Poison"), ("Bob", "Fine")]))
    batch = campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 60)
    first, _ = campaign.read("sequencer", f"/v1/batches/{batch['batch_id']}/items")
    position = poison(stack, first["item_id"])

    def letters(*arguments: str) -> Any:
        return leadstream(stack, monkeypatch, "dead-letters", "list", "--item", first["item_id"], *arguments)

    (letter,) = until(letters, lambda found: found and found[0]["attempts"] >= 2)
    assert (letter["service"], letter["position"], letter["status"]) == ("dispatcher", position, "open")
    assert letter["error"].startswith("IndexError")
    again = campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 60)
    assert again["completed"] == 2, "nobody else is held up"

    tries = letter["attempts"]
    command = ("dead-letters", "retry", "dispatcher", str(position))
    assert leadstream(stack, monkeypatch, *command)["settled"] == 1
    until(letters, lambda found: found and found[0]["attempts"] > tries)
    shown = leadstream(stack, monkeypatch, "dead-letters", "show", "dispatcher", str(position))
    assert shown["event"]["payload"]["step"] == 7
    assert len(shown["tries"]) > tries

    done = leadstream(
        stack, monkeypatch, "dead-letters", "resolve", "--item", first["item_id"], "--reason", "it was made up"
    )
    assert done["settled"] == 1
    assert letters() == []
    (resolved,) = letters("--status", "resolved")
    assert resolved["reason"] == "it was made up"
    history = leadstream(stack, monkeypatch, "history", first["item_id"])
    assert {"EventDeadLettered", "DeadLetterRetried", "DeadLetterResolved"} <= {event["type"] for event in history}
    report = asyncio.run(check(stack.admin_url, stack.nats.url("service")))
    assert report["identical"], report


@pytest.mark.parametrize(
    ("action", "body", "says"),
    [
        ("retry", {}, "no filter was given"),
        ("resolve", {"service": "dispatcher"}, "`reason` is missing"),
        ("retry", {"item_id": "item_x"}, "is not an id like item_0"),
        ("retry", {"servce": "dispatcher"}, "servce"),
    ],
)
def test_an_empty_filter_means_nothing_and_mistakes_are_told(campaign, action: str, body: dict, says: str) -> None:
    with pytest.raises((Refused, Misused), match=says):
        campaign.api.command(f"/v1/dead-letters/{action}", body)
    with pytest.raises(Refused, match="no dead letter at position 1"):
        campaign.read("ingest", "/v1/dead-letters/dispatcher/1")
