"""The HTTP client of POSTs: which connections it keeps, and where it does not go."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from shared.outcomes import Policy, Refusal
from shared.runtime import clock
from shared.runtime.outgoing import HEARD_BYTES, NOT_PUBLIC, REASON_CHARACTERS, hear, session, unreachable
from shared.runtime.settings import Settings
from tests.integration.hook import posted_to

PRIVATE_TOO = Settings(private_webhooks=True)
ABOUT: dict[str, Any] = {"attempt": 1, "policy": Policy(), "now": clock.now(), "jitter": 0.5}


class Talker:
    """A webhook that answers with so many bytes, and counts the connections to it."""

    def __init__(self) -> None:
        self.bytes, self.url, self.callers = 0, "", set[tuple[str, int]]()

    async def take(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        self.callers.add(request.transport.get_extra_info("peername"))
        return web.Response(body=bytes(self.bytes))


@pytest.fixture
async def talker() -> AsyncIterator[Talker]:
    found = Talker()
    async with posted_to(found.take) as found.url:
        yield found


@pytest.mark.parametrize(("size", "connections"), [(0, 1), (20, 1), (HEARD_BYTES - 1, 1), (1_000_000, 5)])
async def test_a_connection_is_used_again_unless_its_answer_was_long(
    talker: Talker, size: int, connections: int
) -> None:
    talker.bytes = size
    async with session(PRIVATE_TOO) as client:
        for _ in range(5):
            async with client.post(talker.url, data=b"{}") as reply:
                await hear(reply)
    assert len(talker.callers) == connections


async def hung_up(request: web.Request) -> web.Response:
    """The whole POST is taken, and nothing is said."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silent(request: web.Request) -> web.Response:
    await asyncio.sleep(2.0)
    return web.Response()


@pytest.mark.parametrize("answering", [hung_up, silent])
async def test_a_post_that_went_out_and_had_no_answer_may_have_arrived(answering: Any) -> None:
    async with posted_to(answering) as url, session(PRIVATE_TOO) as client:
        with pytest.raises((aiohttp.ClientError, TimeoutError)) as failed:
            await client.post(url, data=b"{}", timeout=aiohttp.ClientTimeout(total=0.5))
    assert unreachable(failed.value, **ABOUT).in_doubt


async def babbling(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.write(b"\0\x01\x02\xff" * 25_000)
    request.transport.close()
    return web.Response()


async def test_of_a_webhook_that_speaks_no_http_the_beginning_is_told() -> None:
    async with posted_to(babbling) as url, session(PRIVATE_TOO) as client:
        with pytest.raises(aiohttp.ClientError) as failed:
            await client.post(url, data=b"{}")
    reason = unreachable(failed.value, **ABOUT).reason
    assert "Bad status line" in reason
    assert len(reason) < REASON_CHARACTERS + 100


async def test_where_there_was_no_connection_nothing_has_arrived() -> None:
    async with posted_to(silent) as url:
        pass
    async with session(PRIVATE_TOO) as client:
        for nowhere in (url, "http://nowhere.invalid", "http://"):
            with pytest.raises(aiohttp.ClientError) as failed:
                await client.post(nowhere, data=b"{}")
            assert not unreachable(failed.value, **ABOUT).in_doubt
    late = aiohttp.ConnectionTimeoutError("Connection timeout to host http://slow.example")
    assert not unreachable(late, **ABOUT).in_doubt


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"]
)
async def test_what_is_at_a_private_address_is_not_called_and_not_tried_again(talker: Talker, host: str) -> None:
    async with session(Settings()) as client:
        with pytest.raises(aiohttp.ClientError) as refused:
            await client.post(talker.url.replace("127.0.0.1", host), data=b"{}")
    assert unreachable(refused.value, **ABOUT) == Refusal("CONFIGURATION", NOT_PUBLIC, None)
    assert talker.callers == set()
