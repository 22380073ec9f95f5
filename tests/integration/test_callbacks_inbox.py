"""Answers while the log takes none: they wait in the inbox, and are appended once each when it does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from services.callbacks import inbox
from shared.envelope import from_json
from shared.runtime.appender import Appender
from shared.runtime.ports import free_ports
from shared.runtime.provisioning import provision_streams
from shared.subjects import INBOX_STREAM
from shared.tokens import sign
from tests.integration.callbacks_door import KEY, PROFILE, Door, draining, opened, token, waiting
from tests.integration.log_harness import append, connected, eventually, on_nats, registered
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")


@pytest.fixture
async def door(servers: Servers, database: str) -> AsyncIterator[Door]:
    async with opened(servers, database) as door:
        yield door


@pytest.fixture
async def without_database(door: Door) -> Door:
    """The door, with nobody where its database should be."""
    await door.receiver.appender.close()
    door.receiver.appender = Appender(f"postgresql://callbacks:x@127.0.0.1:{free_ports(1)[0]}/none", "nowhere")
    return door


async def test_while_the_database_is_away_answers_wait_in_the_inbox(servers: Servers, without_database: Door) -> None:
    door = without_database
    bodies = [PROFILE | {"title": f"title {number}"} for number in range(5)]
    replies = [await door.by_token(sign(token(), KEY), body) for body in bodies]
    assert [reply.status_code for reply in replies] == [202] * 5
    assert (await waiting(servers), await door.recorded()) == (5, [])
    async with draining(door):
        found = await eventually(door.recorded, lambda events: len(events) >= 5)
        await eventually(lambda: waiting(servers), lambda number: number == 0)
    assert [event.id for event in found] == [reply.json()["events"][0] for reply in replies]
    assert [event.payload.answer for event in found] == bodies


async def test_what_nats_does_not_give_out_is_read_from_the_start(
    servers: Servers, without_database: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if its reader stood beyond what is there: a reader of other subjects has nothing to give out either."""
    monkeypatch.setattr(inbox, "FETCH_SECONDS", 0.3)
    door = without_database
    await door.by_token(sign(token(), KEY), PROFILE)
    async with on_nats(servers.nats_url("provision")) as client:
        beside = ConsumerConfig(durable_name=inbox.READER, filter_subject="inbox.other", ack_policy=AckPolicy.EXPLICIT)
        await client.jetstream().add_consumer(INBOX_STREAM, beside)
    async with draining(door):
        await eventually(door.recorded, lambda events: len(events) == 1)
        await eventually(lambda: waiting(servers), lambda number: number == 0)


@pytest.mark.parametrize("gone", ["reader", "stream"])
async def test_a_reader_that_is_gone_is_made_anew(
    servers: Servers, without_database: Door, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(inbox, "FETCH_SECONDS", 0.3)
    door = without_database
    async with draining(door), on_nats(servers.nats_url("provision")) as client:
        await door.by_token(sign(token(), KEY), PROFILE)
        await eventually(lambda: waiting(servers), lambda number: number == 0)
        if gone == "reader":
            await client.jetstream().delete_consumer(INBOX_STREAM, inbox.READER)
        else:
            await client.jetstream().delete_stream(INBOX_STREAM)
            await asyncio.sleep(1)
            await provision_streams(servers.nats_url("provision"))
        await door.by_token(sign(token(), KEY), PROFILE)
        async with asyncio.timeout(10):
            await eventually(door.recorded, lambda events: len(events) == 2)
            await eventually(lambda: waiting(servers), lambda number: number == 0)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("ALTER DATABASE {} SET default_transaction_read_only = on", "ALTER DATABASE {} RESET ALL"),
        ("ALTER TABLE log.head RENAME TO gone", "ALTER TABLE log.gone RENAME TO head"),
        ("REVOKE EXECUTE ON FUNCTION log.append FROM callbacks", "GRANT EXECUTE ON FUNCTION log.append TO callbacks"),
    ],
    ids=["read-only", "no table", "no grant"],
)
async def test_what_a_log_that_answers_does_not_take_waits_in_the_inbox_until_it_does(
    servers: Servers, door: Door, broken: str, mended: str
) -> None:
    async with connected(servers.admin_url(door.database)) as admin:
        await admin.execute(broken.format(door.database).encode())
        replies = [await door.by_token(sign(token(), KEY), PROFILE) for _ in range(3)]
        assert ([reply.status_code for reply in replies], await waiting(servers)) == ([202] * 3, 3)
        async with draining(door):
            await asyncio.sleep(1)
            assert (await waiting(servers), await door.recorded()) == (3, [])
            await admin.execute(mended.format(door.database).encode())
            found = await eventually(door.recorded, lambda events: len(events) >= 3)
            await eventually(lambda: waiting(servers), lambda number: number == 0)
    assert {event.id for event in found} == {reply.json()["events"][0] for reply in replies}


