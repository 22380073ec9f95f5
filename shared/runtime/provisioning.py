"""Provisioning: the one step that makes roles, schemas, the log, and the streams. Safe to run again at any time.

Services never create or change a stream. Of an existing stream only its room is changed; where it differs otherwise,
that is reported.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

import nats
import psycopg
import structlog
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError
from psycopg import sql

from shared.events import CATALOGUE
from shared.runtime.refusals import Impossible
from shared.runtime.settings import ROLES, SERVICES
from shared.subjects import INBOX_STREAM, STREAM

logger = structlog.get_logger()
MIGRATIONS: Final = files("deploy") / "postgres"
PROVISION_LOCK: Final = 0x6C656164_00000002
COMPARED: Final = (
    "subjects", "storage", "retention", "allow_atomic", "deny_delete", "deny_purge", "max_msgs", "max_msgs_per_subject",
    "max_age",
)  # fmt: skip
STREAMS: Final = (
    StreamConfig(
        name=STREAM,
        subjects=["events.>"],
        storage=StorageType.FILE,
        allow_atomic=True,
        allow_direct=True,
        deny_delete=True,
        deny_purge=True,
        max_msgs=-1,
        max_msgs_per_subject=-1,
        max_age=0,
        duplicate_window=120,
    ),
    StreamConfig(
        name=INBOX_STREAM,
        subjects=["inbox.>"],
        storage=StorageType.FILE,
        retention=RetentionPolicy.WORK_QUEUE,
        max_msgs=-1,
        max_msgs_per_subject=-1,
        max_age=0,
        duplicate_window=120,
    ),
)


def provision_database(admin_url: str, passwords: Mapping[str, str], database: str = "leadstream") -> None:
    """Make the database, its roles with these passwords, the log and one schema for each service. Raises Impossible."""
    with psycopg.connect(admin_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", (PROVISION_LOCK,))  # one at a time
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
            _insist_on_the_passwords(server, admin_url, passwords)
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        with psycopg.connect(admin_url, dbname=database) as connection:
            _migrate(connection)
            for role in ROLES:
                _role(connection, role, passwords[role])
            for service in SERVICES:
                _schema(connection, service)
            _writers(connection)
    logger.info("database is provisioned", database=database, roles=len(ROLES), event_types=len(CATALOGUE))


def _insist_on_the_passwords(server: psycopg.Connection, admin_url: str, passwords: Mapping[str, str]) -> None:
    """Roles are the server's: other passwords would lock the services of another database on it out."""
    owned = (
        "SELECT r.rolname, min(d.datname) FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid"
        " JOIN pg_roles r ON r.oid = s.refobjid WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname = ANY(%s)"
        " GROUP BY r.rolname ORDER BY r.rolname"
    )
    for role, other in server.execute(owned, (list(ROLES),)).fetchall():
        try:
            psycopg.connect(admin_url, user=role, password=passwords[role], dbname=other).close()
        except psycopg.OperationalError:
            raise Impossible(
                f"role {role} of this PostgreSQL server has another password, for the database {other}: roles belong to"
                f" the server. Give it the passwords of {other} (LEADSTREAM_ROLE_PASSWORDS), or a server of its own"
            ) from None


async def provision_streams(nats_url: str, max_bytes: int | None = None) -> None:
    """Make the streams that are missing; say where an existing one differs from what is wanted.

    `max_bytes`: the room that the log's copy has, in a new stream or one that is there. Without it a new one has no
    limit but the disk, and one that is there keeps what it has.
    """
    client = await nats.connect(nats_url, name="provision", max_reconnect_attempts=10)
    try:
        stream = client.jetstream(timeout=10)
        for wanted in STREAMS:
            await _stream(stream, wanted, max_bytes if wanted.name == STREAM else None)
    finally:
        await client.close()


async def _stream(stream: JetStreamContext, wanted: StreamConfig, max_bytes: int | None) -> None:
    # A full stream refuses what is new: by default it would drop what is old.
    room = {"max_bytes": max_bytes, "discard": DiscardPolicy.NEW} if max_bytes else {}
    try:
        found = (await stream.stream_info(str(wanted.name))).config
    except NotFoundError:
        await stream.add_stream(wanted.evolve(**room))
        logger.info("stream made", stream=wanted.name)
        return
    if any(getattr(found, name) != value for name, value in room.items()):
        found = found.evolve(**room)
        await stream.update_stream(found)
        logger.info("stream has other room", stream=wanted.name, max_bytes=max_bytes)
    for name, have, want in differing(found, wanted):
        logger.warning("stream differs and is left as it is", stream=wanted.name, setting=name, have=have, want=want)


