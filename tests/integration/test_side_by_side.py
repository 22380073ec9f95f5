"""Folds of all services that are stopped, or of which one cannot be made: what has become of each is told."""

import asyncio
import json
import os
import signal
import sys
import zlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest

from cli.checks import check
from cli.folding import definition
from shared.runtime import projection
from shared.runtime.database import Connection, one
from shared.runtime.definition import Definition
from shared.runtime.projection import old_schema, verify_schema
from shared.runtime.settings import SERVICES
from tests.integration.damaging import tamper
from tests.integration.folding import fold
from tests.integration.log_harness import connected, eventually, registered
from tests.running_servers import Servers

# As where the log is long, in processes, or in this one.
# Whoever runs the tests in the background of a shell has them ignore SIGINT.
PROGRAM = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import cli.folding; cli.folding.LONG_FROM = {}
from cli.main import app; app()
"""
OTHERS = [service for service in SERVICES if service != "projector"]
STOPS_WITHIN_SECONDS, ENDS_WITHIN_SECONDS = 10.0, 60.0
ADDED = "INSERT INTO dispatcher.tenant VALUES (gen_random_uuid(), true)"
# Processes of Python are started, each with services to import.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(params=[0, 1_000_000], ids=["in processes", "in one"])
def program(request: pytest.FixtureRequest) -> str:
    return PROGRAM.format(request.param)


@pytest.fixture
async def admin(servers: Servers, database: str) -> AsyncIterator[Connection]:
    """The database, after all services have folded an event, and a row of the dispatcher was added by hand."""
    for service in SERVICES:
        await fold(servers, database, definition(service), [registered("acme")] if service == "ingest" else [])
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute(ADDED)
        yield connection


async def started(servers: Servers, database: str, program: str, *words: str) -> Process:
    environment = os.environ | {"LEADSTREAM_ADMIN_DATABASE_URL": servers.admin_url(database)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *words, env=environment, stdout=PIPE, stderr=PIPE
    )


async def ended(process: Process, *, stopped: bool = False) -> tuple[int | None, str, str]:
    """Its exit code, what it has said and what it has said beside. `stopped`: as by Ctrl-C, but it alone."""
    if stopped:
        process.send_signal(signal.SIGINT)
    async with asyncio.timeout(STOPS_WITHIN_SECONDS if stopped else ENDS_WITHIN_SECONDS):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


@asynccontextmanager
async def in_use(servers: Servers, database: str, table: str, mode: str) -> AsyncIterator[None]:
    async with connected(servers.admin_url(database)) as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        yield


async def schemas(connection: Connection) -> set[str]:
    cursor = await connection.execute("SELECT nspname FROM pg_namespace")
    return {name for (name,) in await cursor.fetchall()}


async def swapped(connection: Connection) -> list[str]:
    found = await schemas(connection)
    return [service for service in SERVICES if old_schema(service) in found]


async def folding(connection: Connection, waiting: str = "%") -> list[str]:
    """Where there is folding, and what `waiting` is like is waited for."""
    cursor = await connection.execute(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'leadstream fold %%' AND coalesce(wait_event_type, '') LIKE %s",
        (waiting,),
    )
    return [name.removeprefix("leadstream fold ") for (name,) in await cursor.fetchall()]


async def test_a_rebuild_that_is_stopped_names_what_was_swapped_and_swaps_no_more(
    servers: Servers, database: str, admin: Connection, program: str
) -> None:
    async with in_use(servers, database, "projector.checkpoint", "ACCESS SHARE"):
        process = await started(servers, database, program, "rebuild", "all")
        await eventually(lambda: swapped(admin), lambda done: "dispatcher" in done)
        await eventually(lambda: folding(admin, "Lock"), lambda waiting: "projector_rebuild" in waiting)
        code, output, errors = await ended(process, stopped=True)
        done = await swapped(admin)
    await eventually(lambda: folding(admin), lambda left: left == [])
    assert await swapped(admin) == done
    left = ", ".join(service for service in SERVICES if service not in done)
    assert (code, errors.partition(", and")[0]) == (1, f"leadstream: stopped; of {left} nothing was changed")
    assert f"swapped in; the tables of {', '.join(done)} as they were are kept" in output
    assert "1 rows differ" in output


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("act", [projection.rebuild, projection.undo])
async def test_a_swap_that_is_cancelled_at_its_end_is_told_if_it_came_about(
    servers: Servers,
    database: str,
    admin: Connection,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[str, Definition[Any]], Awaitable[projection.Verdict]],
    committed: bool,
) -> None:
    swap, url, one_of_them = projection._swap_now, servers.admin_url(database), definition("callbacks")
    await projection.rebuild(url, one_of_them)

    async def cancelled(*asked: Any) -> int:
        if committed:
            await swap(*asked)
        raise asyncio.CancelledError

    async def live() -> Any:
        return await one(admin, "SELECT to_regnamespace('callbacks')::oid")

    monkeypatch.setattr(projection, "_swap_now", cancelled)
    before = await live()
    with nullcontext() if committed else pytest.raises(asyncio.CancelledError):
        assert (await act(url, one_of_them)).schema == "callbacks"
    assert (await live() != before) is committed


async def test_a_rebuild_of_all_but_one_says_what_was_different_and_which_was_not_made(
    servers: Servers, database: str, admin: Connection, program: str
) -> None:
    key = zlib.crc32(b"leadstream/fold/projector")
    await admin.execute("SELECT pg_advisory_lock(%s)", (key,))
    process = await started(servers, database, program, "rebuild", "all")
    code, output, errors = await ended(process)
    refused = "leadstream: another command works on projector in schema projector_rebuild now; wait until it has ended"
    assert (code, errors) == (1, f"{refused}; of projector nothing was changed\n")
    assert await swapped(admin) == OTHERS
    assert f"swapped in; the tables of {', '.join(OTHERS)} as they were are kept" in output
    assert "1 rows differ" in output

    process = await started(servers, database, program, "rebuild", "all", "--json")
    report = json.loads((await ended(process))[1])
    found = {service: (each["compared"], bool(each["reason"])) for service, each in report["services"].items()}
    assert found == dict.fromkeys(OTHERS, (True, False)) | {"projector": (False, True)}


async def test_a_verify_that_is_stopped_ends_and_leaves_nothing(
    servers: Servers, database: str, admin: Connection, program: str
) -> None:
    async with in_use(servers, database, "projector.final_leads", "ACCESS EXCLUSIVE"):
        process = await started(servers, database, program, "verify")
        await eventually(lambda: folding(admin, "Lock"), lambda waiting: "projector_verify" in waiting)
        assert (await ended(process, stopped=True))[0] != 0
    assert await folding(admin) == []
    assert not await schemas(admin) & set(map(verify_schema, SERVICES))


NOT_COMPARED = {
    "no tables": ("DROP SCHEMA projector CASCADE; CREATE SCHEMA projector", "projector has no tables yet"),
    "another shape": ("UPDATE projector.checkpoint SET shape = 'another'", "run `leadstream rebuild projector`"),
}


@pytest.mark.parametrize(("statement", "reason"), NOT_COMPARED.values(), ids=NOT_COMPARED)
async def test_a_service_that_cannot_be_compared_keeps_nothing_else_from_it(
    servers: Servers, database: str, admin: Connection, statement: str, reason: str
) -> None:
    await admin.execute(statement.encode())
    report = await check(servers.admin_url(database), None)
    assert {service for service, found in report["services"].items() if found["compared"]} == set(OTHERS)
    assert reason in report["services"]["projector"]["reason"]
    assert (report["identical"], report["log"]["intact"]) == (False, True)
    await tamper(servers, database, "UPDATE log.events SET chain = '\\x00' WHERE position = 1")
    assert not (await check(servers.admin_url(database), None))["log"]["intact"]
