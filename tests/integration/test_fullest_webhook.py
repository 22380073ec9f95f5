"""The measure behind the alarm about webhooks that are nearly full: by the limit of whoever uses one."""

import json

import psycopg
import pytest

from services.dispatcher.store import MEASURES
from tests.running_servers import Servers

(SHARE,) = (each for each in MEASURES if each.name == "leadstream_webhook_submissions_share")
ONE, OTHER = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


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
        connection.execute("CREATE TEMP TABLE webhook (webhook_id uuid, taken bigint) ON COMMIT DROP")
        connection.execute("CREATE TEMP TABLE config (webhook_id uuid, config jsonb) ON COMMIT DROP")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO webhook VALUES (%s, %s)", list(taken.items()))
            cursor.executemany(
                "INSERT INTO config VALUES (%s, %s)", [(id_, json.dumps(told)) for id_, told in settings]
            )
        assert connection.execute(SHARE.statement.encode()).fetchall() == [(share,)]
