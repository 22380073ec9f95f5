"""Nothing is made of a log that is not whole, and nothing is swapped in that leaves an event out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cli.checks import report_of
from cli.folding import fold_all
from shared.runtime import projection
from shared.runtime.integrity import check_log
from shared.runtime.machine import Definition, Machine
from shared.runtime.projection import Verdict, as_of, old_schema, rebuild, rebuild_schema, undo, whole_log
from shared.runtime.proof import Damaged, first_damage
from shared.runtime.refusals import Impossible
from shared.runtime.shadow import opened
from tests.integration.counting import NAME, Faults, State, counting, counts, in_its_schema
from tests.integration.damaging import tamper
from tests.integration.log_harness import append, connected, logged, registered, registrations
from tests.running_servers import Servers

Act = Callable[[str, Definition[Any]], Awaitable[Verdict]]
ONE_GONE = "DELETE FROM log.events WHERE position = 3"
DAMAGE = {
    "one gone": (ONE_GONE, 3),
    "the first gone": ("DELETE FROM log.events WHERE position = 1", 1),
    "the end gone": ("DELETE FROM log.events WHERE position >= 5", 5),
    "all gone": ("DELETE FROM log.events", 1),
    "body": ("UPDATE log.events SET body = replace(body, 'client 1', 'client 7') WHERE position = 2", 2),
    "hash": ("UPDATE log.events SET chain = '\\x00' WHERE position = 6", 6),
    "type": ("UPDATE log.events SET type = 'BatchPaused' WHERE position = 4", 4),
}


async def counted(servers: Servers, database: str) -> None:
    """What the service does with the log there is."""
    async with in_its_schema(servers, database) as connection:
        machine: Machine[State] = Machine(counting())
        after = await machine.start(connection)
        found = await logged(servers, database, ["ClientRegistered"])
        await machine.apply(connection, [message for message in found if message[0] > after])


@pytest.mark.parametrize(("statement", "position"), DAMAGE.values(), ids=DAMAGE)
async def test_the_first_damage_is_found(servers: Servers, database: str, statement: str, position: int) -> None:
    url = servers.admin_url(database)
    await append(servers, database, registrations(6))
    async with connected(url) as connection:
        assert await first_damage(connection, 0, 6) is None
        assert await whole_log(url, 6) == 6
        await tamper(servers, database, statement)
        assert await first_damage(connection, 0, 6) == position == (await check_log(connection)).damages[0].first
        assert await first_damage(connection, 0, position - 1) is None
    with pytest.raises(Impossible, match=f"damaged at {position}: run `leadstream repair` first"):
        await whole_log(url, 6)


@pytest.mark.parametrize("act", [rebuild, undo])
async def test_nothing_is_swapped_in_of_a_damaged_log(servers: Servers, database: str, act: Act) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "aabacc"])
    await counted(servers, database)
    await rebuild(url, counting())
    before = await counts(servers, database)
    await tamper(servers, database, ONE_GONE)
    with pytest.raises(Impossible, match="the log is damaged at 3: run `leadstream repair` first"):
        await act(url, counting())
    assert await counts(servers, database) == before


async def test_what_was_damaged_since_an_undone_rebuild_stops_the_undo(servers: Servers, database: str) -> None:
    """The old tables hold the log up to 4, and what they would be brought up to date with is gone."""
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "aba"])
    await counted(servers, database)
    await rebuild(url, counting())
    await append(servers, database, [registered(name) for name in "cd"])
    await counted(servers, database)
    await tamper(servers, database, "DELETE FROM log.events WHERE position = 5")
    with pytest.raises(Impossible, match="damaged at 5"):
        await undo(url, counting())
    async with connected(url) as connection:
        cursor = await connection.execute(f"SELECT position FROM {old_schema(NAME)}.checkpoint".encode())
        assert await cursor.fetchone() == (3,)


async def test_damage_that_comes_about_meanwhile_is_not_folded(servers: Servers, database: str) -> None:
    url = servers.admin_url(database)
    await append(servers, database, registrations(6))
    await counted(servers, database)
    async with opened(url, counting(), rebuild_schema(NAME), proved=2) as shadow:
        await shadow.begin()
        await shadow.fold(2)
        await tamper(servers, database, ONE_GONE)
        with pytest.raises(Damaged):
            await shadow.fold(6)
        assert shadow.position == 2


async def test_services_together_are_refused_before_they_fold(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(6))
    await tamper(servers, database, ONE_GONE)
    with pytest.raises(Impossible, match="damaged at 3"):
        await fold_all(servers.admin_url(database), "rebuild", {"ingest": rebuild_schema("ingest")}, show=False)


async def test_a_look_at_a_damaged_log_says_so(servers: Servers, database: str) -> None:
    url = servers.admin_url(database)
    await append(servers, database, registrations(6))
    assert (await as_of(url, counting(), 6, "whole")).damaged is None
    await tamper(servers, database, ONE_GONE)
    assert (await as_of(url, counting(), 6, "damaged")).damaged == 3


async def _without_b(servers: Servers, database: str, schema: str, lock: str | None = None) -> None:
    """What a fold leaves that was interrupted after an event that it could not fold."""
    async with opened(servers.admin_url(database), counting(), schema, lock=lock) as shadow:
        await shadow.begin()
        shadow.definition = counting(Faults(poison="b"))
        shadow._machine.definition = shadow.definition
        await shadow.fold(4)
        assert list(shadow.failures) == [3]


async def test_who_goes_on_with_a_rebuild_knows_what_was_left_out(servers: Servers, database: str) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "aabacc"])
    await counted(servers, database)
    await _without_b(servers, database, rebuild_schema(NAME), lock=NAME)
    with pytest.raises(Impossible, match="cannot fold the event at position 3: ValueError: b cannot be counted"):
        await rebuild(url, counting())
    assert await counts(servers, database) == {"a": 3, "b": 1, "c": 2}
    await rebuild(url, counting())
    async with connected(url) as connection:
        cursor = await connection.execute(f"SELECT to_regclass('{NAME}.left_out')".encode())
        assert await cursor.fetchone() == (None,)


async def test_who_goes_on_with_a_look_knows_what_was_left_out(servers: Servers, database: str) -> None:
    await append(servers, database, [registered(name) for name in "aabacc"])
    await _without_b(servers, database, "look")
    verdict = await as_of(servers.admin_url(database), counting(), 6, "look")
    assert (verdict.rows, list(verdict.failures)) == ({"counter": 2}, [3])


async def test_what_cannot_be_folded_is_not_brought_back(servers: Servers, database: str) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "aac"])
    await counted(servers, database)
    await rebuild(url, counting())
    assert (await undo(url, counting())).rows == {"counter": 2}
    await append(servers, database, [registered("b")])
    await counted(servers, database)
    for _ in range(2):
        with pytest.raises(Impossible, match="cannot fold the event at position 5: ValueError: b cannot be counted"):
            await undo(url, counting(Faults(poison="b")))
    assert await counts(servers, database) == {"a": 2, "b": 1, "c": 1}


async def test_an_undo_that_is_stopped_while_it_counts_has_changed_nothing(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "aac"])
    await counted(servers, database)
    async with connected(url) as connection:
        await connection.execute(f"UPDATE {NAME}.counter SET count = 9 WHERE name = 'a'".encode())
    await rebuild(url, counting())

    async def stopped(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(projection, "counted", stopped)
        with pytest.raises(asyncio.CancelledError):
            await undo(url, counting())
    assert await counts(servers, database) == {"a": 2, "c": 1}
    await undo(url, counting())
    assert await counts(servers, database) == {"a": 9, "c": 1}


def test_nothing_is_called_identical_that_was_not_compared() -> None:
    same, alone = Verdict("ingest", 3, 3, compared=True), Verdict("projector", 3, 3)
    assert [report_of(verdicts)["identical"] for verdicts in ([same], [alone], [same, alone])] == [True, None, None]
    assert report_of([alone, Verdict("ingest", 3, 3, failures={2: "no"})])["identical"] is False
