"""What monitoring sees of a running stack, and that what alarms ask for is there."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.campaign import COMPANY, Campaign
from cli.stack import Stack
from shared.runtime.settings import SERVICES
from tests.e2e.patience import eventually

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
RULES = (ROOT / "deploy" / "observability" / "alerts.yml").read_text("utf-8")
RUNBOOK = (ROOT / "docs" / "operations" / "alarms.md").read_text("utf-8")
BOUNDED = {"service", "type", "status", "le"}


def scraped(stack: Stack) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample of every service, by name and label values."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for service in SERVICES:
        text = httpx.get(f"{stack.urls[service]}/metrics", timeout=30).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                assert sample.name.startswith("process_") or set(sample.labels) <= BOUNDED, sample
                found.setdefault(sample.name, {})[service, *sample.labels.values()] = sample.value
    return found


def of(found: dict[str, dict[tuple[str, ...], float]], name: str) -> dict[str, float]:
    return {labels[0]: value for labels, value in found.get(f"leadstream_{name}", {}).items()}


def test_a_batch_shows_in_the_metrics(stack: Stack, campaign: Campaign, people: Any) -> None:
    before = scraped(stack)
    upload = campaign.upload(people([(f"P{n}", "Metric") for n in range(5)]))
    assert campaign.wait(campaign.launch(upload["upload_id"], (COMPANY,))["batch_id"], 60)["completed"] == 5
    sent = ("dispatcher", "dispatcher", "StepDispatched")
    more = before["leadstream_events_total"].get(sent, 0) + 1

    def shows(found: dict[str, dict[tuple[str, ...], float]]) -> bool:
        """The servers are asked every five seconds."""
        up = [of(found, name) for name in ("leading", "database_up", "nats_up", "stream_intact")]
        return (
            found["leadstream_events_total"].get(sent, 0) >= more
            and up == [dict.fromkeys(SERVICES, 1)] * 4
            and set(of(found, "lag_events").values()) == {0}
            and all(position > 0 for position in of(found, "log_head").values())
        )

    found = eventually(lambda: scraped(stack), shows)
    assert found["leadstream_batch_events_count"]["sequencer", "sequencer"] > 0
    assert 0 <= max(of(found, "event_loop_worst_stall_seconds").values()) < 30


def test_what_alarms_ask_for_exists_and_each_has_its_page(stack: Stack) -> None:
    asked = set(re.findall(r"leadstream_\w+", RULES))
    eventually(lambda: asked - set(scraped(stack)), lambda unknown: not unknown)
    alarms = re.findall(r"- alert: (\w+)", RULES)
    assert len(alarms) == len(set(alarms)) >= 10
    assert [name for name in alarms if f"\n## {name}\n" not in RUNBOOK] == []
    assert [name for name in re.findall(r"\n## (\w+)\n", RUNBOOK) if name not in alarms] == []