async def test_a_mistake_of_ours_loses_no_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("a fault of the program")

    monkeypatch.setattr(door.receiver.appender, "append", fail)
    reply = await door.by_token(sign(token(), KEY), PROFILE)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "not_recorded")
    assert "a fault" not in reply.text


async def test_what_waits_twice_is_appended_once(servers: Servers, without_database: Door) -> None:
    door = without_database
    await door.by_token(sign(token(), KEY), PROFILE)
    async with on_nats(servers.nats_url("provision")) as client:
        message = await client.jetstream().get_msg(INBOX_STREAM, seq=1)
    waited = from_json(message.data or b"")
    await append(servers, door.database, [waited], role="callbacks")
    async with draining(door):
        await eventually(lambda: waiting(servers), lambda number: number == 0)
    assert [event.id for event in await door.recorded()] == [waited.id]


async def test_while_the_database_hangs_answers_wait_in_the_inbox_and_count_once(servers: Servers, door: Door) -> None:
    await door.receiver.appender.close()
    door.receiver.appender = Appender(servers.role_url("callbacks", door.database), "impatient", patience_seconds=0.5)
    async with connected(servers.admin_url(door.database), autocommit=False) as connection:
        await connection.execute("LOCK TABLE log.head IN ACCESS EXCLUSIVE MODE")
        reply = await door.by_token(sign(token(), KEY), PROFILE)
        assert (reply.status_code, await waiting(servers)) == (202, 1)
        await connection.rollback()
    async with draining(door):
        await eventually(lambda: waiting(servers), lambda number: number == 0)
    assert [event.id for event in await door.recorded()] == reply.json()["events"]


async def test_a_message_that_the_log_refuses_stays_and_keeps_nobody_waiting(
    servers: Servers, without_database: Door
) -> None:
    door = without_database
    assert door.receiver.nats is not None
    await inbox.put(door.receiver.nats, [registered("not for callbacks to write")])
    await door.receiver.nats.jetstream().publish("inbox.callbacks", b"not an event")
    reply = await door.by_token(sign(token(), KEY), PROFILE)
    async with draining(door):
        await eventually(lambda: waiting(servers), lambda number: number == 2)
    assert [event.id for event in await door.recorded()] == reply.json()["events"]


async def test_with_both_away_the_sender_is_asked_to_try_again(without_database: Door) -> None:
    door = without_database
    assert door.receiver.nats is not None
    await door.receiver.nats.close()
    for nats in (door.receiver.nats, None):
        door.receiver.nats = nats
        reply = await door.by_token(sign(token(), KEY), PROFILE)
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "not_recorded")
        assert reply.headers["retry-after"] == "5"
    assert (await door.by_token(sign(token(), KEY), b"no json")).status_code == 503
    unrecorded: list[None] = []
    door.receiver.unrecorded = lambda: unrecorded.append(None)
    assert [(await door.by_token("nonsense", PROFILE)).status_code for _ in range(2)] == [401, 401]
    assert (len(unrecorded), door.receiver.strangers.unrecorded) == (2, 2)
