"""The machine: one batch, one transaction; what cannot be handled is dead-lettered, and replay agrees."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import count, pairwise

import psycopg
import pytest
from structlog.testing import capture_logs

from cli.folding import definition, of_other_shape
from shared.envelope import MAX_EVENT_BYTES, Emit, Event, from_json
from shared.events import BatchCompleted
from shared.runtime.database import Connection
from shared.runtime.definition import OtherShape
from shared.runtime.log import Message
from shared.runtime.machine import MANY, Machine
from shared.runtime.projection import Verdict, rebuild, undo, verify
from tests.integration.counting import NAME, Faults, State, checkpoint, counting, counts, in_its_schema
from tests.integration.log_harness import append, event, logged, registered
from tests.running_servers import Servers


def machine_of(faults: Faults) -> Machine[State]:
    return Machine(counting(faults), retry_attempts=3, retry_base_seconds=0.001)


async def messages(servers: Servers, database: str, *names: str) -> list[Message]:
    """Register clients of these names; what the reader would deliver of it all."""
    await append(servers, database, [registered(name) for name in names])
    return await logged(servers, database, ["ClientRegistered"])


async def emitted(servers: Servers, database: str, kind: str = "BatchCompleted") -> list[Event]:
    return [from_json(body, position) for position, body in await logged(servers, database, [kind])]


async def fail() -> None:
    raise psycopg.OperationalError("the connection is lost")


async def test_a_batch_changes_tables_checkpoint_and_log_together(
    servers: Servers, database: str, connection: Connection
) -> None:
    machine = machine_of(Faults())
    assert await machine.start(connection) == 0
    await machine.apply(connection, await messages(servers, database, "a", "b", "a"))
    assert await counts(servers, database) == {"a": 2, "b": 1}
    assert (await checkpoint(servers, database), machine.position) == (3, 3)
    (said,) = await emitted(servers, database)
    assert (said.position, said.payload.completed, said.actor) == (4, 2, machine.actor)
    cause = from_json((await logged(servers, database))[2][1])
    assert (said.causation_id, said.tenant_id, said.client_id) == (cause.id, cause.tenant_id, cause.client_id)
    assert machine.committed.is_set()


async def test_a_failing_save_changes_nothing(servers: Servers, database: str, connection: Connection) -> None:
    faults = Faults(on_save=fail)
    machine = machine_of(faults)
    await machine.start(connection)
    batch = await messages(servers, database, "a", "a")
    with pytest.raises(psycopg.OperationalError):
        await machine.apply(connection, batch)
    assert (await counts(servers, database), await checkpoint(servers, database)) == ({}, 0)
    assert await emitted(servers, database) == []
    faults.on_save = None
    await machine.apply(connection, batch)
    assert (await counts(servers, database), await checkpoint(servers, database)) == ({"a": 2}, 2)


async def test_an_error_leaves_nothing_of_the_batch_in_memory(
    servers: Servers, database: str, connection: Connection
) -> None:
    faults = Faults()
    machine = machine_of(faults)
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, "a"))
    faults.on_save = fail
    batch = (await messages(servers, database, "a"))[1:]
    for _ in range(3):
        with pytest.raises(psycopg.OperationalError):
            await machine.apply(connection, batch)
    faults.on_save = None
    await machine.apply(connection, batch)
    assert await counts(servers, database) == {"a": 2}


async def test_a_repeated_batch_appends_nothing_twice(servers: Servers, database: str, connection: Connection) -> None:
    batch = await messages(servers, database, "a", "a", "b", "b")
    for _ in range(2):
        machine = machine_of(Faults())
        await machine.start(connection)
        await machine.apply(connection, batch)
        assert await counts(servers, database) == {"a": 2, "b": 2}
        assert len(await emitted(servers, database)) == 2
        await connection.execute("TRUNCATE counter, checkpoint")
        await connection.commit()


async def test_of_two_machines_the_second_is_refused_and_starts_anew(
    servers: Servers, database: str, connection: Connection
) -> None:
    one, two = machine_of(Faults()), machine_of(Faults())
    async with in_its_schema(servers, database) as other:
        await one.start(connection)
        await two.start(other)
        batch = await messages(servers, database, "a", "a")
        await one.apply(connection, batch)
        with pytest.raises(psycopg.Error) as refusal:
            await two.apply(other, batch)
        assert refusal.value.sqlstate == "LS001"
        assert await two.start(other) == 2
        await two.apply(other, (await messages(servers, database, "a"))[2:])
    assert await counts(servers, database) == {"a": 3}
    assert len(await emitted(servers, database)) == 1


async def test_a_poison_event_is_dead_lettered_and_its_neighbours_go_through(
    servers: Servers, database: str, connection: Connection
) -> None:
    faults = Faults(poison="bad")
    machine = machine_of(faults)
    await machine.start(connection)
    batch = await messages(servers, database, "a", "bad", "a")
    with capture_logs() as said:
        await machine.apply(connection, batch)
    assert await counts(servers, database) == {"a": 2}
    assert await checkpoint(servers, database) == 3
    assert faults.attempts == 2, "once in the batch, then alone"
    (letter,) = await emitted(servers, database, "EventDeadLettered")
    assert (letter.payload.service, letter.payload.position) == (NAME, 2)
    assert letter.payload.event_id == letter.causation_id == from_json(batch[1][1]).id
    assert letter.payload.event_type == "ClientRegistered"
    assert (letter.payload.attempts, letter.payload.error) == (1, "ValueError: bad cannot be counted")
    about = {"batch_id": letter.batch_id, "item_id": letter.item_id, "correlation_id": letter.correlation_id}
    assert [about.items() <= line.items() for line in said if line["event"] == "event dead-lettered"] == [True]
    # The fault is gone since then, as if the program was mended: replay still leaves the event out.
    await _is_identical(servers, database, Faults())


async def test_what_would_say_more_than_the_stream_takes_is_dead_lettered(
    servers: Servers, database: str, connection: Connection
) -> None:
    def decide(_: State, event: Event) -> Iterator[Emit]:
        length = MAX_EVENT_BYTES if event.payload.name == "b" else 1
        yield Emit(BatchCompleted(completed=length, failed=0), role="x", entity_id="0" * length)

    machine = Machine(replace(counting(), decide=decide), retry_attempts=0)
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, "a", "b", "c"))
    assert await counts(servers, database) == {"a": 1, "c": 1}
    (letter,) = await emitted(servers, database, "EventDeadLettered")
    assert (letter.payload.position, "EventTooLarge" in letter.payload.error) == (2, True)


async def test_an_unreadable_event_is_dead_lettered_at_once(
    servers: Servers, database: str, connection: Connection
) -> None:
    unreadable = [event("ClientRegistered", {"nam": "a"}), event("ClientRegistered", None)]
    await append(servers, database, [registered("a"), *unreadable])
    machine = machine_of(Faults())
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, "a"))
    assert await counts(servers, database) == {"a": 2}
    letters = [letter.payload for letter in await emitted(servers, database, "EventDeadLettered")]
    assert [(letter.position, letter.attempts) for letter in letters] == [(2, 1), (3, 1)]
    assert letters[0].error == "UnreadableEvent: ClientRegistered: payload.name: Field required"
    await _is_identical(servers, database, Faults())


async def test_an_error_of_the_database_inside_a_batch_is_retried_alone(
    servers: Servers, database: str, connection: Connection
) -> None:
    await connection.execute("ALTER TABLE counter ADD CHECK (name <> 'never')")
    await connection.commit()
    machine = machine_of(Faults())
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, "a", "never", "b"))
    assert await counts(servers, database) == {"a": 1, "b": 1}
    (letter,) = await emitted(servers, database, "EventDeadLettered")
    assert (letter.payload.position, letter.payload.error[:15]) == (2, "CheckViolation:")


async def test_events_that_take_long_are_taken_fewer_at_once(
    servers: Servers, database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leader that folds for seconds on end is silent, and would be replaced before it has told of anything."""
    monkeypatch.setattr("shared.runtime.machine.FOLD_SECONDS", 0.2)
    faults, sizes = Faults(seconds=0.08), []
    machine = machine_of(faults)
    machine.observe = lambda events, _: sizes.append(len(events))
    await machine.start(connection)
    slow = await messages(servers, database, *"abababababab")
    await machine.apply(connection, slow)
    assert len(sizes) > 2
    assert set(sizes[:-1]) <= {1, 2, 3}, "as many as fit into the time, and more only where they take far less"
    before, faults.seconds = len(sizes), 0.0
    monkeypatch.setattr("shared.runtime.machine.FOLD_SECONDS", 5.0)
    await machine.apply(connection, (await messages(servers, database, *"abababababab"))[12:])
    quick = sizes[before:]
    assert quick[1] == 2 * quick[0], "and more again once they are quick"
    assert (sum(sizes), await counts(servers, database)) == (24, {"a": 12, "b": 12})
    assert len(await emitted(servers, database)) == 12


