"""The light check that never ends: log against itself and against the stream.

Every second a quick look at the next pieces of a round that passes over all of it within a minute (see `rounds`), and a
close one where that found something. Every ten seconds a close look at what was copied last, and at a piece of the
rest, from the end to the beginning and over again. What is found stands in log.patrol, for metrics and `leadstream
doctor`, until the same positions are found sound. It mends nothing: that is what `leadstream repair` is for.
"""

import asyncio
import sys
import time
from contextlib import aclosing, suppress
from dataclasses import asdict
from itertools import count
from typing import Any, Final

import orjson
import psycopg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.runtime import stream_messages
from shared.runtime.cancellation import end_if_cancelled
from shared.runtime.chain import START, Link
from shared.runtime.database import Connection, connect, one
from shared.runtime.integrity import BROKEN, Damage, Findings, LogCheck, outside, readable_ends, rows_of
from shared.runtime.log_rows import COLUMNS
from shared.runtime.patrol_rounds import PIECE as SEALED
from shared.runtime.patrol_rounds import Rounds
from shared.runtime.settings import Settings
from shared.runtime.skimming import Skimmer
from shared.runtime.stream_comparison import GONE, OTHER_EVENT
from shared.subjects import STREAM

# A close look costs a tenth of a millisecond an event: 12,000 of them a minute, two hundredths of a processor.
PIECE: Final = 1_000
CLOSELY_EVERY: Final = 10
PIECE_BYTES: Final = 8 * 1024 * 1024
EVERY_SECONDS: Final = 1.0
CLOSE_LOOKS: Final = 5
# Rows that are looked at before others on the event loop get their turn: a few milliseconds.
AT_ONCE: Final = 100
KEPT: Final = 100
_BODY: Final = COLUMNS.index("body")
# How many positions are damaged, the seconds since something was compared (0: it has not begun), and since that was
# looked at which has not been looked at for longest.
REPORT: Final = """
SELECT (SELECT coalesce(sum((found ->> 'last')::bigint - (found ->> 'first')::bigint + 1), 0)
        FROM jsonb_array_elements(damages) found),
       coalesce(extract(epoch FROM now() - checked_at), 0), coalesce(extract(epoch FROM now() - oldest_at), 0)
FROM log.patrol
"""
# Where the piece that ends at a position begins: it is shorter where events are wide, as it is held three times.
BEGINNING: Final = """
SELECT min(position) FROM (
    SELECT position, row_number() OVER last_first AS number, sum(octet_length(body)) OVER last_first AS bytes
    FROM log.events WHERE position > %s AND position <= %s WINDOW last_first AS (ORDER BY position DESC)) piece
WHERE bytes <= %s OR number = 1
"""
logger = structlog.get_logger()


async def patrol(settings: Settings, client: Client) -> None:
    """Check for ever. A server that is away is waited for."""
    url, stream = settings.database_url.get_secret_value(), settings.nats_url.get_secret_value()
    while True:
        end_if_cancelled()
        try:
            async with (
                await connect(url, name="patrol", autocommit=True) as connection,
                aclosing(await Skimmer.connect(stream)) as skimmer,
            ):
                rounds = Rounds(skimmer, settings.patrol_events_per_second, await _age(connection))
                looked = time.monotonic() - EVERY_SECONDS
                for turn in count():
                    end_if_cancelled()
                    if turn % CLOSELY_EVERY == 0:
                        await walk(connection, client)
                    now = time.monotonic()
                    await go_round(connection, client, rounds, await _copied(connection, client), now - looked)
                    looked = now
                    await asyncio.sleep(EVERY_SECONDS)
        except (psycopg.Error, NatsError, OSError, TimeoutError) as error:
            logger.warning("patrol waits", error=repr(error)[:300])
            await asyncio.sleep(EVERY_SECONDS)
        except Exception:
            logger.exception("the patrol failed; it begins again")
            await asyncio.sleep(CLOSELY_EVERY)


async def walk(connection: Connection, client: Client) -> None:
    """Look closely at the newest piece and the next one of the rest; keep what was found."""
    streamed, head = await _ends(connection, client)
    outer = outside(await readable_ends(connection))
    last, rounds, known = await one(connection, "SELECT position, rounds, damages FROM log.patrol")
    copied = min(streamed, head)
    if streamed > head:
        outer.append(Damage("stream", head + 1, streamed, "beyond the log"))
    known = _merged(known, -sys.maxsize, 0, [damage for damage in outer if damage.first < 1])
    known = _merged(known, head + 1, sys.maxsize, [damage for damage in outer if damage.first > 0])
    begin = last if 0 < last <= copied else copied
    for upto in {copied, begin} - {0}:
        first = await _beginning(connection, upto)
        found = await check_piece(connection, client, first, upto)
        known = _merged(known, first, upto, found.damages)
    following = max(0, await _beginning(connection, begin) - 1)
    await connection.execute(
        "UPDATE log.patrol SET position = %s, rounds = %s, damages = %s, checked_at = now()",
        (following, rounds + (following == 0), orjson.dumps(known).decode()),
    )


