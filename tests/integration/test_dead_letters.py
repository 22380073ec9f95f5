"""A service and its dead letters, on a real log: set aside, tried again by itself or by hand, and verify agrees."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.dead_letters import settling
from shared.envelope import Event, from_json
from shared.events import DeadLetterResolved, DeadLetterRetried
from shared.ids import new_id, to_hex
from shared.runtime import log
from shared.runtime.database import Connection
from shared.runtime.dead_letters import retry_due
from shared.runtime.machine import Machine
from shared.runtime.projection import verify
from tests.integration.counting import NAME, Faults, State, checkpoint, counting, counts
from tests.integration.log_harness import append, connected, event, eventually, logged, registered
from tests.running_servers import Servers

ACTOR = "actor_00000000000000000000000001"


async def started(connection: Connection, faults: Faults, **settings: Any) -> Machine[State]:
    machine = Machine(counting(faults), **settings)
    await machine.start(connection)
    return machine


async def read_on(machine: Machine[State], connection: Connection, servers: Servers, database: str) -> None:
    """Take what the log has and the machine has not."""
    found = await logged(servers, database, machine.definition.reads)
    if messages := [message for message in found if message[0] > machine.position]:
        await machine.apply(connection, messages)


def about(client_id: str, *names: str) -> list[Event]:
    return [replace(registered(name), client_id=client_id) for name in names]


async def letters(servers: Servers, database: str) -> list[Event]:
    return [from_json(body, position) for position, body in await logged(servers, database, ["EventDeadLettered"])]


async def settle(servers: Servers, database: str, kind: type, position: int) -> None:
    """What a person's command does."""
    letter = [letter for letter in await letters(servers, database) if letter.payload.position == position][-1]
    payload = kind(NAME, position, letter.payload.event_id, "seen to")
    await append(servers, database, [settling(letter, payload, datetime.now(UTC), ACTOR)])


async def is_identical(servers: Servers, database: str) -> None:
    """The fault is gone, as if the program was mended: replay comes out as it was all the same."""
    verdict = await verify(servers.admin_url(database), counting())
    assert (verdict.differences, verdict.different_rows) == ([], 0)


async def test_what_comes_later_about_the_same_waits_and_is_taken_in_order_after_a_retry(
    servers: Servers, database: str, connection: Connection
) -> None:
    one, other = new_id("client"), new_id("client")
    faults = Faults(poison="bad")
    machine = await started(connection, faults)
    await append(servers, database, [*about(one, "a", "bad", "b", "b"), *about(other, "a", "c")])
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 2, "c": 1}
    assert await checkpoint(servers, database) == 6
    await is_identical(servers, database)

    faults.poison = None
    machine = await started(connection, faults)
    await append(servers, database, about(one, "b"))
    await settle(servers, database, DeadLetterRetried, 2)
    await append(servers, database, about(one, "d"))
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 2, "b": 3, "bad": 1, "c": 1, "d": 1}
    assert not machine.letters.open
    await is_identical(servers, database)


async def test_an_event_that_postgresql_cannot_store_is_set_aside_too(
    servers: Servers, database: str, connection: Connection
) -> None:
    """It has the log take a character that none of its types but text has."""
    machine = await started(connection, Faults())
    *columns, body = log.columns([registered("a"), registered("no NUL"), registered("a")])
    async with connected(servers.role_url("ingest", database)) as ingest:
        await log.send(ingest, (*columns, body.replace("no NUL", "a \\u0000")))
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 2}
    (letter,) = await letters(servers, database)
    assert (letter.payload.position, list(machine.letters.open)) == (2, [2])
    await settle(servers, database, DeadLetterResolved, 2)
    machine = await started(connection, Faults())
    await read_on(machine, connection, servers, database)
    assert not machine.letters.open


async def test_what_follows_from_a_retried_event_is_said_once(
    servers: Servers, database: str, connection: Connection
) -> None:
    faults = Faults(poison="bad")
    machine = await started(connection, faults)
    await append(servers, database, [registered("bad"), registered("bad")])
    await read_on(machine, connection, servers, database)
    faults.poison = None
    await settle(servers, database, DeadLetterRetried, 1)
    await settle(servers, database, DeadLetterRetried, 2)
    for _ in range(2):
        await settle(servers, database, DeadLetterRetried, 2)
        await read_on(machine, connection, servers, database)
    (said,) = [from_json(body) for _, body in await logged(servers, database, ["BatchCompleted"])]
    second = from_json((await logged(servers, database))[1][1])
    assert (said.payload.completed, said.causation_id) == (2, second.id)
    await is_identical(servers, database)


async def test_a_resolved_event_stays_out_and_a_retry_that_fails_says_so_again(
    servers: Servers, database: str, connection: Connection
) -> None:
    one = new_id("client")
    machine = await started(connection, Faults(poison="bad"))
    await append(servers, database, about(one, "bad", "a", "bad", "c"))
    await read_on(machine, connection, servers, database)
    await settle(servers, database, DeadLetterRetried, 1)
    await read_on(machine, connection, servers, database)
    assert [(said.payload.position, said.payload.attempts) for said in await letters(servers, database)] == [
        (1, 1),
        (1, 2),
    ]
    await settle(servers, database, DeadLetterResolved, 1)
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 1}, "the next one of the same client fails in its turn"
    await settle(servers, database, DeadLetterResolved, 3)
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 1, "c": 1}
    await is_identical(servers, database)


