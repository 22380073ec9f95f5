"""A campaign waits for what it has asked for, and not for ever."""

import io
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from rich.console import Console

from cli.addresses import Endpoint
from cli.api import Api
from cli.campaign import Campaign
from cli.errors import Refused, Unreachable
from cli.progress import watch

BATCH = {
    "batch_id": "batch_1", "status": "running", "items": 1, "completed": 0, "failed": 0, "cancelled": 0,
    "launched_at": "2026-01-01T00:00:00Z", "ended_at": None, "steps": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the time finds it ten seconds later."""
    now = iter(range(0, 1_000_000, 10))
    monkeypatch.setattr("cli.campaign.time", SimpleNamespace(monotonic=lambda: next(now), sleep=lambda _: None))


def campaign(*answers: httpx.Response) -> Campaign:
    """One that is answered so; the last answer again and again."""
    made, told = Campaign({}), list(answers)
    transport = httpx.MockTransport(lambda _: told.pop(0) if len(told) > 1 else told[0])
    places = {service: Endpoint(service, "http://service") for service in ("ingest", "sequencer")}
    made.api = Api(places, transport=transport, sleep=lambda _: None)
    return made


def test_a_batch_that_is_not_seen_yet_has_no_picture() -> None:
    unseen, ended = httpx.Response(404), httpx.Response(200, json=BATCH | {"status": "completed"})
    asked = campaign(unseen, httpx.Response(200, json=BATCH), httpx.Response(503), ended)
    screen = Console(file=io.StringIO(), force_terminal=True)
    assert watch(lambda: asked.seen("batch_1"), screen, sleep=lambda _: None)["status"] == "completed"
    with pytest.raises(TimeoutError, match="batch_1 is not seen within 60 s"):
        campaign(unseen).seen("batch_1")


def test_an_upload_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name\n")
    answer = httpx.Response(200, json={"upload_id": "import_1", "status": "staging"})
    with pytest.raises(TimeoutError, match=r"people\.csv are not all staged within 1800 s: .*staging"):
        campaign(answer).upload(file)


def gone(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens")


def test_a_service_that_is_being_restarted_is_asked_again_and_may_be_missing() -> None:
    asked = campaign()
    places = {"projector": Endpoint("projector", "http://service")}
    asked.api = Api(places, transport=httpx.MockTransport(gone), sleep=lambda _: None)
    assert asked.read("projector", "/v1/leads", missing=[]) == asked.leads("batch_1") == []
    with pytest.raises(Unreachable, match="nobody listens"):
        asked.read("projector", "/v1/leads")


def test_what_is_refused_is_not_missing() -> None:
    answer = httpx.Response(422, json={"error": {"code": "not_yours", "message": "batch_1 is no id"}})
    with pytest.raises(Refused, match="batch_1 is no id"):
        campaign(answer).batch("batch_1")
