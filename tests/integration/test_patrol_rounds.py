"""The patrol's round: whatever changes in a thousand that was sealed, on either side, is told by its piece."""

import asyncio
import time
from pathlib import Path

import pytest

from shared.runtime import patrol
from shared.runtime.embedded import Nats
from shared.runtime.patrol_rounds import PIECE, Rounds, runs
from shared.runtime.ports import free_ports
from shared.runtime.provisioning import provision_streams
from shared.runtime.skimming import Skimmer
from tests.integration.damaging import tamper
from tests.integration.log_harness import append, connected, on_nats, registrations
from tests.integration.test_integrity import fill, running
from tests.running_servers import NATS_USERS, Servers

PIECES = 4
OTHER = "'00000000-0000-0000-0000-000000000001'"
TAMPERING = {
    "body": "UPDATE log.events SET body = replace(body, 'client 150', 'client 151') WHERE position = 1501",
    "hash": "UPDATE log.events SET chain = '\\x00' WHERE position = 1501",
    "gone": "DELETE FROM log.events WHERE position = 1501",
    "type": "UPDATE log.events SET type = 'BatchPaused' WHERE position = 1501",
    "slot": "UPDATE log.events SET slot = 64 WHERE position = 1501",
    "tenant": f"UPDATE log.events SET tenant_id = {OTHER} WHERE position = 1501",
    "no client": "UPDATE log.events SET client_id = NULL WHERE position = 1501",
    "entity": f"UPDATE log.events SET entity_id = {OTHER} WHERE position = 1501",
    "time": "UPDATE log.events SET occurred_at = occurred_at + interval '1 microsecond' WHERE position = 1501",
    "two rows in each other's place": "UPDATE log.events SET position = 9000 WHERE position = 1501;"
    "UPDATE log.events SET position = 1501 WHERE position = 1502;"
    "UPDATE log.events SET position = 1502 WHERE position = 9000",
}


class Whole:
    """A stream of which nothing is missing."""

    async def missing(self, first: int, last: int) -> list[int]:
        assert (first % PIECE, last % PIECE) == (1, 0)
        return []


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
async def test_a_row_that_changes_is_told_by_its_piece(servers: Servers, database: str, statement: str) -> None:
    await append(servers, database, registrations(PIECES * PIECE + 7))
    rounds = Rounds(Whole(), 10 * PIECE)
    async with connected(servers.role_url("relay", database)) as connection:
        for _ in range(2):
            assert await rounds.step(connection, PIECES * PIECE + 7, 45) == []
        await tamper(servers, database, *statement.split(";"))
        assert await rounds.step(connection, PIECES * PIECE + 7, 45) == [1]
        again = Rounds(Whole(), 10 * PIECE)
        assert await again.step(connection, PIECES * PIECE + 7, 45) == [1], "what is sealed outlives the process"


