"""The looking of `leadstream doctor`: at PostgreSQL, the log and the tables, at NATS, at the disks."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Final

import nats
import psycopg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from cli.findings import (
    PATROL_SECONDS,
    SKEW_SECONDS,
    Finding,
    of_checkpoint,
    of_disk,
    of_letters,
    of_refusal,
    of_room,
    of_stream,
    of_webhooks,
    page,
    problem,
    warning,
)
from cli.folding import definition
from cli.inbox import refusal
from cli.servers import Servers
from services.dispatcher.tables import WEBHOOKS_USED
from shared.events import CATALOGUE
from shared.ids import from_hex
from shared.runtime.database import Connection, connect, one, one_or_none
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.definition import OtherShape
from shared.runtime.integrity import Damage, Findings, outside
from shared.runtime.log_rows import ends_of, is_another
from shared.runtime.provisioning import STREAMS, differing, migrations
from shared.runtime.settings import SERVICES

NATS_SECONDS: Final = 5.0
LEADERS: Final = (
    "SELECT DISTINCT split_part(a.application_name, ' ', 2) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# Steps at a provider of batches that go on, for which neither the client nor the batch has settings: what the
# dispatcher's config_of has none for.
UNCONFIGURED: Final = """
SELECT DISTINCT b.client_id, b.workstream, step ->> 'workflow', step ->> 'configuration'
FROM sequencer.batch s JOIN dispatcher.batch b USING (batch_id), jsonb_array_elements(b.blueprint) step
WHERE s.status IN ('running', 'paused') AND step ->> 'kind' = 'ASYNC' AND NOT b.config ? (step ->> 'workflow')
  AND NOT EXISTS (SELECT FROM dispatcher.config c WHERE c.client_id = b.client_id AND c.workstream = b.workstream
                  AND c.workflow = step ->> 'workflow' AND c.name = step ->> 'configuration' AND NOT c.removed)
"""
PATROL: Final = "SELECT damages, coalesce(extract(epoch FROM now() - oldest_at), 0)::int FROM log.patrol"
OVERDUE: Final = (
    "SELECT count(*) FROM dispatcher.dispatch WHERE status = 'SENT' AND deadline_at < now() - interval '1 min'"
)
# As the alarm AnswersMissing: more than one in five, here for each client and workflow, of the calls whose answers were
# due within the last hour. When they were sent is another matter: an answer may have an hour, or a day.
UNANSWERED: Final = """
SELECT client_id, workflow, missing, due
FROM (SELECT client_id, workflow, count(*) AS due, count(*) FILTER (WHERE status = 'TIMED_OUT') AS missing
      FROM dispatcher.dispatch WHERE deadline_at BETWEEN now() - interval '1 hour' AND now()
      GROUP BY client_id, workflow) d
WHERE missing > 0.2 * due
"""
# As the alarm CallsRefused: what is to be tried again, and what its webhook said last. Each call for a company or
# person begins with an attempt 1; what was refused before that was another call.
REFUSED: Final = """
WITH again AS (SELECT workflow, entity_id FROM dispatcher.dispatch
               WHERE status = 'DUE' AND attempt > 1 AND missing < attempt - 1),
attempts AS (SELECT client_id, workflow, entity_id, status, reason, due_at,
                    max(due_at) FILTER (WHERE attempt = 1) OVER (PARTITION BY workflow, entity_id) AS begun
             FROM dispatcher.dispatch JOIN again USING (workflow, entity_id))