async def test_a_poison_event_is_tried_five_times_and_holds_nobody_up(
    servers: Servers, database: str, connection: Connection
) -> None:
    faults = Faults(poison="bad")
    machine = await started(connection, faults, retry_base_seconds=0.05)
    url = servers.role_url(NAME, database)
    retrying = asyncio.create_task(retry_due(url, machine.letters))
    await append(servers, database, [registered("bad"), registered("a")])

    async def tried() -> int:
        await read_on(machine, connection, servers, database)
        return len(await letters(servers, database))

    assert await tried() == 1
    assert await counts(servers, database) == {"a": 1}, "before any second try"
    await eventually(tried, lambda count: count == 5)
    for _ in range(15):
        await asyncio.sleep(0.1)
        assert await tried() == 5, "and no more by itself"
    retrying.cancel()
    with suppress(asyncio.CancelledError):
        await retrying
    said = await letters(servers, database)
    pauses = [(letter.payload.retry_at - letter.occurred_at).total_seconds() for letter in said[:4]]
    assert pauses == sorted(pauses)
    assert said[4].payload.retry_at is None
    await is_identical(servers, database)


async def test_an_event_that_only_needs_time_is_taken_by_itself(
    servers: Servers, database: str, connection: Connection
) -> None:
    failures = iter([ValueError("first"), KeyError("second"), KeyError("third")])

    async def fail_thrice() -> None:
        for failure in failures:
            raise failure

    machine = await started(connection, Faults(on_save=fail_thrice), retry_base_seconds=0.01)
    retrying = asyncio.create_task(retry_due(servers.role_url(NAME, database), machine.letters))
    await append(servers, database, [registered("a"), registered("a")])

    async def counted() -> dict[str, int]:
        await read_on(machine, connection, servers, database)
        return await counts(servers, database)

    await eventually(counted, lambda found: found == {"a": 2})
    retrying.cancel()
    await is_identical(servers, database)


@pytest.mark.parametrize("payload", [{"nam": "a"}, None])
async def test_an_unreadable_event_waits_for_a_person_and_can_be_resolved(
    servers: Servers, database: str, connection: Connection, payload: Any
) -> None:
    one = new_id("client")
    unreadable = replace(event("ClientRegistered", payload), client_id=one)
    machine = await started(connection, Faults())
    await append(servers, database, [unreadable, *about(one, "a"), unreadable_again(unreadable)])
    await read_on(machine, connection, servers, database)
    assert [said.payload.retry_at for said in await letters(servers, database)] == [None, None]
    assert await counts(servers, database) == {}
    await settle(servers, database, DeadLetterRetried, 1)
    await read_on(machine, connection, servers, database)
    await settle(servers, database, DeadLetterResolved, 1)
    await read_on(machine, connection, servers, database)
    assert (await counts(servers, database), set(machine.letters.open)) == ({"a": 1}, {3})
    await is_identical(servers, database)


def unreadable_again(earlier: Event) -> Event:
    return replace(earlier, id=new_id("evt"))


@pytest.mark.parametrize("kind", [DeadLetterRetried, DeadLetterResolved])
async def test_who_looks_from_beside_the_fold_sees_what_is_held_as_it_is_committed(
    servers: Servers, database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    """What a settlement releases is not in the tables before: until then it waits."""
    one, seen, move = new_id("client"), [], Machine.move

    async def noting(machine: Machine[State], connection: Connection, position: int) -> None:
        seen.append((list(machine.letters.held), machine.letters.subjects("client")))
        await move(machine, connection, position)

    faults = Faults(poison="bad")
    machine = await started(connection, faults)
    await append(servers, database, about(one, "a", "bad", "b"))
    await read_on(machine, connection, servers, database)
    assert machine.letters.subjects("client") == [to_hex(one)]
    faults.poison = None
    await settle(servers, database, kind, 2)
    monkeypatch.setattr(Machine, "move", noting)
    await read_on(machine, connection, servers, database)
    assert seen == [([], [to_hex(one)])]
    assert machine.letters.subjects("client") == []


async def test_a_restart_in_between_changes_nothing(servers: Servers, database: str, connection: Connection) -> None:
    one = new_id("client")
    faults = Faults(poison="bad")
    steps: Sequence[list[Event]] = [about(one, "bad", "a"), about(one, "a"), [registered("c")]]
    for step in steps:
        machine = await started(connection, faults)
        await append(servers, database, step)
        await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"c": 1}
    machine = await started(connection, Faults())
    await settle(servers, database, DeadLetterRetried, 1)
    await read_on(machine, connection, servers, database)
    machine = await started(connection, Faults())
    await append(servers, database, about(one, "a"))
    await read_on(machine, connection, servers, database)
    assert await counts(servers, database) == {"a": 3, "bad": 1, "c": 1}
    await is_identical(servers, database)
