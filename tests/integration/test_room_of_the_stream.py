"""A stream with less room than its volume: full, it loses nothing, and with more room the copy goes on."""

from typing import Any

import pytest
from nats.js.api import DiscardPolicy
from structlog.testing import capture_logs

from cli.examination import streams as examined
from cli.servers import Servers as Known
from shared.runtime.provisioning import provision_streams
from shared.runtime.repair import _make_stream
from shared.runtime.stream_comparison import compare
from shared.subjects import STREAM
from tests.integration.log_harness import append, eventually, on_nats, registrations, relaying
from tests.running_servers import Servers

FEW, ROOM = 10, 40_000


@pytest.fixture
async def small(servers: Servers, streams: None) -> None:
    await provision_streams(servers.nats_url("provision"), ROOM)


async def taken(servers: Servers) -> tuple[int, int, int | None]:
    """First sequence, messages and room of the stream."""
    async with on_nats(servers.nats_url("provision")) as client:
        info = await client.jetstream().stream_info(STREAM)
    return info.state.first_seq, info.state.messages, info.config.max_bytes


@pytest.mark.usefixtures("small")
async def test_a_full_stream_refuses_what_is_new_and_goes_on_when_it_has_more_room(
    servers: Servers, database: str
) -> None:
    with capture_logs() as said:
        async with relaying(servers, database):
            for events in range(FEW, 10 * FEW, FEW):
                await append(servers, database, registrations(FEW))
                await eventually(lambda: taken(servers), lambda found, n=events: found[1] == n or refused(said))
                if refused(said):
                    break
            assert await taken(servers) == (1, events - FEW, ROOM), "what is there stays"
            known = Known(servers.admin_url(database), servers.nats_url("service"), None)
            found = {each.code: each.do async for each in examined(known)}
            assert "LEADSTREAM_STREAM_MAX_BYTES" in found["stream_nearly_full"]
            await provision_streams(servers.nats_url("provision"), 2 * ROOM)
            assert await eventually(lambda: taken(servers), lambda found: found[1] == events) == (1, events, 2 * ROOM)
    assert (await compare(servers.admin_url(database), servers.nats_url("service"))).identical


def refused(said: list[Any]) -> bool:
    return any("maximum bytes exceeded" in line.get("error", "") for line in said)


@pytest.mark.usefixtures("small")
async def test_neither_a_provision_that_names_no_room_nor_a_repair_changes_it(servers: Servers) -> None:
    url = servers.nats_url("provision")
    await provision_streams(url)
    assert (await taken(servers))[2] == ROOM
    async with on_nats(url) as client:
        await _make_stream(url, client)
        assert (await taken(servers))[2] == ROOM
        assert (await client.jetstream().stream_info(STREAM)).config.discard == DiscardPolicy.NEW