SELECT client_id, workflow, count(DISTINCT entity_id), (array_agg(reason ORDER BY due_at DESC))[1]
FROM attempts WHERE status = 'REFUSED' AND due_at >= begun GROUP BY client_id, workflow
"""


async def database(servers: Servers, at: str = "") -> AsyncIterator[Finding]:
    """What is wrong with PostgreSQL, the log in it, and the tables of the services.

    `at`: what a command that is advised says to find the servers.
    """
    try:
        async with await connect(servers.database, name="doctor", autocommit=True) as connection:
            async for finding in _database(connection, at):
                yield finding
    except psycopg.OperationalError as error:
        text = f"PostgreSQL cannot be reached: {_first_line(error)}"
        yield problem("database_away", text, "start it; every part connects again by itself")
    except psycopg.Error as error:
        text = f"PostgreSQL does not say how the log is: {_first_line(error)}"
        yield problem("database_unreadable", text, "ask it as its superuser, for the database of leadstream itself")


async def _database(connection: Connection, at: str) -> AsyncIterator[Finding]:
    applied = await _migrations(connection)
    if applied is None:
        yield problem("not_provisioned", "the database has no log: it was not provisioned", _provision(at))
        return
    known = migrations()
    for name in sorted(known - applied):
        yield problem("migration_missing", f"the database lacks migration {name} of the log", _provision(at))
    for name in sorted(applied - known):
        text = f"the database has migration {name}, which this version does not know: a newer one made it"
        yield problem("newer_database", text, "run everything of that version")
    if applied <= known and await _writers(connection) != {(w, e.name) for e in CATALOGUE.values() for w in e.writers}:
        text = "the database lets services write other events than this version says"
        yield problem("writers_differ", text, _provision(at))
    skew = await _skew(connection)
    if abs(skew) > SKEW_SECONDS:
        text = f"the database's clock is {skew:+.1f} s from this machine's"
        yield warning("clock_skew", text, "let both keep time by NTP: every process corrects its own by the database's")
    async for finding in _patrol(connection, at):
        yield finding
    for service in SERVICES:
        async for finding in _service(connection, service, at):
            yield finding
    async for finding in _dispatcher(connection):
        yield finding


async def leaders(servers: Servers) -> list[str] | None:
    """Who holds a lease, services and relay; None where the database does not say."""
    try:
        async with await connect(servers.database, name="doctor", autocommit=True) as connection:
            return [row[0] for row in await (await connection.execute(LEADERS)).fetchall()]
    except psycopg.Error:
        return None


async def streams(servers: Servers, at: str = "") -> AsyncIterator[Finding]:
    """What is wrong with NATS and the streams. `at` is as `database` has it."""
    if servers.nats is None:
        yield warning("nats_unknown", "NATS was not looked at", "set LEADSTREAM_NATS_URL")
        return
    try:
        async with asyncio.timeout(NATS_SECONDS):
            client = await nats.connect(servers.nats, name="doctor", error_cb=_silent)
    except (NatsError, OSError, TimeoutError) as error:
        text = f"NATS cannot be reached: {_first_line(error)}"
        yield problem("nats_away", text, "start it; every part connects again by itself")
        return
    try:
        async for finding in _streams(client.jetstream(timeout=NATS_SECONDS), servers, at):
            yield finding
        if servers.provision and (why := await refusal(servers.provision)):
            yield of_refusal(why)
    except (NatsError, OSError, TimeoutError) as error:
        text = f"NATS does not say how its streams are: {_first_line(error)}"
        yield problem("nats_silent", text, page("NatsAway"))
    finally:
        await client.close()


async def _streams(jetstream: JetStreamContext, servers: Servers, at: str) -> AsyncIterator[Finding]:
    for wanted in STREAMS:
        try:
            info = await jetstream.stream_info(str(wanted.name))
        except NotFoundError:
            yield problem("stream_missing", f"there is no stream {wanted.name}", _provision(at))
            continue
        for setting, have, want in differing(info.config, wanted):
            text = f"stream {wanted.name}: {setting} is {have!r} and should be {want!r}"
            yield problem("stream_differs", text, "see docs/operations/README.md, which says how to make it anew")
        if wanted is STREAMS[0]:
            room = of_room(info.state.bytes, info.config.max_bytes)
            for finding in (*room, *of_stream(await _head(servers), info.state)):
                yield finding
        elif info.state.messages:
            text = f"{info.state.messages} answers wait in the stream INBOX and are not in the log yet"
            yield warning("inbox_waits", text, page("AnswersWaitInTheInbox"))


def disks(data: Path) -> Iterator[Finding]:
    """The disk that the data folder is on, where it is on this machine."""
    if data.exists():
        usage = shutil.disk_usage(data)
        yield from of_disk(f"the disk of {data}", usage.total, usage.free)


def _provision(at: str) -> str:
    return f"run `leadstream provision{at}`, then start the services again"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


async def _silent(_: Exception) -> None:
    """What goes wrong is told as a finding."""


async def _head(servers: Servers) -> int | None:
    """Where the log ends; None where the database does not say."""
    try:
        async with await connect(servers.database, name="doctor", autocommit=True) as connection:
            return (await ends_of(connection)).by_head
    except psycopg.Error:
        return None


async def _migrations(connection: Connection) -> set[str] | None:
    """The migrations that the database has; None without a log."""
    if None in await one(connection, "SELECT to_regclass('public.migration'), to_regclass('log.events')"):
        return None
    return {row[0] for row in await (await connection.execute("SELECT name FROM public.migration")).fetchall()}


async def _writers(connection: Connection) -> set[tuple[str, str]]:
    rows = await (await connection.execute("SELECT role, type FROM log.writer")).fetchall()
    return {(str(role), str(kind)) for role, kind in rows}


async def _skew(connection: Connection) -> float:
    """The database's clock less this machine's, in seconds; half of the way there and back is taken off."""
    before, started = datetime.now(UTC), time.monotonic()
    (told,) = await one(connection, "SELECT clock_timestamp()")
    return float((told - before).total_seconds() - (time.monotonic() - started) / 2)


async def _patrol(connection: Connection, at: str) -> AsyncIterator[Finding]:
    """What the relay's patrol has found, and how long ago it looked; and, as no relay may run, what is outside."""
    try:
        damages, unseen = await one_or_none(connection, PATROL) or ((), 0)
    except psycopg.errors.UndefinedTable:
        damages, unseen = (), 0  # its migration is missing, and told
    if unseen > PATROL_SECONDS:
        text = f"part of log or stream was last checked {unseen} s ago: it may be damaged unseen"
        yield warning("patrol_slow", text, page("PatrolSlow"))
    found = Findings()
    for damage in dict.fromkeys([*(Damage(**each) for each in damages), *outside(await ends_of(connection))]):
        found.add(damage)
    for damage in found.damages:
        do = f"`leadstream verify{at}` shows all of it, `leadstream repair{at}` mends it"
        yield problem("damaged", str(damage), do)


