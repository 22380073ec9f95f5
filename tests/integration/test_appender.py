"""The appender: many callers, few transactions; who is told `appended` is on disk, whatever happens to the server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import pytest
from psycopg import errors

from chaos.links import Link
from shared.envelope import MAX_EVENT_BYTES, Event, EventTooLarge, from_json
from shared.runtime import log
from shared.runtime.appender import MAX_EVENTS, Appender, Unavailable
from shared.runtime.ports import free_ports
from tests.integration.log_harness import connected, event, eventually, logged, registered, registrations
from tests.running_servers import Servers

# Long for a patience of half a second, and short of the ten that psycopg asks a server to leave off.
IN_TIME = 8.0


@asynccontextmanager
async def closing(appender: Appender) -> AsyncIterator[Appender]:
    try:
        yield appender
    finally:
        await appender.close()


@asynccontextmanager
async def through_a_link(servers: Servers) -> AsyncIterator[Link]:
    """A way to PostgreSQL that can be stopped."""
    link = Link("silent", int(servers.postgres_at.rpartition(":")[2]))
    listening = await link.open()
    try:
        yield link
    finally:
        await link.cut()
        listening.close()


@pytest.fixture
async def appender(servers: Servers, database: str) -> AsyncIterator[Appender]:
    async with closing(Appender(servers.role_url("ingest", database), "test")) as appender:
        yield appender


async def transactions(servers: Servers, database: str) -> int:
    """How many transactions wrote the log."""
    async with connected(servers.admin_url(database)) as connection:
        row = await (await connection.execute("SELECT count(DISTINCT xmin::text) FROM log.events")).fetchone()
        assert row is not None
        return int(row[0])


async def ids(servers: Servers, database: str) -> list[str]:
    return [from_json(body).id for _, body in await logged(servers, database)]


async def test_concurrent_callers_share_transactions(servers: Servers, database: str, appender: Appender) -> None:
    events = registrations(200)
    positions = await asyncio.gather(*(appender.append([event]) for event in events))
    assert await ids(servers, database) == [event.id for event in events]
    assert all(position >= number for number, position in enumerate(positions, start=1))
    assert await transactions(servers, database) <= 3


async def test_one_after_the_other_each_has_its_own(servers: Servers, database: str, appender: Appender) -> None:
    for number in range(1, 6):
        assert await appender.append(registrations(1)) == number
    assert await transactions(servers, database) == 5


async def test_a_transaction_does_not_grow_without_end(servers: Servers, database: str, appender: Appender) -> None:
    await asyncio.gather(*(appender.append(registrations(MAX_EVENTS // 4)) for _ in range(12)))
    assert len(await ids(servers, database)) == 3 * MAX_EVENTS
    assert await transactions(servers, database) >= 3


async def test_what_one_caller_appends_stays_together_and_in_order(
    servers: Servers, database: str, appender: Appender
) -> None:
    groups = [registrations(7) for _ in range(30)]
    await asyncio.gather(*(appender.append(group) for group in groups))
    assert await ids(servers, database) == [event.id for group in groups for event in group]


async def test_a_refused_event_does_not_take_its_neighbours_along(
    servers: Servers, database: str, appender: Appender
) -> None:
    good = registrations(10)
    calls = [*good[:5], event("StepScheduled", {}), *good[5:]]
    results = await asyncio.gather(*(appender.append([each]) for each in calls), return_exceptions=True)
    assert isinstance(results.pop(5), errors.InsufficientPrivilege)
    assert all(isinstance(result, int) for result in results)
    assert await ids(servers, database) == [each.id for each in good]
    assert await appender.append(registrations(1)) == 11


async def test_an_event_that_the_stream_would_not_take_is_refused_alone(
    servers: Servers, database: str, appender: Appender
) -> None:
    good = registrations(4)
    calls = [*good[:2], registered("x" * MAX_EVENT_BYTES), *good[2:]]
    results = await asyncio.gather(*(appender.append([each]) for each in calls), return_exceptions=True)
    assert isinstance(results.pop(2), EventTooLarge)
    assert all(isinstance(result, int) for result in results)
    assert await ids(servers, database) == [each.id for each in good]


async def test_the_same_event_from_two_callers_is_appended_once(
    servers: Servers, database: str, appender: Appender
) -> None:
    same = registered("twice")
    assert len(await asyncio.gather(*(appender.append([same]) for _ in range(5)))) == 5
    assert await ids(servers, database) == [same.id]


async def test_a_caller_that_gives_up_does_not_disturb_the_others(
    servers: Servers, database: str, appender: Appender
) -> None:
    calls = [asyncio.create_task(appender.append(registrations(1))) for _ in range(20)]
    await asyncio.sleep(0)
    calls[3].cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results].count(int) == 19


async def test_a_connection_that_was_ended_is_made_anew(servers: Servers, database: str, appender: Appender) -> None:
    await appender.append(registrations(1))
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'leadstream test append' AND datname = current_database()"
        )
    assert await appender.append(registrations(1)) == 2


async def test_what_was_acknowledged_survives_a_restart_of_the_server(
    servers: Servers, database: str, appender: Appender
) -> None:
    acknowledged: list[Event] = []
    refused = 0
    restarting = asyncio.create_task(asyncio.to_thread(servers.restart, "postgres"))
    for number in count():
        if restarting.done() and number % 10 == 0:
            break
        event = registered("survivor")
        try:
            await appender.append([event])
            acknowledged.append(event)
        except Unavailable:
            refused += 1
            await asyncio.sleep(0.02)
    await restarting
    assert await eventually(lambda: _appended(appender), bool)
    assert {event.id for event in acknowledged} <= set(await ids(servers, database))
    assert acknowledged


async def test_a_server_that_hangs_is_unavailable_in_time(servers: Servers, database: str) -> None:
    async with (
        closing(Appender(servers.role_url("ingest", database), "impatient", patience_seconds=0.3)) as appender,
        connected(servers.admin_url(database), autocommit=False) as connection,
    ):
        await connection.execute("LOCK TABLE log.head IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(IN_TIME):
            calls = (appender.append(registrations(1)) for _ in range(3))
            results = await asyncio.gather(*calls, return_exceptions=True)
        await connection.rollback()
        assert [type(result) for result in results] == [Unavailable] * 3
        await eventually(lambda: _appended(appender), bool)


async def test_a_server_that_says_nothing_at_all_is_unavailable_in_time(servers: Servers, database: str) -> None:
    """As one that is stopped, and whose connections stand: asking it to leave off would take ten seconds more."""
    async with through_a_link(servers) as link:
        url = servers.role_url("ingest", database).replace(servers.postgres_at, f"127.0.0.1:{link.port}")
        async with closing(Appender(url, "unheard", patience_seconds=0.5)) as appender:
            await eventually(lambda: _appended(appender), bool)
            link.passing.clear()
            async with asyncio.timeout(IN_TIME):
                first = asyncio.create_task(appender.append(registrations(1)))
                await asyncio.sleep(0.2)
                results = await asyncio.gather(first, appender.append(registrations(1)), return_exceptions=True)
            assert [type(result) for result in results] == [Unavailable] * 2
            link.passing.set()
            await eventually(lambda: _appended(appender), bool)


async def test_a_server_that_goes_while_events_are_tried_one_by_one_is_unavailable(
    servers: Servers, database: str, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def append(_: object, events: Sequence[Event]) -> int:
        raise errors.CheckViolation("refused") if len(events) > 1 else errors.AdminShutdown("going")

    monkeypatch.setattr(log, "append", append)
    calls = (appender.append(registrations(1)) for _ in range(3))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.ReadOnlySqlTransaction, Unavailable),
        (errors.UndefinedTable, Unavailable),
        (errors.DataCorrupted, Unavailable),
        (errors.CheckViolation, errors.CheckViolation),
    ],
)
async def test_what_is_wrong_with_the_log_is_told_from_what_is_wrong_with_an_event(
    appender: Appender, monkeypatch: pytest.MonkeyPatch, error: type[Exception], told: type[Exception]
) -> None:
    async def append(*_: object) -> int:
        raise error("no")

    monkeypatch.setattr(log, "append", append)
    results = await asyncio.gather(*(appender.append(registrations(1)) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [told] * 3


async def test_no_server_is_unavailable_at_once() -> None:
    appender = Appender(f"postgresql://ingest:x@127.0.0.1:{free_ports(1)[0]}/none", "nowhere")
    async with closing(appender), asyncio.timeout(4):  # and its patience is five
        with pytest.raises(Unavailable, match="cannot be reached"):
            await appender.append(registrations(1))


async def test_close_finishes_what_waits_and_ends_the_connection(servers: Servers, database: str) -> None:
    appender = Appender(servers.role_url("ingest", database), "closing")
    calls = [asyncio.create_task(appender.append(registrations(1))) for _ in range(30)]
    await asyncio.sleep(0)
    await appender.close()
    assert all(isinstance(result, int) for result in await asyncio.gather(*calls))
    async with connected(servers.admin_url(database)) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leadstream closing append'"

        async def open_connections() -> int:
            row = await (await connection.execute(query)).fetchone()
            assert row is not None
            return int(row[0])

        await eventually(open_connections, lambda number: number == 0)


async def _appended(appender: Appender) -> bool:
    try:
        return bool(await appender.append(registrations(1)))
    except Unavailable:
        return False
