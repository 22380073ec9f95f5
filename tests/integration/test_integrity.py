"""Whatever is done to the log or to the stream is found, and named by position."""

import asyncio
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.runtime import relay
from shared.runtime.embedded import Nats, ServerFailed
from shared.runtime.integrity import check_log
from shared.runtime.ports import free_ports
from shared.runtime.provisioning import provision_streams
from shared.runtime.settings import Settings
from shared.runtime.stream_comparison import compare
from tests.integration.damaging import NO_CHECK, tamper
from tests.integration.log_harness import append, connected, registrations
from tests.running_servers import NATS_USERS, Servers

OTHER = "'00000000-0000-0000-0000-000000000001'"
TAMPERING = {
    "body": ("UPDATE log.events SET body = replace(body, 'client 2', 'client 7') WHERE position = 3", [(3, 3)]),
    "no event": ("UPDATE log.events SET body = 'x' WHERE position = 3", [(3, 3), (3, 3)]),
    "hash": ("UPDATE log.events SET chain = '\\x00' WHERE position = 4", [(4, 4)]),
    "last hash": ("UPDATE log.events SET chain = '\\x00' WHERE position = 5", [(5, 5)]),
    "one gone": ("DELETE FROM log.events WHERE position = 2", [(2, 2)]),
    "first gone": ("DELETE FROM log.events WHERE position = 1", [(1, 1)]),
    "some gone": ("DELETE FROM log.events WHERE position IN (2, 3)", [(2, 3)]),
    "end gone": ("DELETE FROM log.events WHERE position >= 4", [(4, 5)]),
    "all gone": ("DELETE FROM log.events", [(1, 5)]),
    "head moved back": ("UPDATE log.head SET position = 3", [(3, 3), (4, 5)]),
    "moved after the end": ("UPDATE log.events SET position = 9000 WHERE position = 3", [(3, 3), (9000, 9000)]),
    "head moved on": ("UPDATE log.head SET position = 7", [(6, 7)]),
    "head gone": ("DELETE FROM log.head", [(6, 6)]),
    "head's hash": ("UPDATE log.head SET chain = '\\x00'", [(5, 5)]),
    "before the first": (f"{NO_CHECK}; UPDATE log.events SET position = -2 WHERE position = 3", [(3, 3), (-2, -2)]),
    "long before the first": (
        f"{NO_CHECK}; UPDATE log.events SET position = position - 9000 WHERE position IN (2, 4)",
        [(2, 2), (4, 4), (-8998, -8998), (-8996, -8996)],
    ),
    "id": (f"UPDATE log.events SET id = {OTHER} WHERE position = 2", [(2, 2)]),
    "type": ("UPDATE log.events SET type = 'BatchPaused' WHERE position = 2", [(2, 2)]),
    "slot": ("UPDATE log.events SET slot = 64 WHERE position = 2", [(2, 2)]),
    "tenant": (f"UPDATE log.events SET tenant_id = {OTHER} WHERE position = 2", [(2, 2)]),
    "client": (f"UPDATE log.events SET client_id = {OTHER} WHERE position = 2", [(2, 2)]),
    "no client": ("UPDATE log.events SET client_id = NULL WHERE position = 2", [(2, 2)]),
    "item": (f"UPDATE log.events SET item_id = {OTHER} WHERE position = 2", [(2, 2)]),
    "time": ("UPDATE log.events SET occurred_at = occurred_at + interval '1 microsecond' WHERE position = 2", [(2, 2)]),
}
FLIPS = int(os.environ.get("LEADSTREAM_FLIPS", "24"))
TAMPERED = int(os.environ.get("LEADSTREAM_TAMPERED", "26"))
EVENTS = 400


@pytest.mark.parametrize(("statement", "expected"), TAMPERING.values(), ids=TAMPERING)
async def test_tampering_with_the_log_is_found(
    servers: Servers, database: str, statement: str, expected: list[tuple[int, int]]
) -> None:
    await append(servers, database, registrations(5))
    async with connected(servers.admin_url(database)) as connection:
        assert (await check_log(connection)).damages == []
        await tamper(servers, database, statement)
        found = await check_log(connection)
    assert [(damage.first, damage.last) for damage in found.damages] == expected


# What is done to one row: every column, one character of the body, one bit of the hash, the row itself.
CHANGES = (
    "UPDATE log.events SET id = gen_random_uuid() WHERE position = {at}",
    "UPDATE log.events SET type = type || ' ' WHERE position = {at}",
    "UPDATE log.events SET slot = (slot + 1) % 64 WHERE position = {at}",
    "UPDATE log.events SET tenant_id = gen_random_uuid() WHERE position = {at}",
    "UPDATE log.events SET client_id = NULL WHERE position = {at}",
    "UPDATE log.events SET batch_id = gen_random_uuid() WHERE position = {at}",
    "UPDATE log.events SET item_id = gen_random_uuid() WHERE position = {at}",
    "UPDATE log.events SET entity_id = gen_random_uuid() WHERE position = {at}",
    "UPDATE log.events SET occurred_at = occurred_at - interval '1 microsecond' WHERE position = {at}",
    "UPDATE log.events SET body = overlay(body placing '~' from {byte} for 1) WHERE position = {at}",
    "UPDATE log.events SET chain = set_bit(chain, {byte}, 1 - get_bit(chain, {byte})) WHERE position = {at}",
    "UPDATE log.events SET position = position + 10000 WHERE position = {at}",
    "DELETE FROM log.events WHERE position = {at}",
)


