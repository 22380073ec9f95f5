"""The log as a file: out and in again to the byte, gone on with after an interruption, refused when it is not whole."""

import gzip
import json
import random
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from shared.runtime import archive, transfer
from shared.runtime.archive import BadArchive
from shared.runtime.chain import START, Entry
from shared.runtime.log_rows import HeadGone
from shared.runtime.transfer import LogRefused, export, extend, restore
from tests.integration.damaging import tamper
from tests.integration.log_harness import append, connected, logged, registrations
from tests.running_servers import Servers

EVENTS = 30


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several members and several transactions, with few events."""
    monkeypatch.setattr(transfer, "CHUNK", 7)
    monkeypatch.setattr(archive, "MEMBER_BYTES", 1_000)


@pytest.fixture
async def file(servers: Servers, database: str, tmp_path: Path) -> Path:
    """The export of a log of EVENTS events."""
    await append(servers, database, registrations(EVENTS))
    path = tmp_path / "log.jsonl.gz"
    await export(servers.admin_url(database), path)
    return path


async def emptied(servers: Servers, database: str) -> None:
    await tamper(servers, database, "DELETE FROM log.events", "UPDATE log.head SET position = 0, chain = ''")


async def rows(servers: Servers, database: str) -> list[tuple[object, ...]]:
    async with connected(servers.admin_url(database)) as connection:
        cursor = await connection.execute("SELECT * FROM log.events ORDER BY position")
        head = await connection.execute("SELECT position, chain FROM log.head")
        return [*await cursor.fetchall(), *await head.fetchall()]


async def test_out_and_in_again_every_row_is_the_same(servers: Servers, database: str, file: Path) -> None:
    before = await rows(servers, database)
    await emptied(servers, database)
    assert (await restore(servers.admin_url(database), file)).position == EVENTS
    assert await rows(servers, database) == before
    await append(servers, database, registrations(1))
    assert len(await logged(servers, database)) == EVENTS + 1


def test_anybody_can_read_it(file: Path) -> None:
    first, *events, last = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert (first["leadstream"], first["after"], last["leadstream"], last["position"]) == ("log", 0, "end", EVENTS)
    assert [event["position"] for event in events] == list(range(1, EVENTS + 1))
    assert {event["event"]["type"] for event in events} == {"ClientRegistered"}


async def test_a_part_goes_behind_the_part_before_it(
    servers: Servers, database: str, file: Path, tmp_path: Path
) -> None:
    before, url = await rows(servers, database), servers.admin_url(database)
    one, two = tmp_path / "one", tmp_path / "two"
    await export(url, one, last=12)
    await export(url, two, first=13)
    await emptied(servers, database)
    with pytest.raises(LogRefused, match="begins after position 12, and the log ends at 0"):
        await restore(url, two)
    await restore(url, one)
    await restore(url, two)
    assert await rows(servers, database) == before


async def test_an_interrupted_import_goes_on(servers: Servers, database: str, file: Path) -> None:
    before = await rows(servers, database)
    await emptied(servers, database)

    def stop(position: int, _: int) -> None:
        if position > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await restore(servers.admin_url(database), file, stop)
    assert len(await logged(servers, database)) == 14
    await restore(servers.admin_url(database), file)
    assert await rows(servers, database) == before


@pytest.mark.parametrize(("size", "stops"), [(1, EVENTS), (3, 10), (100, 5)])
async def test_what_is_held_at_once_is_bounded_in_bytes_too(
    servers: Servers, database: str, file: Path, monkeypatch: pytest.MonkeyPatch, size: int, stops: int
) -> None:
    """So many events of the widest at a time, one at least; otherwise seven."""
    entries, seen = list(archive.entries(file)), list[int]()
    monkeypatch.setattr(transfer, "CHUNK_BYTES", size * max(len(entry.body) for entry in entries))
    url = servers.admin_url(database)
    await export(url, file, progress=lambda position, _: seen.append(position))
    assert len(seen) == stops
    assert list(archive.entries(file)) == entries
    await emptied(servers, database)
    imported: list[int] = []
    await restore(url, file, lambda position, _: imported.append(position))
    assert imported == seen
    assert await _entries(servers, database) == entries


@pytest.mark.parametrize("seed", range(5))
async def test_an_interrupted_export_goes_on(servers: Servers, database: str, file: Path, seed: int) -> None:
    """Cut anywhere, in the middle of a member too, what is whole is kept and the result is the same events."""
    whole = file.read_bytes()
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(whole[: random.Random(seed).randrange(len(whole) - 60)])
    again: list[int] = []
    await export(servers.admin_url(database), file, progress=lambda position, _: again.append(position))
    assert list(archive.entries(file)) == await _entries(servers, database)
    assert not partial.exists()


async def _entries(servers: Servers, database: str) -> list[Entry]:
    async with connected(servers.admin_url(database)) as connection:
        cursor = await connection.execute("SELECT position, body, chain FROM log.events ORDER BY position")
        return [Entry(position, body.encode(), chain) for position, body, chain in await cursor.fetchall()]


async def test_what_another_log_had_begun_is_not_gone_on_with(servers: Servers, database: str, file: Path) -> None:
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(file.read_bytes()[:-60])
    await emptied(servers, database)
    await append(servers, database, registrations(3))
    assert (await export(servers.admin_url(database), file)).position == 3
    assert list(archive.entries(file)) == await _entries(servers, database)


@pytest.mark.parametrize("left", [0, 10, 200, 0.5, -1, -40])
async def test_an_export_that_was_cut_off_is_refused_and_nothing_of_it_is_imported(
    servers: Servers, database: str, file: Path, left: float
) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * left) if isinstance(left, float) else left])
    await emptied(servers, database)
    with pytest.raises(BadArchive, match="cut off"):
        await restore(servers.admin_url(database), file)
    assert await logged(servers, database) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"client 7", b"client 8"),
        (b'"position":7,', b'"position":8,'),
        (b'"after":0', b'"after":1'),
        (b'"after":0', b'"after":"0"'),
        (b"{", b"["),
    ],
)
async def test_an_export_that_was_altered_is_refused(
    servers: Servers, database: str, file: Path, old: bytes, new: bytes
) -> None:
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(old, new)))
    await emptied(servers, database)
    with pytest.raises(BadArchive):
        await restore(servers.admin_url(database), file)
    assert await logged(servers, database) == []


@pytest.mark.parametrize("after", [0, 20])
async def test_an_id_that_is_there_twice_is_named(servers: Servers, database: str, file: Path, after: int) -> None:
    """In the file, or in it and in the log: its hash chain is right, for who made it made that too."""
    found = list(archive.entries(file))
    last = found[-1].place.then(found[4].body)
    with file.open("wb") as part:
        archive.begin(part, found[after - 1].place if after else START)
        archive.add(part, [*found[after:], last])
        archive.finish(part, last.place)
    await emptied(servers, database)
    async with connected(servers.admin_url(database)) as connection:
        await extend(connection, found[:after])
    with pytest.raises(BadArchive, match=f"position {EVENTS + 1} has the id of 5, {json.loads(last.body)['id']}:"):
        await restore(servers.admin_url(database), file)
    assert len(await logged(servers, database)) == after


async def test_a_flipped_bit_in_an_export_is_found(servers: Servers, database: str, file: Path) -> None:
    whole, chance = file.read_bytes(), random.Random(3)
    for _ in range(100):
        at = chance.randrange(len(whole))
        if at % 1_000 < 10:
            continue
        content = bytearray(whole)
        content[at] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        try:
            found = list(archive.entries(file))
        except BadArchive:
            continue
        assert found == await _entries(servers, database)  # in a header that says nothing of the content


async def test_a_log_that_holds_something_else_is_left_alone(servers: Servers, database: str, file: Path) -> None:
    await emptied(servers, database)
    await append(servers, database, registrations(3))
    with pytest.raises(LogRefused, match="the log is not empty: it holds 3 events that are not those of"):
        await restore(servers.admin_url(database), file)
    await append(servers, database, registrations(EVENTS))
    with pytest.raises(LogRefused, match=f"the log ends at {EVENTS + 3} already"):
        await restore(servers.admin_url(database), file)
    assert len(await logged(servers, database)) == EVENTS + 3


async def test_what_is_not_in_the_log_cannot_be_exported(servers: Servers, database: str, tmp_path: Path) -> None:
    await append(servers, database, registrations(3))
    with pytest.raises(LogRefused, match="positions 1 to 4 are not in the log, which ends at 3"):
        await export(servers.admin_url(database), tmp_path / "file", last=4)
    await tamper(servers, database, "UPDATE log.events SET body = replace(body, 'client 1', 'client 7')")
    with pytest.raises(LogRefused, match="position 2 does not follow from what is before it"):
        await export(servers.admin_url(database), tmp_path / "file")
    await tamper(servers, database, "DELETE FROM log.head")
    with pytest.raises(HeadGone, match="nothing can be appended: `leadstream repair` makes it anew"):
        await export(servers.admin_url(database), tmp_path / "file")


async def test_a_file_that_is_none_is_refused(servers: Servers, database: str, tmp_path: Path) -> None:
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b'{"some": "other lines"}\n'))
    for path, words in ((tmp_path / "none", "cannot be read"), (other, "is no export of a log"), (tmp_path, "read")):
        with pytest.raises(BadArchive, match=words):
            await restore(servers.admin_url(database), path)


def test_a_part_may_end_where_a_file_stands_when_it_is_gone_on_with(file: Path, tmp_path: Path) -> None:
    path, entries = tmp_path / "part", list(archive.entries(file))
    with path.open("ab") as part:
        archive.begin(part, START)
        for entry in entries[:2]:
            wide = entry._replace(body=entry.body + b" " * 2 * archive.MEMBER_BYTES)
            archive.add(part, [wide])
            assert archive.reopen(path) == (wide.position, wide.chain)


async def test_a_file_that_was_whole_but_for_its_name_is_gone_on_with(
    servers: Servers, database: str, file: Path
) -> None:
    """Killed between its last line and its name: the same command has to give a file that can be read."""
    file.replace(file.with_name(file.name + ".partial"))
    await append(servers, database, registrations(3))
    await export(servers.admin_url(database), file)
    assert [entry.position for entry in archive.entries(file)] == list(range(1, EVENTS + 4))


@pytest.mark.parametrize(
    ("first", "last", "asked"), [(1, 0, "1 to 0"), (2, 1, "2 to 1"), (EVENTS + 1, None, f"{EVENTS + 1} and after")]
)
async def test_no_file_is_replaced_by_an_empty_one(
    servers: Servers, database: str, file: Path, first: int, last: int | None, asked: str
) -> None:
    before = file.read_bytes()
    with pytest.raises(LogRefused, match=f"positions {asked} are not in the log"):
        await export(servers.admin_url(database), file, first=first, last=last)
    assert file.read_bytes() == before


async def test_an_empty_log_is_a_file_too(servers: Servers, database: str, tmp_path: Path) -> None:
    assert (await export(servers.admin_url(database), tmp_path / "log")).position == 0
    assert list(archive.entries(tmp_path / "log")) == []


async def test_of_two_exports_to_one_file_the_second_is_refused(servers: Servers, database: str, file: Path) -> None:
    url, refused = servers.admin_url(database), []

    def meanwhile(position: int, _: int) -> None:
        with pytest.raises(LogRefused, match="another export writes"), transfer._alone(file):
            pass
        refused.append(position)

    await export(url, file, progress=meanwhile)
    assert refused
    assert list(archive.entries(file)) == await _entries(servers, database)


async def test_an_import_stops_where_a_service_is_started(servers: Servers, database: str, file: Path) -> None:
    await emptied(servers, database)
    with ExitStack() as services:

        def started(position: int, _: int) -> None:
            if position == 14:
                services.enter_context(psycopg.connect(servers.role_url("ingest", database)))

        with pytest.raises(LogRefused, match="stop the services first: ingest would act on half a log"):
            await restore(servers.admin_url(database), file, started)
    assert len(await logged(servers, database)) == 14
    await restore(servers.admin_url(database), file)
    assert len(await logged(servers, database)) == EVENTS
