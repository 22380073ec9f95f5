"""`leadstream doctor` on a stack of its own: healthy it says so, and each thing broken is named."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import nats
import psycopg
import pytest
from typer.testing import CliRunner

from cli.campaign import COMPANY, Campaign
from cli.findings import of_disk, of_services, of_stream, of_webhooks
from cli.main import app
from cli.stack import Stack
from tests.e2e.patience import eventually

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("patient"), simulator=False).running() as running:
        yield running


def examined(stack: Stack, *options: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the findings by code with what to do."""
    result = CliRunner().invoke(app, ["doctor", "--json", "--data", str(stack.folder), *options])
    assert result.exit_code in (0, 1), result.output
    report = json.loads(result.stdout)
    assert report["healthy"] is (result.exit_code == 0)
    assert all(finding["do"] for finding in report["findings"])
    return result.exit_code, {finding["code"]: finding["text"] for finding in report["findings"]}


def until(stack: Stack, enough: Callable[[dict[str, str]], bool], seconds: float = 60) -> dict[str, str]:
    deadline = time.monotonic() + seconds
    while not enough(found := examined(stack)[1]):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found


def as_admin(stack: Stack, statement: str) -> None:
    with psycopg.connect(stack.admin_url) as connection:
        connection.execute(statement.encode())


def end(stack: Stack, name: str) -> None:
    """Kill a part for good: nobody starts it again."""
    process = stack.processes.pop(name).running
    assert process is not None
    process.kill()
    process.wait()


def test_what_is_broken_is_named(stack: Stack, tmp_path: Any) -> None:
    until(stack, lambda found: not found)
    assert examined(stack, "--verify") == (0, {})
    plain = CliRunner().invoke(app, ["doctor", "--data", str(stack.folder)])
    assert "nothing is wrong" in plain.stderr
    with closing(Campaign({**stack.urls, "simulator": "http://127.0.0.1:9"}, name="doctor")) as campaign:
        dispatched(campaign, tmp_path / "list.csv")
        tables_that_are_wrong_are_named(stack, campaign)
        parts_that_are_gone_are_named(stack, campaign)
    a_stream_that_is_gone_is_named_and_made_anew(stack)
    servers_that_are_away_are_named(stack)


def dispatched(campaign: Campaign, file: Path) -> None:
    """One person's company is to be asked for, where nobody listens."""
    campaign.set_up()
    file.write_text("First Name,Last Name,Company,Website\nAnn,Lee,Acme,acme.example\n")
    campaign.launch(campaign.upload(file)["upload_id"], (COMPANY,))
    eventually(lambda: campaign.read("dispatcher", "/v1/dispatches"))


def tables_that_are_wrong_are_named(stack: Stack, campaign: Campaign) -> None:
    as_admin(
        stack,
        "INSERT INTO dispatcher.dispatch SELECT (jsonb_populate_record(d, jsonb_build_object("
        "'dispatch_id', gen_random_uuid(), 'status', 'TIMED_OUT', 'sent_at', now() - interval '61 min',"
        " 'deadline_at', now() - interval '1 min'))).*"
        " FROM dispatcher.dispatch d LIMIT 1",
    )
    _, found = examined(stack)
    whose = f"{COMPANY} for client {campaign.client_id} whose answers were due in the last hour"
    assert f"of 1 calls of {whose} 1 were" in found["answers_missing"]
    as_admin(
        stack,
        "INSERT INTO dispatcher.webhook (webhook_id, tenant_id, taken)"
        " SELECT DISTINCT webhook_id, tenant_id, 45000 FROM dispatcher.config",
    )
    _, found = examined(stack)
    assert "45000 of the 50000 submissions" in found["webhook_nearly_full"]
    as_admin(stack, "UPDATE dispatcher.dispatch SET due_at = now() + interval '1 day' WHERE status = 'DUE'")
    as_admin(stack, "UPDATE dispatcher.config SET config = config || '{\"max_submissions\": 60000}'")
    as_admin(stack, "UPDATE dispatcher.batch SET blueprint = jsonb_set(blueprint, '{0,configuration}', '\"second\"')")
    _, found = examined(stack)
    assert "webhook_nearly_full" not in found, "the client's own limit counts"
    assert f" no settings 'second' for {COMPANY} of " in found["configuration_missing"], "there is another one"
    as_admin(stack, "DELETE FROM dispatcher.config")
    as_admin(stack, "UPDATE dispatcher.dispatch SET status = 'SENT', deadline_at = now() - interval '1 day'")
    as_admin(stack, "DELETE FROM log.writer WHERE type = 'ItemAdded'")
    as_admin(stack, "DELETE FROM public.migration WHERE name LIKE '0002%'")
    as_admin(stack, "UPDATE projector.checkpoint SET shape = 'another'")
    as_admin(stack, "UPDATE callbacks.checkpoint SET position = 1000000")
    _, found = examined(stack)
    assert {"configuration_missing", "writers_differ", "migration_missing", "other_shape"} <= {*found}
    assert "callbacks holds the log up to 1000000" in found["ahead_of_the_log"]
    assert "webhook_nearly_full" not in found, "nobody uses it any more"
    assert "0002_" in found["migration_missing"]


