"""The relay: the stream is an exact copy of the log, through any interruption; nobody else writes."""

import asyncio
import gc
from contextlib import suppress
from functools import partial
from typing import Any

import nats
import pytest
from nats.errors import NoRespondersError
from nats.js.api import StreamConfig
from nats.js.errors import APIError

from shared.envelope import MAX_EVENT_BYTES, to_json
from shared.ids import to_hex
from shared.runtime import relay
from shared.runtime.stream_comparison import StreamVerdict, compare
from shared.subjects import STREAM, slot_of, subject
from tests.integration.log_harness import (
    append,
    connected,
    eventually,
    on_nats,
    registered,
    registrations,
    relaying,
    settings_of,
)
from tests.running_servers import Servers

pytestmark = [
    pytest.mark.usefixtures("streams"),
    # A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FORBIDDEN = [
    "events.1.ClientRegistered",
    *(f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE")),
    "$JS.API.STREAM.CREATE.OTHER",
]
OF_THE_INBOX = [
    "inbox.callbacks",
    "$JS.API.CONSUMER.CREATE.INBOX.callbacks",
    "$JS.API.CONSUMER.DURABLE.CREATE.INBOX.callbacks",
    "$JS.API.CONSUMER.MSG.NEXT.INBOX.callbacks",
    "$JS.API.CONSUMER.DELETE.INBOX.callbacks",
    "$JS.ACK.INBOX.callbacks.1.1.1.1.0",
]


async def copied(servers: Servers, database: str, upto: int) -> StreamVerdict:
    """The comparison of log and stream, once the stream has come this far."""

    async def verdict() -> StreamVerdict:
        return await compare(servers.admin_url(database), servers.nats_url("service"))

    return await eventually(verdict, lambda found: not found.identical or found.messages >= upto)


async def test_each_message_stands_at_its_events_position(servers: Servers, database: str) -> None:
    events = registrations(3)
    async with relaying(servers, database), on_nats(servers.nats_url("provision")) as client:
        await append(servers, database, events)
        assert (await copied(servers, database, 3)).identical
        for position, event in enumerate(events, start=1):
            message = await client.jetstream().get_msg(STREAM, seq=position)
            assert message.subject == subject(slot_of(event), "ClientRegistered")
            assert message.data == to_json(event)
            assert (message.headers or {})["Nats-Msg-Id"] == to_hex(event.id)
            assert "Nats-Batch-Id" not in (message.headers or {})


async def test_much_goes_in_atomic_batches(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(2_300))
    async with relaying(servers, database), on_nats(servers.nats_url("provision")) as client:
        verdict = await copied(servers, database, 2_300)
        batches = [await _batch_of(client, position) for position in (1, 1_000, 1_001, 2_000, 2_001, 2_300)]
    assert (verdict.identical, verdict.messages) == (True, 2_300)
    assert batches[0] == batches[1] != batches[2] == batches[3] != batches[4] == batches[5]


async def test_a_batch_is_cut_by_bytes_too(servers: Servers, database: str) -> None:
    await append(servers, database, [registered("x" * 1_000_000) for _ in range(10)])
    async with connected(servers.role_url("relay", database)) as connection:
        assert [row[0] for row in await relay._after(connection, 0)] == [1, 2, 3, 4]
        assert [row[0] for row in await relay._after(connection, 8)] == [9, 10]
    async with relaying(servers, database):
        assert (await copied(servers, database, 10)).identical


async def test_an_event_longer_than_a_batch_goes_alone(servers: Servers, database: str) -> None:
    long = "x" * (MAX_EVENT_BYTES - 500)
    await append(servers, database, [registered(name) for name in (long, "Acme", long)])
    async with connected(servers.role_url("relay", database)) as connection:
        assert [row[0] for row in await relay._after(connection, 0)] == [1]
        assert [row[0] for row in await relay._after(connection, 1)] == [2]
    async with relaying(servers, database):
        assert (await copied(servers, database, 3)).identical


async def test_what_is_wide_does_not_wait_for_news(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten batches, one after the other, and only then news."""
    did: list[str] = []
    for step in ("_publish", "_news"):
        monkeypatch.setattr(relay, step, _noted(did, step))
    await append(servers, database, [registered("x" * 500_000) for _ in range(80)])
    async with relaying(servers, database):
        assert (await copied(servers, database, 80)).identical
        await eventually(partial(_count, did, "_news"), lambda count: count > 0)
    assert did[: did.index("_news")] == ["_publish"] * 10
    assert "_publish" not in did[10:]


async def test_killed_again_and_again_it_goes_on_from_the_streams_end(servers: Servers, database: str) -> None:
    async def write() -> None:
        for number in range(40):
            await append(servers, database, registrations(1 + number * 7 % 60))

    writing = asyncio.create_task(write())
    while not writing.done():
        async with relaying(servers, database):
            await asyncio.sleep(0.07)
    head = await append(servers, database, registrations(1))
    async with relaying(servers, database):
        verdict = await copied(servers, database, head)
    assert (verdict.identical, verdict.messages) == (True, head)
    gc.collect()


async def test_of_two_relays_one_leads_and_the_other_takes_over(servers: Servers, database: str) -> None:
    async with relaying(servers, database) as first:
        await append(servers, database, registrations(250))
        assert (await copied(servers, database, 250)).identical  # so it leads
        async with relaying(servers, database):
            await append(servers, database, registrations(250))
            assert (await copied(servers, database, 500)).identical
            first.cancel()
            await append(servers, database, registrations(500))
            verdict = await copied(servers, database, 1_000)
    assert (verdict.identical, verdict.messages) == (True, 1_000)


@pytest.mark.parametrize("count", [2, 20], ids=["single", "atomic"])
async def test_a_publisher_who_is_behind_is_refused(servers: Servers, database: str, count: int) -> None:
    await append(servers, database, registrations(2 * count))
    async with (
        connected(servers.role_url("relay", database)) as connection,
        on_nats(servers.nats_url("relay")) as client,
    ):
        rows = await relay._after(connection, 0)
        await relay._publish(client, rows[:count], 0)
        for position in (0, count - 1, count + 1):
            with pytest.raises(relay.Refused):
                await relay._publish(client, rows[count:], position)
        with pytest.raises(relay.Refused):
            await relay._publish(client, rows[:count], 0)
        await relay._publish(client, rows[count:], count)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.identical, verdict.messages) == (True, 2 * count)


async def test_a_stream_with_something_else_is_left_alone(servers: Servers, database: str) -> None:
    async with on_nats(servers.nats_url("relay")) as client:
        await client.jetstream().publish("events.1.ClientRegistered", to_json(registered("stranger")))
    await append(servers, database, registrations(3))
    with pytest.raises(relay.Diverged, match="not the log's event"):
        await _run(servers, database)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.messages, [damage.first for damage in verdict.findings.damages]) == (1, [1])


async def test_a_stream_that_is_ahead_of_the_log_is_left_alone(servers: Servers, database: str) -> None:
    events = registrations(2)
    await append(servers, database, events[:1])
    async with on_nats(servers.nats_url("relay")) as client:
        for event in events:
            await client.jetstream().publish("events.1.ClientRegistered", to_json(event))
    with pytest.raises(relay.Diverged, match="not the log's event"):
        await _run(servers, database)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    assert (verdict.identical, verdict.more, verdict.log_head) == (False, 1, 1)


async def test_a_stream_that_lost_its_last_message_is_left_alone(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(3))
    async with relaying(servers, database):
        await copied(servers, database, 3)
    async with on_nats(servers.nats_url("provision")) as client:
        stream = client.jetstream()
        config = (await stream.stream_info(STREAM)).config
        await stream.update_stream(config.evolve(max_age=0.2, duplicate_window=0.1))
        await eventually(lambda: stream.stream_info(STREAM), lambda info: info.state.messages == 0)
    with pytest.raises(relay.Diverged, match="is gone"):
        await _run(servers, database)


@pytest.mark.parametrize("user", ["service", "callbacks", "relay"])
async def test_nobody_else_writes_or_shortens_the_stream(servers: Servers, user: str) -> None:
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    mine = (FORBIDDEN[1:] if user == "relay" else FORBIDDEN) + (OF_THE_INBOX if user != "callbacks" else [])
    async with on_nats(servers.nats_url(user), error_cb=note) as client:
        for to in mine:
            with suppress(nats.errors.TimeoutError, NoRespondersError):
                reply = await client.request(to, b"{}", timeout=0.1)
                pytest.fail(f"{user} got an answer from {to}: {reply.data!r}")
        await eventually(partial(_count, refused), lambda count: count == len(mine))
    assert [error.split('"')[1] for error in refused] == [to.lower() for to in mine]
    async with on_nats(servers.nats_url("provision")) as client:
        assert (await client.jetstream().stream_info(STREAM)).state.last_seq == 0


async def test_even_provisioning_neither_purges_nor_deletes_messages(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(3))
    async with relaying(servers, database):
        await copied(servers, database, 3)
    async with on_nats(servers.nats_url("provision")) as client:
        stream = client.jetstream()
        for attempt in (stream.purge_stream(STREAM), stream.delete_msg(STREAM, 2)):
            with pytest.raises(APIError, match="not permitted"):
                await attempt
        config: StreamConfig = (await stream.stream_info(STREAM)).config
        with pytest.raises(APIError, match="can not cancel deny"):
            await stream.update_stream(config.evolve(deny_delete=False, deny_purge=False))
    assert (await copied(servers, database, 3)).identical


def _noted(did: list[str], step: str) -> Any:
    """A step of the relay, which notes that it is taken."""
    take = getattr(relay, step)

    def noted(*arguments: Any) -> Any:
        did.append(step)
        return take(*arguments)

    return noted


async def _count(found: list[str], what: str | None = None) -> int:
    return len(found) if what is None else found.count(what)


async def _run(servers: Servers, database: str) -> None:
    async with asyncio.timeout(10):
        await relay.run(settings_of(servers, database, "relay", "relay"), asyncio.Event())


async def _batch_of(client: nats.NATS, position: int) -> str:
    message = await client.jetstream().get_msg(STREAM, seq=position)
    return (message.headers or {})["Nats-Batch-Id"]
