"""Leads to a webhook: all of them, each once where the receiver is well, and again where it is busy."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cli.errors import Refused
from cli.pushing import push

URL = "https://hooks.example.com/leads"
LEADS = [{"lead_id": f"lead_{n}", "projected_at": "2026-01-01"} for n in range(250)]


def pushed(answer: Callable[[int], httpx.Response]) -> tuple[int, list[httpx.Request], list[float]]:
    requests: list[httpx.Request] = []
    pauses: list[float] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(len(requests))

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        return push(http, URL, [LEADS[:200], LEADS[200:], []], pauses.append), requests, pauses


def told(request: httpx.Request) -> list[dict[str, Any]]:
    return json.loads(request.content)["leads"]


def test_every_lead_is_sent_once_in_order() -> None:
    taken, requests, _ = pushed(lambda _: httpx.Response(200))
    assert (taken, [len(told(request)) for request in requests]) == (250, [100, 100, 50])
    assert [lead for request in requests for lead in told(request)] == LEADS
    assert len({request.headers["idempotency-key"] for request in requests}) == 3


def test_a_busy_webhook_gets_the_same_parcel_again_when_it_says() -> None:
    busy = {1: httpx.Response(429, headers={"retry-after": "7"}), 2: httpx.Response(503)}
    taken, requests, pauses = pushed(lambda n: busy.get(n, httpx.Response(202)))
    assert (taken, pauses) == (250, [7.0, 4.0])
    assert len({request.headers["idempotency-key"] for request in requests[:3]}) == 1
    assert requests[0].content == requests[2].content


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (401, 1), (500, 6)])
def test_what_is_refused_is_told_with_how_many_were_taken(status: int, tries: int) -> None:
    count = 0

    def answer(number: int) -> httpx.Response:
        nonlocal count
        count = number
        return httpx.Response(200 if number == 1 else status)

    with pytest.raises(Refused, match=f"taken 100 leads and no more: it answered {status}"):
        pushed(answer)
    assert count == 1 + tries


@pytest.mark.parametrize("url", ["hooks.example.com", "ftp://x/y", "http://x:port"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with httpx.Client() as http, pytest.raises(Refused, match="no address of a webhook"):
        push(http, url, [LEADS], lambda _: None)
