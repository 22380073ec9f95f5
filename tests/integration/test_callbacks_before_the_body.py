"""Over a real HTTP server: who sends is known before anything of a body is read, and a body has to come in time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import uvicorn

from services.callbacks import api
from shared.runtime.ports import free_ports
from shared.tokens import sign
from tests.integration.callbacks_door import CLIENT, FOREIGN_KEY, KEY, PROFILE, WORKFLOW, Door, beside, opened, token
from tests.integration.log_harness import TENANT
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def door(servers: Servers, database: str) -> AsyncIterator[Door]:
    async with opened(servers, database) as door:
        yield door


@pytest.fixture
async def port(door: Door) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    app = api.front(door.receiver, door.app)
    options: dict[str, Any] = {"loop": "none", "http": "httptools", "lifespan": "off", "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, port=port, ws="none", **options))
    async with beside(server._serve()):
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        yield port
        server.should_exit = True
        await server.shutdown()


class Sender:
    """A connection of somebody who sends what they like."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def post(self, path: str, sent: bytes, length: int) -> tuple[int, dict[str, str], Any]:
        """Send the head and the beginning of a body of `length` bytes; what is answered."""
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Leadstream-Secret: wrong\r\nContent-Length: {length}\r\n\r\n"
        self.writer.write(head.encode() + sent)
        async with asyncio.timeout(5):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, orjson.loads(body)


@pytest.fixture
async def sender(port: int) -> AsyncIterator[Sender]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Sender(reader, writer)
    writer.close()


strangers = pytest.mark.parametrize(("path", "code"), [
    ("/v1/callbacks/garbage", "token_forged"), (f"/v1/callbacks/{sign(token(), FOREIGN_KEY)}", "token_forged"),
    (f"/v1/clients/{CLIENT}/callbacks/{WORKFLOW}", "wrong_secret"),
], ids=["garbage", "forged", "secret"])  # fmt: skip


@strangers
async def test_a_stranger_is_answered_before_the_body_and_may_send_more(sender: Sender, path: str, code: str) -> None:
    status, _, told = await sender.post(path, b"x" * 1_000, 1_000_000)
    assert (status, told["error"]["code"]) == (401, code)
    sender.writer.write(b"x" * 999_000)
    body = orjson.dumps(PROFILE)
    status, _, told = await sender.post(f"/v1/callbacks/{sign(token(), KEY)}", body, len(body))
    assert (status, told["accepted"]) == (202, True)


@strangers
async def test_who_sends_all_of_a_long_body_gets_the_answer(port: int, path: str, code: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        answer = await http.post(path, content=b"x" * 10_000_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


async def test_a_body_that_does_not_come_to_its_end_is_waited_for_so_long_and_no_longer(
    door: Door, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "BODY_SECONDS", 0.5)
    told = token()
    status, headers, answer = await sender.post(f"/v1/callbacks/{sign(told, KEY)}", b"x" * 1_000, 2_000)
    assert (status, answer["error"]["code"], headers["connection"]) == (408, "too_slow", "close")
    assert await sender.reader.read() == b"", "the connection was ended"
    (event,) = await door.recorded()
    assert (event.tenant_id, event.item_id, event.payload.code) == (TENANT, told.item_id, "too_slow")
    assert (event.payload.bytes, event.payload.body) == (1_000, None)