async def test_whatever_is_done_to_whichever_row_is_found_there(servers: Servers, database: str) -> None:
    """Each change alone, and taken back; LEADSTREAM_TAMPERED=200 tries more rows."""
    chance = random.Random(11)
    await append(servers, database, registrations(EVENTS))
    async with connected(servers.admin_url(database)) as connection:
        for number in range(TAMPERED):
            at, byte = chance.randrange(1, EVENTS + 1), chance.randrange(1, 200)
            statement = CHANGES[number % len(CHANGES)].format(at=at, byte=byte)
            async with connection.transaction(force_rollback=True):
                await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
                assert (await connection.execute(statement.encode())).rowcount == 1
                found = await check_log(connection)
            assert at in {damage.first for damage in found.damages}, statement
        assert (await check_log(connection)).damages == []


async def test_more_damages_than_are_listed_are_counted(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(300))
    await tamper(servers, database, "UPDATE log.events SET type = 'BatchPaused' WHERE position % 2 = 0")
    async with connected(servers.admin_url(database)) as connection:
        found = await check_log(connection)
    assert (found.positions, len(found.damages)) == (150, 100)


@pytest.mark.timeout(180 + 10 * FLIPS)
async def test_every_flipped_bit_in_the_stream_s_store_is_found(
    servers: Servers, database: str, tmp_path: Path
) -> None:
    """A stream of its own, stopped; then again and again one bit of its blocks flipped and the server started."""
    chance = random.Random(7)
    await append(servers, database, registrations(EVENTS))
    server = Nats(tmp_path / "nats", free_ports(1)[0], dict.fromkeys(NATS_USERS, "password"))
    with running(server):
        await provision_streams(server.url("provision"))
        await fill(servers, database, server)
        assert (await compare(servers.admin_url(database), server.url("service"))).identical
    whole, told = tmp_path / "whole", Counter[str]()
    shutil.move(server.folder / "data", whole)
    for _ in range(FLIPS):
        shutil.copytree(whole, server.folder / "data")
        where = flip_a_bit(server.folder / "data", chance)
        told[await what_is_told(servers, database, server, where)] += 1
        shutil.rmtree(server.folder / "data")
    print(f"{FLIPS} bits flipped: {dict(told)}")
    assert told["named by verify"] >= FLIPS / 2, told


async def what_is_told(servers: Servers, database: str, server: Nats, where: str) -> str:
    """How one flipped bit shows when the server is started on it."""
    try:
        with running(server):
            verdict = await compare(servers.admin_url(database), server.url("service"))
    except ServerFailed:
        await move_the_stream_away(servers, database, server)
        return "the server does not come up"
    assert not verdict.identical or verdict.last < EVENTS, where
    return "cut off there, to be copied again" if verdict.identical else "named by verify"


async def move_the_stream_away(servers: Servers, database: str, server: Nats) -> None:
    """What docs/operations/alarms.md says of a server that does not come up."""
    shutil.rmtree(server.folder / "data" / "jetstream" / "$G" / "streams" / "EVENTS")
    with running(server):
        await provision_streams(server.url("provision"))
        await fill(servers, database, server)
        assert (await compare(servers.admin_url(database), server.url("service"))).identical


@contextmanager
def running(server: Nats) -> Iterator[None]:
    """A NATS server while the block runs. Raises ServerFailed when it does not come up: on a damaged length it may
    go on allocating for ever, so it is not waited for long."""
    process = server.start()
    try:
        server.wait(process, seconds=20)
        yield
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    finally:
        process.kill()
        process.wait()


async def fill(servers: Servers, database: str, server: Nats, upto: int = EVENTS) -> None:
    settings = Settings.model_validate(
        {"database_url": servers.role_url("relay", database), "nats_url": server.url("relay")}
    )
    stop = asyncio.Event()
    copying = asyncio.create_task(relay.run(settings, stop))
    async with asyncio.timeout(60):
        while (await compare(servers.admin_url(database), server.url("service"))).last < upto:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.set()
    await copying


def flip_a_bit(folder: Path, chance: random.Random) -> str:
    blocks = [path for path in folder.rglob("*.blk") if "EVENTS" in path.parts and path.stat().st_size]
    block = chance.choice(sorted(blocks))
    content = bytearray(block.read_bytes())
    at, bit = chance.randrange(len(content)), chance.randrange(8)
    content[at] ^= 1 << bit
    block.write_bytes(content)
    return f"bit {bit} of byte {at} of {len(content)} in {block.name}"
