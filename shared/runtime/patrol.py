"""The light check that never ends: log against itself and against the stream, the newest events first, then backwards.

It looks at a piece every second: at once at what was copied last, and in between at a piece of the rest, from the end
to the beginning and over again. What it finds stands in log.patrol, for metrics and `leadstream doctor`, until the
same positions are found sound. It mends nothing: that is what `leadstream repair` is for.
"""

import asyncio
from dataclasses import asdict
from typing import Any, Final

import orjson
import psycopg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.runtime import direct
from shared.runtime.archive import Link
from shared.runtime.cancellation import end_if_cancelled
from shared.runtime.comparison import GONE, OTHER_EVENT
from shared.runtime.database import Connection, connect
from shared.runtime.integrity import Damage, Findings, LogCheck, rows_of
from shared.runtime.transfer import COLUMNS, head_of
from shared.subjects import STREAM

# 60,000 events a minute, for a few hundredths of a processor.
PIECE: Final = 1_000
PIECE_BYTES: Final = 8 * 1024 * 1024
EVERY_SECONDS: Final = 1.0
KEPT: Final = 100
_BODY: Final = COLUMNS.index("body")
# How many positions are damaged, and the seconds since something was compared (0: it has not begun).
REPORT: Final = """
SELECT (SELECT coalesce(sum((found ->> 'last')::bigint - (found ->> 'first')::bigint + 1), 0)
        FROM jsonb_array_elements(damages) found),
       coalesce(extract(epoch FROM now() - checked_at), 0)
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


async def patrol(url: str, client: Client) -> None:
    """Check for ever. A server that is away is waited for."""
    while True:
        end_if_cancelled()
        try:
            async with await connect(url, name="patrol", autocommit=True) as connection:
                while True:
                    end_if_cancelled()
                    await walk(connection, client)
                    await asyncio.sleep(EVERY_SECONDS)
        except (psycopg.Error, NatsError, OSError, TimeoutError) as error:
            logger.info("patrol waits", error=repr(error)[:300])
            await asyncio.sleep(EVERY_SECONDS)


async def walk(connection: Connection, client: Client) -> None:
    """Check the newest piece and the next one of the rest; keep what was found."""
    state = (await client.jetstream().stream_info(STREAM)).state
    head = (await head_of(connection)).position
    cursor = await connection.execute("SELECT position, rounds, damages FROM log.patrol")
    row = await cursor.fetchone()
    assert row is not None
    last, rounds, known = row
    copied = min(state.last_seq, head)
    if state.last_seq > head:
        known = _merged(known, head + 1, state.last_seq, [Damage("stream", head + 1, state.last_seq, "beyond the log")])
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


async def _beginning(connection: Connection, upto: int) -> int:
    cursor = await connection.execute(BEGINNING, (upto - PIECE, upto, PIECE_BYTES))
    row = await cursor.fetchone()
    return row[0] if row and row[0] is not None else max(1, upto - PIECE + 1)


async def check_piece(connection: Connection, client: Client, first: int, last: int) -> Findings:
    """Positions `first` to `last` of the log, chained to the one before, and the stream's messages beside them."""
    rows = [row async for some in rows_of(connection, max(0, first - 2), last) for row in some]
    before = next((Link(row[0], bytes(row[-1])) for row in rows if row[0] == first - 1), None)
    rows = [row for row in rows if row[0] >= first]
    check = LogCheck(first - 1, Link(0, b"") if first == 1 else before)
    check.take(rows)
    if check.position < last:
        check.end(last, None)
    bodies = {row[0]: row[_BODY].encode() for row in rows}
    streamed = await direct.messages(client, first, last)
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
