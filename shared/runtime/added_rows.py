"""Rows that stand where the log is not: taken out of log.events, and kept in log.taken_out.

Before the first position no event ever was. After the end there may be some whose head was set back: rows are taken out
only where nothing says that. The relay has copied them as it copies any; what the stream has of them stays out.
"""

from collections.abc import Awaitable, Callable, Sequence
from math import inf
from sys import maxsize
from typing import Final, NamedTuple

from nats.aio.client import Client

from shared.runtime import stream_messages
from shared.runtime.chain import Entry
from shared.runtime.database import Connection, one, one_or_none
from shared.runtime.integrity import ADDED, BEFORE_THE_FIRST, Damage
from shared.runtime.log_rows import head_of
from shared.runtime.transfer import LogRefused, services_at_work

KEEP: Final = """
CREATE TABLE IF NOT EXISTS log.taken_out (
    taken_out_at timestamptz NOT NULL DEFAULT now(),
    log_ended    bigint      NOT NULL,  -- where the log ended without it
    body         text        NOT NULL,
    event        jsonb       NOT NULL   -- the row as it was
)
"""
TAKE_OUT: Final = """
WITH gone AS (DELETE FROM log.events e WHERE position BETWEEN %s AND %s AND position NOT BETWEEN 1 AND %s RETURNING e)
INSERT INTO log.taken_out (log_ended, body, event) SELECT %s, (e).body, to_jsonb(e) FROM gone
"""
END: Final = """
SELECT greatest(position, (SELECT max(position) FROM log.events WHERE position < %s)) FROM log.head
"""
# Of rows after a position, one that follows from the one before it.
LINKED: Final = """
SELECT FROM log.events e JOIN log.events before ON before.position = e.position - 1
WHERE before.position > %s AND e.chain = sha256(before.chain || convert_to(e.body, 'UTF8')) LIMIT 1
"""
COPIED: Final = "SELECT FROM log.events WHERE position > %s AND convert_to(body, 'UTF8') = %s LIMIT 1"
KNOWN: Final = """
SELECT body, min(log_ended) FROM log.taken_out WHERE convert_to(body, 'UTF8') = ANY(%s) GROUP BY body
"""


class Settled(NamedTuple):
    """What was taken out, and what may be the log's or not; `changed`: the log has to be looked at again."""

    changed: bool
    taken_out: Sequence[Damage] = ()
    unknown: Sequence[Damage] = ()


async def settle(
    connection: Connection,
    client: Client,
    damages: Sequence[Damage],
    put_back: Callable[[Damage], Awaitable[Damage | None]],
) -> Settled:
    """Take rows out that were added, if any were.

    `put_back`: writes what is proved to have been in a place, or says that nothing is. Raises LogRefused where services
    have to be stopped first.
    """
    before, beyond = ([each for each in damages if each.reason == reason] for reason in (BEFORE_THE_FIRST, ADDED))
    if not before and not beyond:
        return Settled(False)
    (end,) = await one(connection, END, (beyond[0].first if beyond else maxsize,))
    if before:
        return await _take_out(connection, before, end)
    if await put_back(Damage("log", end + 1, end + 1, ADDED)) is None:
        return Settled(True)
    if await one_or_none(connection, LINKED, (end,)) is not None:
        return Settled(False, unknown=beyond)
    await _insist_that_nobody_goes_on_from_them(connection, client, end)
    return await _take_out(connection, beyond, end)


async def _take_out(connection: Connection, damages: Sequence[Damage], end: int) -> Settled:
    """Move the rows of these damages, without which the log ends at `end`; but for what was appended there since."""
    async with connection.transaction():
        await connection.execute(KEEP)
        now = (await head_of(connection, lock=True)).position
        await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        for damage in damages:
            await connection.execute(TAKE_OUT, (damage.first, damage.last, now, end))
        await connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")
    return Settled(True, taken_out=damages)


async def _insist_that_nobody_goes_on_from_them(connection: Connection, client: Client, end: int) -> None:
    """Refuse to take rows after `end` out while services work that may have read them."""
    streamed = await stream_messages.beginning(client, end + 1, end + 1)
    if not streamed:
        return
    copied = await one_or_none(connection, COPIED, (end, streamed[min(streamed)])) is not None
    if copied and (working := await services_at_work(connection)):
        raise LogRefused(
            f"what was added after position {end} is in the stream too, and {', '.join(working)} may have read it: "
            "stop the services, repair again, and `leadstream rebuild` what `leadstream verify` names before they start"
        )


async def without_added(connection: Connection, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Those before the first that was taken out of the log where it ended earlier."""
    await connection.execute(KEEP)
    known = await (await connection.execute(KNOWN, ([entry.body for entry in entries],))).fetchall()
    ends = {body.encode(): ended for body, ended in known}
    added = (number for number, entry in enumerate(entries) if entry.position > ends.get(entry.body, inf))
    return entries[: next(added, len(entries))]
