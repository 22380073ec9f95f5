"""Writing in bulk: the same rows as written one by one, and nobody can tell when they were written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import TIMESTAMP, BigInteger, Boolean, Column, Date, Double, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from cli.folding import definition
from shared.ids import named_id
from shared.record import record
from shared.runtime import log, shadow
from shared.runtime.bulk import BloomFilter, BulkConnection
from shared.runtime.database import Rows, connect_as
from shared.runtime.projection import as_of, verify
from shared.runtime.settings import SERVICES
from shared.runtime.tables import Id, ddl
from shared.runtime.transfer import restore
from tests.integration.log_harness import connected
from tests.running_servers import Servers

SCHEMA = "bulk"
RECORDED = Path(__file__).parent.parent / "data" / "log" / "first_release.jsonl.gz"
METADATA = MetaData()
THING = Table(
    "thing",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("person_id", Id("person")),
    *(Column(name, Text) for name in ("word", "other")),
    Column("told", JSONB),
    Column("count", BigInteger),
    Column("share", Double),
    Column("open", Boolean),
    Column("on", Date),
    Column("at", TIMESTAMP(timezone=True)),
)
Table("elsewhere", METADATA, Column("name", Text, primary_key=True))
WORD = Table("word", METADATA, *(Column(name, Text, primary_key=True) for name in ("word", "other")))


@record
class Thing:
    client_id: str
    name: str
    person_id: str | None = None
    word: str | None = None
    other: Any = None
    told: Any = None
    count: int | None = None
    share: float | None = None
    open: bool | None = None
    on: date | None = None
    at: datetime | None = None


@record
class Word:
    word: str
    other: str


THINGS, WORDS = Rows(THING, Thing), Rows(WORD, Word)
ACME = named_id("client", "Acme")
AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
ODD = [
    Thing(ACME, "nothing"),
    Thing(ACME, "all", named_id("person", "p"), "w", "o", {"a": [1, None, "b"]}, 7, 0.1, True, AT.date(), AT),
    Thing(ACME, "", None, "", "", {}, 0, 0.0, False),
    Thing(ACME, "\\N", None, "null", "\x02", "\\.", -1, 1e300),
    Thing(ACME, "\x02", None, "\x02\x02", "a\x02b", [], 2**62),
    Thing(ACME, "lines\n and \t tabs\r\n", None, "\\t", "back\\slash", {"say": 'a "word"\n\\ and \t'}),
    Thing(ACME, "Zoë 🙂", None, "\u2028", "'\"", {"ключ": "\u0001"}),
    Thing(ACME, "\\\\n and a line\n\\.\n", None, "\\\\", '\\"', {"a": "\\n", "b": 'c"\\', "d": "e\nf"}),
    Thing(ACME, "other types", None, "", True, "text", 1, 2),
    Thing(ACME, "numbers", None, "", 7, False, 1, 2),
]


@pytest.fixture
async def connection(servers: Servers, database: str) -> AsyncIterator[BulkConnection]:
    url = servers.admin_url(database)
    async with await connect_as(BulkConnection, url, name="bulk", search_path=SCHEMA, autocommit=True) as connection:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for statement in ddl(METADATA):
            await connection.execute(statement)
        connection.fresh = True
        yield connection


async def written(connection: BulkConnection) -> dict[str, Any]:
    cursor = await connection.execute("SELECT name, to_jsonb(thing) FROM thing")
    return dict(await cursor.fetchall())


async def in_bulk(connection: BulkConnection, *rows: Thing) -> None:
    async with connection.transaction(), connection.in_bulk():
        await THINGS.upsert(connection, rows)


async def test_copied_is_what_would_have_been_inserted(connection: BulkConnection) -> None:
    await THINGS.upsert(connection, ODD)
    inserted = await written(connection)
    await connection.execute("TRUNCATE thing")
    await in_bulk(connection, *ODD)
    assert await written(connection) == inserted
    assert len(inserted) == len(ODD)


async def test_what_is_held_back_is_found_by_key_and_is_the_newest(connection: BulkConnection) -> None:
    await in_bulk(connection, Thing(ACME, "a", count=1), Thing(ACME, "b", count=1))
    async with connection.transaction(), connection.in_bulk():
        await THINGS.upsert(connection, [Thing(ACME, "b", count=2), Thing(ACME, "c", count=2)])
        await THINGS.upsert(connection, [Thing(ACME, "c", count=3)])
        found = await THINGS.read(connection, "client_id", [ACME, named_id("client", "another")])
        assert sorted((row.name, row.count) for row in found) == [("a", 1), ("b", 2), ("c", 3)]
        assert await THINGS.read(connection, "client_id", [named_id("client", "another")]) == []
    assert {name: row["count"] for name, row in (await written(connection)).items()} == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("known", [True, False])
async def test_a_row_is_changed_however_often(connection: BulkConnection, known: bool) -> None:
    row = Thing(ACME, "a", count=0)
    connection.fresh = known
    for count in range(1, 4):
        await in_bulk(connection, row := replace(row, count=count), Thing(ACME, f"other {count}"))
    found = await THINGS.read(connection, "name", ["a"])
    assert (found, len(await written(connection))) == ([row], 4)


async def test_a_statement_that_names_the_table_finds_what_is_held_back(connection: BulkConnection) -> None:
    async with connection.transaction(), connection.in_bulk():
        await THINGS.upsert(connection, [Thing(ACME, "a"), Thing(ACME, "b")])
        await connection.execute("SELECT name FROM elsewhere")
        assert len(await THINGS.read(connection, "name", ["a", "b", "c"], "word IS NULL")) == 2
        await THINGS.upsert(connection, [Thing(ACME, "a", word="new")])
        await connection.execute("DELETE FROM thing WHERE word IS NULL")
    assert list(await written(connection)) == ["a"]


async def test_a_column_may_have_the_name_of_another_table(connection: BulkConnection) -> None:
    await in_bulk(connection, Thing(ACME, "a"))
    async with connection.transaction(), connection.in_bulk():
        await THINGS.upsert(connection, [Thing(ACME, "a", word="known")])
        await WORDS.upsert(connection, [Word("b", "new")])
    assert [row["word"] for row in (await written(connection)).values()] == ["known"]
    assert await WORDS.read(connection, "word", ["b"]) == [Word("b", "new")]


async def test_in_bulk_a_wide_answer_takes_no_turns_of_the_loop(connection: BulkConnection) -> None:
    wide = "SELECT repeat('x', 4000000)"
    assert await _turns_during(connection.execute(wide)) > 10
    async with connection.transaction(), connection.in_bulk():
        assert await _turns_during(connection.execute(wide)) <= 2


async def _turns_during(work: Awaitable[Any]) -> int:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await work
    counting.cancel()
    return turns


async def test_after_an_error_nothing_is_held_back(connection: BulkConnection) -> None:
    async def fail() -> None:
        async with connection.transaction(), connection.in_bulk():
            await THINGS.upsert(connection, [Thing(ACME, "a")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await written(connection) == {}
    await THINGS.upsert(connection, [Thing(ACME, "b")])
    assert list(await written(connection)) == ["b"]


async def test_what_a_column_cannot_hold_is_an_error(connection: BulkConnection) -> None:
    with pytest.raises(errors.DataError):
        await in_bulk(connection, Thing(ACME, "a", word="\x00"))
    with pytest.raises(TypeError, match="64-bit"):  # as without bulk
        await in_bulk(connection, Thing(ACME, "b", count=2**64))
    assert await written(connection) == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_fold_is_the_same_however_it_is_cut(
    servers: Servers, database: str, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, whole = servers.admin_url(database), f"whole_{service}"
    last = await restore(url, RECORDED)
    await as_of(url, definition(service), last.position, whole)
    async with connected(url, autocommit=True) as admin:
        await admin.execute(f"DROP SCHEMA {service} CASCADE; ALTER SCHEMA {whole} RENAME TO {service}".encode())
    monkeypatch.setattr(shadow, "CHUNK", 23)
    monkeypatch.setattr(shadow, "CHUNKS", 3)
    monkeypatch.setattr(log, "SPAN", 60)
    monkeypatch.setattr(shadow.Machine, "apply", None)  # no event fails here: all of it is written in bulk
    verdict = await verify(url, definition(service))
    assert (verdict.differences, verdict.failures) == ([], {})
    assert sum(verdict.rows.values()) > 0


def test_a_key_that_was_added_is_never_denied() -> None:
    perhaps = BloomFilter()
    keys = [("item", n) for n in range(20_000)]
    perhaps.add(keys)
    assert all(key in perhaps for key in keys)
    assert sum(("other", n) in perhaps for n in range(20_000)) < 200
