"""When a service says that it is ready: with the servers that its work needs. What it cannot begin without ends it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.runtime.service import Service


@pytest.mark.parametrize("either_server", [False, True])
@pytest.mark.parametrize("nats", [False, True])
@pytest.mark.parametrize("database", [False, True])
async def test_ready_is_who_reaches_what_it_needs(either_server: bool, nats: bool, database: bool) -> None:
    async def ping(**_: float) -> bool:
        return nats

    service = SimpleNamespace(
        broker=SimpleNamespace(ping=ping),
        definition=SimpleNamespace(name="ingest"),
        follower=SimpleNamespace(leading=False, machine=SimpleNamespace(position=7)),
        telemetry=SimpleNamespace(known={"database": database}),
        either_server=either_server,
    )
    told: Any = service
    answer = await Service._ready(told, told)
    ready = nats or database if either_server else nats and database
    assert answer.status_code == (200 if ready else 503)
    assert json.loads(bytes(answer.body)) == {
        "service": "ingest", "leading": False, "position": 7, "nats": nats, "database": database,
    }  # fmt: skip


async def test_a_service_that_cannot_begin_ends_its_process_and_says_why() -> None:
    async def start() -> None:
        raise ValueError("no address of a server")

    told: Any = SimpleNamespace(stream=SimpleNamespace(start=start))
    with capture_logs() as logged, pytest.raises(SystemExit):
        await Service._follow_the_stream(told)
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("the service cannot begin", "error")]
