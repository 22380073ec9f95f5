"""A bit that flips in PostgreSQL's own files of the log: told by position, and mended from the stream."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.events import ClientRegistered
from shared.runtime import patrol
from shared.runtime.embedded import Postgres
from shared.runtime.integrity import GONE, check_log
from shared.runtime.patrol_rounds import PIECE, Rounds
from shared.runtime.ports import free_ports
from shared.runtime.provisioning import provision_database
from shared.runtime.repair import repair
from shared.runtime.stream_comparison import compare
from tests.integration.apart import Apart
from tests.integration.log_harness import append, connected, event, eventually, on_nats, registrations, relaying
from tests.integration.test_patrol_rounds import Whole
from tests.running_servers import Servers

pytestmark = [
    pytest.mark.usefixtures("streams"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DATABASE = "leadstream"
EVENTS = 2 * PIECE
BLOCK = 8192
ROWS = "'log.events'::regclass"
POSITIONS = "'log.events_pkey'::regclass"
LONG_BODIES = "(SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'log.events'::regclass)"
HEAD = "'log.head'::regclass"


class ApartPostgres(Apart[Postgres]):
    """A PostgreSQL, and a way to hurt it."""

    def flip(self, what: str, chance: random.Random) -> None:
        """One bit of one block that is in use, where it stands on disk."""
        with psycopg.connect(self.server.url(database=DATABASE), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            row = connection.execute(f"SELECT pg_relation_filepath({what})".encode()).fetchone()
        assert row is not None
        self.stop()
        file = self.server.folder / "data" / row[0]
        blocks = file.stat().st_size // BLOCK
        # The first block of an index only says where the index begins; of a table it is like any other.
        number = chance.randrange(1, blocks) if blocks > 1 else 0
        content = bytearray(file.read_bytes())
        content[number * BLOCK + BLOCK - 40] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        self.start()


@pytest.fixture
def apart(servers: Servers, tmp_path: Path) -> Iterator[tuple[Servers, ApartPostgres]]:
    apart = ApartPostgres(
        Postgres(tmp_path / "postgres", free_ports(1)[0], servers.passwords["postgres"]), signal.SIGINT
    )
    apart.start()
    provision_database(apart.server.url(), servers.passwords, DATABASE)
    yield Servers(f"127.0.0.1:{apart.server.port}", servers.nats_at, servers.passwords), apart
    apart.stop()


@pytest.mark.parametrize("what", [ROWS, POSITIONS, LONG_BODIES, HEAD], ids=["rows", "index", "long bodies", "head"])
async def test_a_broken_block_is_told_and_mended(apart: tuple[Servers, ApartPostgres], what: str) -> None:
    servers, postgres = apart
    urls = servers.admin_url(DATABASE), servers.nats_url("provision")
    await append(servers, DATABASE, registrations(EVENTS - 20))
    # Letters that do not repeat, or the body would be packed small enough to stay with its row.
    long = ["".join(random.Random(n).choices("abcdefghijklmnop", k=30_000)) for n in range(20)]
    await append(servers, DATABASE, [event("ClientRegistered", ClientRegistered(name)) for name in long])
    async with relaying(servers, DATABASE):
        await eventually(lambda: compare(*urls), lambda verdict: verdict.last == EVENTS and verdict.identical)
    rounds = Rounds(Whole(), 10 * PIECE)
    async with connected(servers.role_url("relay", DATABASE)) as connection:
        assert await rounds.step(connection, EVENTS, 45) == []
    postgres.flip(what, random.Random(3))

    if what != HEAD:
        told = await _told_by_the_patrol(servers, rounds)
        async with connected(servers.admin_url(DATABASE)) as connection:
            found = (await check_log(connection)).damages
        assert told == [(damage.first, damage.last) for damage in found] != []
        assert {damage.reason for damage in found} == {GONE}
    done = await repair(*urls)
    assert (done.lost, done.copied) == ([], 0)
    assert (await compare(*urls)).identical
    async with connected(servers.admin_url(DATABASE)) as connection:
        assert (await check_log(connection)).damages == []
    async with connected(servers.role_url("relay", DATABASE)) as connection:
        assert await rounds.step(connection, EVENTS, 45) == []
    await append(servers, DATABASE, registrations(1))


async def _told_by_the_patrol(servers: Servers, rounds: Rounds) -> list[tuple[int, int]]:
    async with (
        connected(servers.role_url("relay", DATABASE)) as connection,
        on_nats(servers.nats_url("relay")) as client,
    ):
        await patrol.go_round(connection, client, rounds, EVENTS, 45)
        ((damages,),) = await (await connection.execute("SELECT damages FROM log.patrol")).fetchall()
    return [(damage["first"], damage["last"]) for damage in damages if damage["side"] == "log"]