async def test_the_round_takes_what_has_waited_longest_and_no_more_than_it_has_to(
    servers: Servers, database: str
) -> None:
    await append(servers, database, registrations(PIECES * PIECE))
    asked: list[tuple[int, int]] = []

    class Noting(Whole):
        async def missing(self, first: int, last: int) -> list[int]:
            asked.append(((first - 1) // PIECE, last // PIECE))
            return []

    rounds = Rounds(Noting(), 2 * PIECE, age=1_000)
    async with connected(servers.role_url("relay", database)) as connection:
        for _ in range(3):
            await rounds.step(connection, PIECES * PIECE, 1)
        assert rounds.oldest > 900, "one is not looked at yet"
        await rounds.step(connection, PIECES * PIECE, 1)
        assert rounds.oldest < 900
        await rounds.step(connection, PIECES * PIECE, 45)
    assert asked == [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2)], "at most two a second, however many were due"


@pytest.mark.parametrize("step", [-600, 600])
async def test_a_clock_that_is_put_back_or_forward_changes_nothing(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    await append(servers, database, registrations(PIECES * PIECE))
    asked: list[int] = []

    class Noting(Whole):
        async def missing(self, first: int, last: int) -> list[int]:
            asked.append(first // PIECE)
            return []

    async with (
        on_nats(servers.nats_url("relay")) as client,
        connected(servers.role_url("relay", database)) as connection,
    ):
        rounds = Rounds(Noting(), PIECE, await patrol._age(connection))

        async def gone_round() -> None:
            for _ in range(PIECES):
                await patrol.go_round(connection, client, rounds, PIECES * PIECE, 1)
                assert await patrol._age(connection) < 300

        await gone_round()
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + step)
        await gone_round()
        await gone_round()
        assert asked == 3 * list(range(PIECES))


async def test_a_round_is_gone_on_with_after_a_restart(servers: Servers, database: str) -> None:
    """By the clock of the database, whichever the relay's says; what is to come has not waited."""
    async with connected(servers.role_url("relay", database)) as connection:
        for told, least in (("now() - interval '1 hour'", 3_600), ("now() + interval '1 hour'", 0), ("NULL", 0)):
            await connection.execute(f"UPDATE log.patrol SET oldest_at = {told}")
            assert least <= await patrol._age(connection) < least + 60


async def test_what_is_odd_is_due_until_it_was_looked_at_closely(servers: Servers, database: str) -> None:
    await append(servers, database, registrations(PIECES * PIECE))

    class Odd(Whole):
        async def missing(self, first: int, last: int) -> list[int]:
            return [position for position in (1, 1_001) if first <= position <= last]

    rounds = Rounds(Odd(), PIECE)
    async with connected(servers.role_url("relay", database)) as connection:

        async def stepped() -> list[int]:
            return await rounds.step(connection, PIECES * PIECE, 1)

        assert [await stepped() for _ in range(PIECES)] == [[0], [1], [], []], "new ones are looked at first"
        assert [await stepped() for _ in range(2)] == [[0], [0]]
        rounds.looked_closely(0)
        assert await stepped() == [1]
        rounds.looked_closely(1)
        assert [await stepped() for _ in range(3)] == [[], [], [0]]


async def test_a_bit_in_the_stream_s_running_store_is_named_within_a_round(
    servers: Servers, database: str, tmp_path: Path
) -> None:
    """The server goes on running; the position is found by the round and named by the close look."""
    server = Nats(tmp_path / "nats", free_ports(1)[0], dict.fromkeys(NATS_USERS, "password"))
    await append(servers, database, registrations(PIECES * PIECE))
    with running(server):
        await provision_streams(server.url("provision"))
        await fill(servers, database, server, PIECES * PIECE)
        async with (
            on_nats(server.url("relay")) as client,
            connected(servers.role_url("relay", database)) as connection,
        ):
            skimmer = await Skimmer.connect(server.url("relay"))
            rounds = Rounds(skimmer, 10 * PIECE)

            async def damages() -> list[tuple[str, int, int]]:
                await patrol.go_round(connection, client, rounds, PIECES * PIECE, 45)
                cursor = await connection.execute("SELECT damages FROM log.patrol")
                ((found,),) = await cursor.fetchall()
                return [(damage["side"], damage["first"], damage["last"]) for damage in found]

            assert await damages() == []
            assert await rounds.step(connection, PIECES * PIECE, 45) == [], "nothing is odd: no close look was needed"
            _flip(tmp_path, b'"client 1500"')
            assert await _until_told(damages) == [("stream", 1501, 1501)]
            assert await skimmer.missing(1, PIECES * PIECE) == [1501]
            await skimmer.aclose()


async def _until_told(damages) -> list[tuple[str, int, int]]:  # type: ignore[no-untyped-def]
    """NATS keeps a block in memory for ten seconds after its last use; what is read then is right."""
    for _ in range(8):
        await asyncio.sleep(11)
        if found := await damages():
            return list(found)
    return []


def _flip(folder: Path, text: bytes) -> None:
    for block in folder.rglob("*.blk"):
        if (at := block.read_bytes().find(text)) >= 0:
            with block.open("r+b") as file:
                file.seek(at + 3)
                file.write(bytes([text[3] ^ 4]))
            return
    raise AssertionError(f"{text!r} is in no block")


def test_runs() -> None:
    assert list(runs([])) == []
    assert list(runs([0, 1, 2, 5, 7, 8])) == [(0, 2), (5, 5), (7, 8)]