async def test_while_a_batch_is_folded_others_have_their_turns(
    servers: Servers, database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.machine.FOLD_SECONDS", 60.0)
    definition, turns, before = counting(Faults(seconds=0.06)), count(), list[int]()

    def evolve(state: State, happened: Event) -> None:
        before.append(next(turns))
        definition.evolve(state, happened)

    async def another() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0)

    machine = Machine(replace(definition, evolve=evolve))
    await machine.start(connection)
    slow = await messages(servers, database, *"abcde")
    beside = asyncio.create_task(another())
    await machine.apply(connection, slow)
    beside.cancel()
    assert len(before) == 5
    assert all(later > earlier + 1 for earlier, later in pairwise(before))


async def test_what_is_about_many_rows_is_folded_beside_and_in_order(
    servers: Servers, database: str, connection: Connection
) -> None:
    definition, where = counting(), list[tuple[str, bool]]()

    def evolve(state: State, happened: Event) -> None:
        where.append((happened.payload.name, threading.current_thread() is threading.main_thread()))
        definition.evolve(state, happened)

    def touched(state: State, happened: Event) -> int:
        return MANY if happened.payload.name == "b" else 0

    machine = Machine(replace(definition, evolve=evolve, touched=touched))
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, *"aabba"))
    assert where == [("a", True), ("a", True), ("b", False), ("b", False), ("a", True)]
    assert await counts(servers, database) == {"a": 3, "b": 2}
    assert [said.payload.completed for said in await emitted(servers, database)] == [2, 2]


