"""The HTTP client of POSTs: which connections it keeps."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from shared.runtime.outgoing import HEARD_BYTES, hear, session


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
    found, app = Talker(), web.Application()
    app.router.add_post("/", found.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("size", "connections"), [(0, 1), (20, 1), (HEARD_BYTES - 1, 1), (1_000_000, 5)])
async def test_a_connection_is_used_again_unless_its_answer_was_long(
    talker: Talker, size: int, connections: int
) -> None:
    talker.bytes = size
    async with session() as client:
        for _ in range(5):
            async with client.post(talker.url, data=b"{}") as reply:
                await hear(reply)
    assert len(talker.callers) == connections