def parts_that_are_gone_are_named(stack: Stack, campaign: Campaign) -> None:
    end(stack, "relay")
    httpx.post(f"{campaign.urls['ingest']}/v1/clients", json={"name": "nobody hears of it"}).raise_for_status()
    until(stack, lambda found: {"no_relay", "stream_behind"} <= {*found})
    pieces = (
        f'{{"side": "stream", "first": {first}, "last": {last}, "reason": "the message is gone"}}'
        for first, last in ((3, 1_000), (1_001, 1_004))
    )
    as_admin(stack, f"UPDATE log.patrol SET damages = '[{', '.join(pieces)}]', oldest_at = now() - interval '1 hour'")
    _, found = examined(stack)
    assert found["damaged"] == "stream, positions 3 to 1004: the message is gone", "neighbours are one"
    assert "patrol_slow" in found
    end(stack, "projector")
    until(stack, lambda found: {"service_down", "nobody_leads"} <= {*found})


def a_stream_that_is_gone_is_named_and_made_anew(stack: Stack) -> None:
    asyncio.run(_delete_inbox(stack))
    assert "stream_missing" in examined(stack)[1]
    as_admin(stack, "INSERT INTO public.migration (name) VALUES ('0002_dead_letters.sql'), ('0002_patrol.sql')")
    provisioned = CliRunner().invoke(app, ["provision", "--data", str(stack.folder)])
    assert provisioned.exit_code == 0, provisioned.output
    assert "stream_missing" not in examined(stack)[1]


def servers_that_are_away_are_named(stack: Stack) -> None:
    end(stack, "postgres")
    found = examined(stack)[1]
    assert "database_away" in found
    assert "stream_ahead" not in found, "where the log ends is not known"
    end(stack, "nats")
    assert "nats_away" in examined(stack)[1]


async def _delete_inbox(stack: Stack) -> None:
    client = await nats.connect(stack.nats.url("provision"))
    try:
        await client.jetstream().delete_stream("INBOX")
    finally:
        await client.close()


def test_without_servers_the_services_are_asked_all_the_same(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADSTREAM_ADMIN_DATABASE_URL", raising=False)
    for service in ("INGEST", "SEQUENCER", "DISPATCHER", "CALLBACKS", "PROJECTOR"):
        monkeypatch.setenv(f"LEADSTREAM_{service}_URL", "http://127.0.0.1:9")
    result = CliRunner().invoke(app, ["doctor", "--json", "--data", str(tmp_path / "none")])
    codes = [finding["code"] for finding in json.loads(result.stdout)["findings"]]
    assert (result.exit_code, codes) == (1, ["service_down"] * 5 + ["servers_unknown"])


def test_a_stack_that_does_not_run_is_one_problem(tmp_path: Path) -> None:
    assert examined(Stack(tmp_path / "stopped")) == (
        1, {"stack_down": f"the stack in {tmp_path / 'stopped'} does not run"},
    )  # fmt: skip


FULL = "webhook_nearly_full"
LITTLE = {"max_submissions": 100}


class Stream:
    def __init__(self, last_seq: int, messages: int, first_seq: int = 1) -> None:
        self.last_seq, self.messages, self.first_seq = last_seq, messages, first_seq


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (of_stream(9, Stream(9, 9)), []),
        (of_stream(0, Stream(0, 0, 0)), []),
        (of_stream(9, Stream(9, 8)), ["stream_damaged"]),
        (of_stream(9, Stream(9, 8, 2)), ["stream_damaged"]),
        (of_stream(8, Stream(9, 9)), ["stream_ahead"]),
        (of_stream(9, Stream(8, 8)), ["stream_behind"]),
        (of_disk("it", 100, 50), []),
        (of_disk("it", 100, 5), ["disk_nearly_full"]),
        (of_webhooks([("a", "wh_1", 39_999, {}), *(("a", "wh_2", 50, told) for told in (LITTLE, {}))]), []),
        (of_webhooks([("a", "wh_1", 40_000, {}), *(("a", "wh_2", 80, told) for told in ({}, LITTLE))]), [FULL] * 2),
        (of_webhooks([("a", "wh_1", 80, {}), ("b", "wh_1", 80, LITTLE)]), [FULL]),
        (of_webhooks([("a", "wh_1", 80, {"max_submissions": "many"})]), []),
        (of_services({"ingest": {"lag_events": 3, "lag_seconds": 99}}, ["ingest", "relay"]), ["service_lags"]),
        (of_services({"ingest": {"database": True, "nats": True}}, None), []),
        (of_services({"ingest": {"database": False, "nats": False}}, None), ["service_cut_off"] * 2),
    ],
)
def test_findings(found: Any, codes: list[str]) -> None:
    assert [finding.code for finding in found] == codes
