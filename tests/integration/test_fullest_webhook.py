"""The measure behind the alarm about webhooks that are nearly full: by the limit of whoever uses one."""

import json

import psycopg
import pytest

from cli.examination import _dispatcher
from services.dispatcher.app import DEFINITION
from services.dispatcher.configuration import webhook_id
from services.dispatcher.store import MEASURES
from shared.ids import to_hex
from tests.integration.folding import fold
from tests.integration.log_harness import connected
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, configured, scheduled
from tests.unit.facts import COMPANY_STEP, TENANT, added, launched

(SHARE,) = (each for each in MEASURES if each.name == "leadstream_webhook_submissions_share")
ONE, OTHER = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
TENANT_ID = f"tenant_id uuid DEFAULT '{ONE}'"


@pytest.mark.parametrize(
    ("taken", "settings", "share"),
    [
        ({}, [], None),
        ({ONE: 40_000}, [], None),
        ({ONE: 40_000}, [(ONE, {})], 0.8),
        ({ONE: 90, OTHER: 40_000}, [(ONE, {"max_submissions": 100}), (OTHER, {"max_submissions": 100_000})], 0.9),
        ({ONE: 90}, [(ONE, {"max_submissions": 100}), (ONE, {})], 0.9),
        ({ONE: 25_000}, [(ONE, {"max_submissions": None}), (ONE, {"max_submissions": "x"})], 0.5),
        ({ONE: 7}, [(ONE, {"max_submissions": 0})], 7),
    ],
)
def test_a_webhook_is_as_full_as_its_least_limit_says(
    servers: Servers, taken: dict[str, int], settings: list[tuple[str, dict[str, object]]], share: float | None
) -> None:
    with psycopg.connect(servers.admin_url()) as connection:
        for statement in (
            f"webhook (webhook_id uuid, taken bigint, {TENANT_ID})",
            "config (webhook_id uuid, config jsonb, client_id uuid, workstream text, workflow text, name text,"
            f" {TENANT_ID})",
            "batch (batch_id uuid, client_id uuid, workstream text, config jsonb, blueprint jsonb, webhooks jsonb,"
            f" {TENANT_ID})",
            "waiter (batch_id uuid, released_by uuid)",
        ):
            connection.execute(f"CREATE TEMP TABLE {statement} ON COMMIT DROP".encode())
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO webhook VALUES (%s, %s)", list(taken.items()))
            cursor.executemany(
                "INSERT INTO config VALUES (%s, %s)", [(id_, json.dumps(told)) for id_, told in settings]
            )
        assert connection.execute(SHARE.statement.encode()).fetchall() == [(share,)]


@pytest.mark.parametrize(
    ("own", "full"),
    [
        ({}, None),
        ({"timeout_seconds": 60}, None),
        ({"webhook_url": "http://other"}, (85, 100)),
        ({"webhook_url": "http://other", "max_submissions": 85}, (85, 85)),
        ({"max_submissions": 50}, (40, 50)),
    ],
)
async def test_settings_of_a_batch_that_waits_for_calls_count(
    servers: Servers, database: str, own: dict[str, object], full: tuple[int, int] | None
) -> None:
    client = configured(webhook_url="http://one", max_submissions=100)
    batch = launched(COMPANY_STEP, config={FLOW: own} if own else None)
    await fold(servers, database, DEFINITION, [client, batch, added(0, company_domain=ACME), scheduled(0)])
    async with connected(servers.admin_url(database), search_path="dispatcher") as connection:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS sequencer")
        await connection.execute("CREATE TABLE sequencer.batch (batch_id uuid, status text)")
        for url, taken in (("http://one", 40), ("http://other", 85)):
            row = to_hex(webhook_id(url)), to_hex(TENANT), taken
            await connection.execute("INSERT INTO webhook (webhook_id, tenant_id, taken) VALUES (%s, %s, %s)", row)

        async def seen() -> tuple[float, list[str]]:
            row = await (await connection.execute(SHARE.statement.encode())).fetchone()
            assert row is not None
            found = [each.text async for each in _dispatcher(connection) if each.code == "webhook_nearly_full"]
            return row[0], found

        told = [f"a webhook has taken {full[0]} of the {full[1]} submissions it takes in its life"] if full else []
        assert await seen() == (full[0] / full[1] if full else 0.4, told)
        await connection.execute("UPDATE waiter SET released_by = gen_random_uuid()")
        assert await seen() == (0.4, [])