async def test_tables_of_another_shape_are_refused(servers: Servers, database: str, connection: Connection) -> None:
    url, ours = servers.admin_url(database), "UPDATE checkpoint SET shape = %s"
    assert await of_other_shape(url) == [], "no tables are none of another shape"
    await machine_of(Faults()).start(connection)
    await connection.execute(ours, ("another",))
    with pytest.raises(OtherShape, match="leadstream rebuild sequencer"):
        await machine_of(Faults()).has_tables(connection)
    await connection.commit()
    assert await of_other_shape(url) == [NAME]
    await connection.execute(ours, (definition(NAME).shape,))
    await connection.commit()
    assert await of_other_shape(url) == []


@pytest.mark.parametrize("act", [rebuild, undo])
async def test_tables_of_another_shape_that_are_replaced_are_not_brought_back(
    servers: Servers, database: str, connection: Connection, act: Callable[..., Awaitable[Verdict]]
) -> None:
    url = servers.admin_url(database)
    machine = machine_of(Faults())
    await machine.start(connection)
    await machine.apply(connection, await messages(servers, database, *"ab"))
    assert (await rebuild(url, counting())).undoable
    async with in_its_schema(servers, database) as anew:
        await anew.execute("UPDATE checkpoint SET shape = 'another'")
        await anew.commit()
    verdict = await act(url, counting())
    assert (verdict.undoable, verdict.rows) == (False, {"counter": 2})
    with pytest.raises(OtherShape):
        await undo(url, counting())


async def _is_identical(servers: Servers, database: str, faults: Faults) -> None:
    verdict = await verify(servers.admin_url(database), counting(faults))
    assert (verdict.differences, verdict.different_rows) == ([], 0)
