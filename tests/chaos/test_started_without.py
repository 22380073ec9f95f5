"""A service that is started while a server is away serves what it can, goes on when the server is there, and leaves."""

import signal
import time

import httpx
import psycopg
import pytest

from cli.campaign import PERSON
from cli.stack import Stack
from shared.ids import named_id, new_id, to_hex
from shared.runtime.settings import SERVICES
from shared.tokens import CallbackToken
from tests.chaos.leaders import until
from tests.chaos.parts import processes, signed, start_again
from tests.e2e.patience import away

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
AT_ONCE_SECONDS = 5
PROFILE = {"first_name": "Ada", "last_name": "Example", "title": "Engineer", "headline": "h"}


def test_services_that_are_started_while_nats_is_away_serve_and_go_on_once_it_is_there(stack: Stack) -> None:
    with away(stack, "nats"):
        start_again(stack, SERVICES)
        started = processes(stack)
        answer = httpx.post(_callback_url(stack), json=PROFILE, timeout=10)
        client = httpx.post(f"{stack.urls['ingest']}/v1/clients", json={"name": "Started Without"}, timeout=10)
        assert (answer.status_code, client.is_success) == (202, True), (answer.text, client.text)
        assert _is_logged(stack, answer.json()["events"][0]), "and not in the inbox"
        ready = {name: httpx.get(f"{stack.urls[name]}/health/ready", timeout=10) for name in SERVICES}
        assert {name for name, said in ready.items() if said.is_success} == {"callbacks"}
        assert {said.json()["nats"] for said in ready.values()} == {False}
    stack.until_ready()
    position = client.json()["position"]
    folded = httpx.get(f"{stack.urls['ingest']}/v1/clients", params={"at_position": position}, timeout=30)
    assert "Started Without" in folded.text
    assert {name: processes(stack)[name] for name in SERVICES} == {name: started[name] for name in SERVICES}


def test_callbacks_that_are_started_while_postgres_is_away_take_answers(stack: Stack) -> None:
    with away(stack, "postgres"):
        start_again(stack, ["callbacks"])
        until(lambda: httpx.post(_callback_url(stack), json=PROFILE, timeout=10).status_code == 202, 10, "NATS is met")
        answer = httpx.post(_callback_url(stack), json=PROFILE, timeout=10)
        assert answer.status_code == 202, answer.text
    stack.until_ready()
    until(lambda: _is_logged(stack, answer.json()["events"][0]), 30, "what waited is in the log")


def test_a_service_that_waits_for_a_server_ends_at_once_when_it_is_told_to(stack: Stack) -> None:
    with away(stack, "nats"):
        start_again(stack, SERVICES)
        for name in SERVICES:
            process = stack.processes[name].running
            assert process is not None
            process.send_signal(signal.SIGTERM)
            assert process.wait(AT_ONCE_SECONDS) in (0, -signal.SIGTERM)


def _callback_url(stack: Stack) -> str:
    """The URL of a callback that nobody has asked for."""
    ids = (new_id("disp"), named_id("tenant", "default"), *map(new_id, ("client", "batch", "item", "person")))
    return signed(stack, CallbackToken(*ids, PERSON, int(time.time()) + 7200))


def _is_logged(stack: Stack, event_id: str) -> bool:
    with psycopg.connect(stack.admin_url) as connection:
        found = connection.execute("SELECT 1 FROM log.events WHERE id = %s::uuid", (to_hex(event_id),))
        return found.fetchone() is not None
