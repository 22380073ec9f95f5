"""`leadstream inbox`: what waits for the database is shown; what the log can never take can be taken out."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.examination import streams as examined
from cli.main import app
from cli.servers import Servers as Known
from services.callbacks import inbox
from shared.envelope import Event
from shared.events import EnrichmentReceived
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT
from tests.integration.callbacks_door import waiting
from tests.integration.log_harness import event, on_nats, registered
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def answer(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Event:
    """An answer that waits first; then an event that callbacks may not write, and what is no event."""
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", "postgresql://nobody.asks.for.it")
    monkeypatch.setenv("LEADSTREAM_PROVISION_NATS_URL", servers.nats_url("provision"))
    answer = event("EnrichmentReceived", EnrichmentReceived("enrich_person", None, True, {"title": "Engineer"}))
    async with on_nats(servers.nats_url("provision")) as client:
        await inbox.put(client, [answer, registered("not for callbacks to write")])
        await client.jetstream().publish(INBOX_SUBJECT, b"not an event")
    return answer


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["inbox", *words])
    return result.exit_code, result.stdout, result.stderr


def test_what_waits_is_listed_with_why_it_stays(answer: Event) -> None:
    code, told, _ = run("list", "--json")
    found = json.loads(told)
    assert code == 0
    assert [one["what"].split()[0] for one in found] == ["EnrichmentReceived", "ClientRegistered", "no"]
    assert found[0]["what"].endswith(answer.id)
    assert found[0]["error"] is None
    assert found[1]["error"] == "callbacks may not write ClientRegistered"
    assert found[2]["error"].startswith("not an event: ")
    assert found[2]["body"] == "not an event"
    assert len(json.loads(run("list", "--json", "--limit", "2")[1])) == 2
    assert run("list")[1].splitlines()[0].split("\t") == ["number", "at", "bytes", "what", "error"]


def test_what_the_log_can_never_take_is_kept_and_taken_out(answer: Event, servers: Servers, tmp_path: Path) -> None:
    numbers = [one["number"] for one in json.loads(run("list", "--json")[1])]
    kept = tmp_path / "message.bin"
    code, _, told = run("remove", str(numbers[0]), "--keep", str(kept))
    assert (code, kept.exists()) == (1, False)
    assert f"EnrichmentReceived {answer.id}: it stays" in told
    code, told, _ = run("remove", str(numbers[2]), "--keep", str(kept))
    assert (code, kept.read_bytes()) == (0, b"not an event")
    assert f"message {numbers[2]} is out of the inbox" in told
    assert asyncio.run(waiting(servers)) == 2
    code, _, told = run("remove", str(numbers[1]), "--keep", str(kept))
    assert (code, "is there already" in told, kept.read_bytes()) == (1, True, b"not an event")
    code, _, told = run("remove", str(numbers[2]), "--keep", str(tmp_path / "other.bin"))
    assert (code, f"no message {numbers[2]} waits" in told) == (1, True)


@pytest.mark.parametrize("full", [False, True])
async def test_doctor_tells_that_the_inbox_takes_nothing_and_leaves_nothing_in_it(
    servers: Servers, database: str, full: bool
) -> None:
    url = servers.nats_url("provision")
    async with on_nats(url) as client:
        stream = client.jetstream()
        if full:
            config = (await stream.stream_info(INBOX_STREAM)).config
            await stream.update_stream(config.evolve(max_bytes=1, discard="new"))
        found = {each.code: each.text async for each in examined(Known(servers.admin_url(database), url, url))}
        assert ("takes nothing (maximum bytes exceeded)" in found.get("inbox_refuses", "")) is full
        assert (await stream.stream_info(INBOX_STREAM)).state.messages == 0
