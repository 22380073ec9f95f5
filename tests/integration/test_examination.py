"""What the doctor says of log and stream where no relay looks, and that its commands find the servers."""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from cli import examination
from cli.examination import database as examined
from cli.examination import streams as examined_streams
from cli.servers import Servers as Known
from tests.integration.counting import NAME
from tests.integration.damaging import EVENTS, copied, tamper
from tests.integration.log_harness import append, on_nats, registrations
from tests.integration.test_outside_of_the_log import OUTSIDE, copy_of
from tests.integration.test_rebuild_of_damage import counted
from tests.running_servers import Servers

pytestmark = [
    pytest.mark.usefixtures("streams"),
    # A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
HERE = " --data /somewhere/else"
WRONG = (
    copy_of(3, EVENTS + 1),
    "DELETE FROM log.writer WHERE type = 'ItemAdded'",
    "DELETE FROM public.migration WHERE name LIKE '0002%'",
    f"UPDATE {NAME}.checkpoint SET position = 1000000",
)


def known(servers: Servers, database: str) -> Known:
    return Known(servers.admin_url(database), servers.nats_url("service"), None)


@pytest.mark.parametrize(("statement", "told"), OUTSIDE.values(), ids=OUTSIDE)
async def test_what_stands_outside_of_the_log_is_damage_and_not_behind(
    servers: Servers, database: str, statement: str, told: tuple[str, int, int]
) -> None:
    await append(servers, database, registrations(EVENTS))
    await copied(servers, database)
    await tamper(servers, database, statement)
    found = [each async for each in examined(known(servers, database))]
    side, first, last = told
    where = f"position {first}:" if first == last else f"positions {first} to {last}:"
    assert [each.text.startswith(f"{side}, {where}") for each in found if each.code == "damaged"] == [True]
    behind = {each.code async for each in examined_streams(known(servers, database))}
    assert not behind & {"stream_ahead", "stream_behind", "stream_damaged"}


async def test_what_is_to_be_done_names_where_the_servers_are(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(EVENTS))
    await counted(servers, database)
    await tamper(servers, database, *WRONG)
    found = {each.code: each.do async for each in examined(known(servers, database), HERE)}
    await tamper(servers, database, f"UPDATE {NAME}.checkpoint SET position = 2, chain = 'another'")
    found |= {each.code: each.do async for each in examined(known(servers, database), HERE)}
    needed = {"damaged", "writers_differ", "migration_missing", "other_shape", "ahead_of_the_log", "of_another_log"}
    assert needed <= {*found}
    for code in needed:
        commands = re.findall(r"leadstream (?!service)[^`,]*", found[code])
        assert commands, found[code]
        assert all(command.endswith(HERE) for command in commands), commands


async def test_a_database_without_a_log_and_a_nats_that_nobody_named_are_told(servers: Servers, database: str) -> None:
    empty = Known(servers.admin_url(), None, None)
    found = [each async for each in examined(empty, HERE)]
    assert [(each.code, each.do) for each in found] == [
        ("not_provisioned", f"run `leadstream provision{HERE}`, then start the services again"),
    ]  # fmt: skip
    assert [each.code async for each in examined_streams(empty)] == ["nats_unknown"]


@pytest.mark.parametrize(("seconds", "told"), [(60, True), (-60, True), (1, False)])
async def test_a_clock_that_is_off_is_told(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch, seconds: float, told: bool
) -> None:
    wrong = SimpleNamespace(now=lambda zone: datetime.now(zone) - timedelta(seconds=seconds))
    monkeypatch.setattr(examination, "datetime", wrong)
    found = {each.code: each.text async for each in examined(known(servers, database))}
    assert (f"clock is {seconds:+d}." in found.get("clock_skew", "")) is told


async def test_answers_that_wait_are_told(servers: Servers, database: str) -> None:
    assert [each async for each in examined_streams(known(servers, database))] == []
    async with on_nats(servers.nats_url("callbacks")) as client:
        await client.jetstream().publish("inbox.answers", b"an answer")
    (found,) = [each async for each in examined_streams(known(servers, database))]
    assert (found.code, found.text.startswith("1 answers wait")) == ("inbox_waits", True)


@pytest.mark.parametrize("name", ["EVENTS", "INBOX"])
@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("max_msgs", 1_000, "max_msgs is 1000 and should be -1"),
        ("max_age", 3_600.0, "max_age is 3600.0 and should be 0"),
        ("max_msgs_per_subject", 1, "max_msgs_per_subject is 1 and should be -1"),
        ("max_bytes", 1_000_000, "discard is 'old' and should be 'new'"),
    ],
)
async def test_a_stream_that_drops_what_is_old_is_told(
    servers: Servers, database: str, name: str, setting: str, value: float, told: str
) -> None:
    """Neither `deny_delete` nor `deny_purge` keeps anybody from that."""
    async with on_nats(servers.nats_url("provision")) as client:
        config = (await client.jetstream().stream_info(name)).config
        await client.jetstream().update_stream(config.evolve(**{setting: value}))
    (found,) = [each async for each in examined_streams(known(servers, database))]
    assert (found.code, found.severity) == ("stream_differs", "problem")
    assert found.text == f"stream {name}: {told}"
