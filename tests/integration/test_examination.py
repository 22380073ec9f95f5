"""What the doctor says of log and stream where no relay looks, and that its commands find the servers."""

import re

import pytest

from cli.examination import database as examined
from cli.examination import streams as examined_streams
from cli.servers import Servers as Known
from tests.integration.counting import NAME
from tests.integration.damaging import EVENTS, copied, tamper
from tests.integration.log_harness import append, registrations
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
