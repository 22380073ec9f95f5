"""Files that look like a log's and are none: an import refuses them, an export begins anew."""

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from shared.runtime import archive
from shared.runtime.archive import BadArchive
from shared.runtime.chain import START, Link
from shared.runtime.transfer import export, restore
from tests.integration.damaging import tamper
from tests.integration.log_harness import append, logged, registrations
from tests.running_servers import Servers


@pytest.fixture
async def file(servers: Servers, database: str, tmp_path: Path) -> Path:
    """The export of a log of three events."""
    await append(servers, database, registrations(3))
    path = tmp_path / "log.jsonl.gz"
    await export(servers.admin_url(database), path)
    return path


NO_EVENTS = {
    "no JSON": b"x",
    "no object": b"[]",
    "no id": b"{}",
    "another's id": b'{"id":"another"}',
    "a character that PostgreSQL does not take": b'%s,"payload":{"name":"\x00"}}',
    "a payload that is none": b'%s,"payload":{]}',
    "no time": b'%s,"occurred_at":"soon"}',
    "a type that is no name": b'%s,"type":["ClientRegistered"]}',
}


@pytest.mark.parametrize("body", NO_EVENTS.values(), ids=NO_EVENTS)
async def test_what_is_no_event_is_refused_before_anything_is_written(
    servers: Servers, database: str, file: Path, body: bytes
) -> None:
    """Its hash is right: whoever made the file has made it so."""
    entries = list(archive.entries(file))
    envelope, _, _ = entries[1].body.partition(b',"payload":')
    bad = body.replace(b"%s", envelope)
    last = entries[1]._replace(body=bad, chain=sha256(entries[0].chain + bad).digest())
    with file.open("wb") as made:
        archive.begin(made, START)
        archive.add(made, [entries[0], last])
        archive.finish(made, Link(last.position, last.chain))
    await tamper(servers, database, "DELETE FROM log.events", "UPDATE log.head SET position = 0, chain = ''")
    with pytest.raises(BadArchive, match="what it has at position 2 is no event"):
        await restore(servers.admin_url(database), file)
    assert await logged(servers, database) == []


@pytest.mark.parametrize(
    "other", [b'{"some": "thing"}\n', b"lines\n", b"[1, 2]\n", b'{"position": 3, "chain": "00"}\n']
)
async def test_what_another_program_had_begun_is_not_gone_on_with(
    servers: Servers, database: str, file: Path, other: bytes
) -> None:
    before = list(archive.entries(file))
    file.with_name(file.name + ".partial").write_bytes(gzip.compress(other))
    await export(servers.admin_url(database), file)
    assert list(archive.entries(file)) == before