async def _copied(connection: Connection, client: Client) -> int:
    """How far both sides go, now: the stream may be made anew at any time."""
    return min(await _ends(connection, client))


async def _ends(connection: Connection, client: Client) -> tuple[int, int]:
    """The last positions of stream and log."""
    state = (await client.jetstream().stream_info(STREAM)).state
    return state.last_seq, (await readable_ends(connection)).by_head


async def go_round(
    connection: Connection, client: Client, rounds: Rounds, upto: int, seconds: float = EVERY_SECONDS
) -> None:
    """Take the next pieces of the round, `seconds` after the last; look closely where something is not right."""
    odd = await rounds.step(connection, upto, seconds)
    (known,) = await one(connection, "SELECT damages FROM log.patrol")
    # What was damaged is looked at until it is sound again: a piece of it each time, whichever stands first.
    again = [(damage["first"] - 1) // SEALED for damage in known if 0 < damage["first"] <= upto][:1]
    for piece in [*odd[:CLOSE_LOOKS], *again]:
        first, last = piece * SEALED + 1, min((piece + 1) * SEALED, upto)
        damages = await _closely(connection, client, first, last)
        known = _merged(known, first, last, damages)
        rounds.looked_closely(piece)
        if not damages and piece in odd:
            logger.info("what looked odd is sound", first=first, last=last)
            await rounds.seal(connection, piece)
    await connection.execute(
        "UPDATE log.patrol SET damages = %s, oldest_at = now() - make_interval(secs => %s), checked_at = now()",
        (orjson.dumps(known).decode(), rounds.oldest),
    )


async def _closely(connection: Connection, client: Client, first: int, last: int) -> list[Damage]:
    """What a close look finds from `first` to `last`, taken in as many steps as their width asks for."""
    damages: list[Damage] = []
    while last >= first:
        begin = max(first, await _beginning(connection, last))
        damages = (await check_piece(connection, client, begin, last)).damages + damages
        last = begin - 1
    return damages


async def _age(connection: Connection) -> float:
    """Seconds since all was looked at, by another relay or before a restart."""
    (seconds,) = await one(connection, "SELECT extract(epoch FROM now() - oldest_at)::float8 FROM log.patrol")
    return max(0.0, seconds or 0.0)


async def _beginning(connection: Connection, upto: int) -> int:
    beginning, before = None, max(0, upto - PIECE)
    with suppress(*BROKEN):  # how wide they are cannot be read, but which
        (beginning,) = await one(connection, BEGINNING, (before, upto, PIECE_BYTES))
    return min(upto, before + 1) if beginning is None else beginning


async def check_piece(connection: Connection, client: Client, first: int, last: int) -> Findings:
    """Positions `first` to `last` of the log, chained to the one before, and the stream's messages beside them."""
    rows = [row async for some in rows_of(connection, max(0, first - 2), last) for row in some]
    before = next((Link(row[0], bytes(row[-1])) for row in rows if row[0] == first - 1), None)
    rows = [row for row in rows if row[0] >= first]
    check = LogCheck(first - 1, START if first == 1 else before)
    for at in range(0, len(rows), AT_ONCE):
        check.take(rows[at : at + AT_ONCE])
        await asyncio.sleep(0)
    if check.position < last:
        check.end(last, None)
    bodies = {row[0]: row[_BODY].encode() for row in rows}
    streamed = await stream_messages.messages(client, first, last)
    for position in range(first, last + 1):
        if position not in streamed:
            check.findings.add(Damage("stream", position, position, GONE))
        elif position in bodies and streamed[position] != bodies[position]:
            check.findings.add(Damage("stream", position, position, OTHER_EVENT))
    return check.findings


def _merged(known: list[dict[str, Any]], first: int, last: int, found: list[Damage]) -> list[dict[str, Any]]:
    """What is known after a piece was checked: the new word on it, and the old on everything else."""
    elsewhere = [damage for damage in known if damage["last"] < first or damage["first"] > last]
    new = [asdict(damage) for damage in found]
    for damage in new:
        if damage not in known:
            logger.error("log and stream are damaged; run `leadstream repair`", **damage)
    return sorted(elsewhere + new, key=lambda damage: (damage["side"], damage["first"]))[:KEPT]