async def _service(connection: Connection, service: str, at: str) -> AsyncIterator[Finding]:
    (table,) = await one(connection, "SELECT to_regclass(%s)", (f"{service}.checkpoint",))
    if table is None:
        do = f"start it: `leadstream up{at}`, or with servers of your own `leadstream service {service}`"
        yield warning("never_ran", f"{service} has no tables: it never ran", do)
        return
    statement = f"SELECT position, shape FROM {service}.checkpoint"
    for position, shape in await (await connection.execute(statement.encode())).fetchall():
        try:
            definition(service).insist_on_shape(shape)
        except OtherShape as error:
            yield problem("other_shape", error.text, f"{error.mend}{at}")
        end = (await ends_of(connection)).end  # after the checkpoint, which moves on meanwhile
        for finding in of_checkpoint(service, position, end, await is_another(connection, service), at):
            yield finding
        letters = DeadLetters(service)
        await letters.stand_at(connection, position)
        for finding in of_letters(service, len(letters.open), letters.undecided):
            yield finding


async def _dispatcher(connection: Connection) -> AsyncIterator[Finding]:
    try:
        unconfigured = await (await connection.execute(UNCONFIGURED)).fetchall()
        unanswered = await (await connection.execute(UNANSWERED)).fetchall()
        refused = await (await connection.execute(REFUSED)).fetchall()
        (overdue,) = await one(connection, OVERDUE)
        await connection.execute("SET search_path TO dispatcher")
        webhooks = await (await connection.execute(WEBHOOKS_USED.encode())).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return  # it never ran, or its tables are another version's, and that is told
    for client, workstream, workflow, configuration in unconfigured:
        name = from_hex("client", client)
        text = (
            f"client {name} has no settings {configuration!r} for {workflow} of {workstream}, "
            "which a batch under way needs"
        )
        called = f"-w {workstream} --name {quote(configuration)}"
        mend = f"leadstream config set {name} {workflow} {called} --webhook-url ..."
        yield problem("configuration_missing", text, mend)
    for client, workflow, missing, asked in unanswered:
        whose = f"{workflow} for client {from_hex('client', client)}"
        text = f"of {asked} calls of {whose} whose answers were due in the last hour {missing} were not answered"
        yield warning("answers_missing", text, page("AnswersMissing"))
    for client, workflow, calls, reason in refused:
        whose = f"{workflow} for client {from_hex('client', client)}"
        text = f"calls of {whose} that were refused and wait to be tried again: {calls}; the last said: {reason}"
        yield warning("calls_refused", text, page("CallsRefused"))
    if overdue:
        text = f"{overdue} answers are overdue, and the dispatcher has not noticed"
        yield problem("answers_overdue", text, page("DeadlinesNotLookedAt"))
    for finding in of_webhooks(webhooks):
        yield finding
