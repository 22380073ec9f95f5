"""A campaign waits for what it has asked for, and not for ever."""

import io
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from rich.console import Console

from cli.campaign import Campaign
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
    made, told = Campaign(dict.fromkeys(("ingest", "sequencer"), "http://service")), list(answers)
    transport = httpx.MockTransport(lambda _: told.pop(0) if len(told) > 1 else told[0])
    made._http = httpx.Client(transport=transport)
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