def differing(found: StreamConfig, wanted: StreamConfig) -> Iterator[tuple[str, object, object]]:
    """The settings in which a stream is not as it is wanted: name, what it has, what it should have.

    A limit is one, for it drops what is old; one of bytes only where it does.
    """
    for name in COMPARED:
        have, want = getattr(found, name), getattr(wanted, name)
        if want is not None and have != want:
            yield name, have, want
    if (found.max_bytes or -1) > 0 and found.discard != DiscardPolicy.NEW:
        yield "discard", found.discard, DiscardPolicy.NEW.value


def migrations() -> set[str]:
    """The names of the migrations that this version knows."""
    return {file.name for file in MIGRATIONS.iterdir() if file.name.endswith(".sql")}


def _migrate(connection: psycopg.Connection) -> None:
    """Apply the files of deploy/postgres that this database has not seen, in the order of their names."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
    )
    connection.execute("LOCK TABLE public.migration")
    seen = {row[0] for row in connection.execute("SELECT name FROM public.migration")}
    if newer := sorted(seen - migrations()):
        raise Impossible(
            f"the database was made by a newer version of the program ({', '.join(newer)}): use that one, for this one "
            "would take from its services what they may do. Nothing was changed"
        )
    for name in sorted(migrations() - seen):
        connection.execute((MIGRATIONS / name).read_text(encoding="utf-8").encode())
        connection.execute("INSERT INTO public.migration (name) VALUES (%s)", (name,))
        logger.info("migration applied", name=name)


def _role(connection: psycopg.Connection, role: str, password: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = "ALTER" if found else "CREATE"
    statement = sql.SQL(verb + " ROLE {} LOGIN NOINHERIT PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
    grants = "GRANT USAGE ON SCHEMA log TO {0}; GRANT SELECT ON log.events, log.head, log.patrol TO {0}"
    connection.execute(sql.SQL(grants).format(sql.Identifier(role)))
    if role == "relay":
        connection.execute("GRANT UPDATE ON log.patrol TO relay")
        connection.execute("GRANT SELECT, INSERT, UPDATE ON log.seal TO relay")
        _policy(connection, role, sql.SQL("true"))
    else:
        connection.execute(sql.SQL("GRANT EXECUTE ON FUNCTION log.append TO {}").format(sql.Identifier(role)))


def _schema(connection: psycopg.Connection, service: str) -> None:
    reader = f"{service}_reader"
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (reader,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(reader)))
    statement = (
        "GRANT {reader} TO {owner} WITH INHERIT FALSE, SET TRUE;"
        "CREATE SCHEMA IF NOT EXISTS {owner} AUTHORIZATION {owner};"
        "GRANT USAGE ON SCHEMA {owner} TO {reader};"
        "GRANT USAGE ON SCHEMA log TO {reader}; GRANT SELECT ON log.events TO {reader}"
    )
    names = {"owner": sql.Identifier(service), "reader": sql.Identifier(reader)}
    connection.execute(sql.SQL(statement).format(**names))
    _policy(connection, reader, sql.SQL("tenant_id = current_setting('leadstream.tenant_id')::uuid"))
    _policy(connection, service, sql.SQL("true"))


def _policy(connection: psycopg.Connection, role: str, rule: sql.SQL) -> None:
    """Let the role read what the rule says of the log; left alone where it may, for making it waits for all readers."""
    name = f"read_{role}"
    there = "SELECT FROM pg_policies WHERE schemaname = 'log' AND tablename = 'events' AND policyname = %s"
    if connection.execute(there, (name,)).fetchone() is None:
        made = sql.SQL("CREATE POLICY {} ON log.events FOR SELECT TO {} USING ({})")
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(role), rule))


def _writers(connection: psycopg.Connection) -> None:
    """Enter into log.writer who may write what, from the event catalogue."""
    connection.execute("DELETE FROM log.writer")
    pairs = [(writer, entry.name) for entry in CATALOGUE.values() for writer in entry.writers]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO log.writer (role, type) VALUES (%s, %s)", pairs)
