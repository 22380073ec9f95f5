"""Each side made whole from the other: events of the log from the stream, the stream from the log.

An event is put back only where the hash chain proves it to be the one that was written; the end of a log that was cut
off, or all of a log that was lost, is taken from the stream, which nothing but the relay writes. A stream cannot be
mended in its middle: it is made anew, and copied again.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Final

import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg import sql
from psycopg.errors import UniqueViolation

from shared.runtime import added_rows, broken_blocks, relay, stream_messages
from shared.runtime.chain import START, Entry, Link, chained
from shared.runtime.database import Connection, connect, one_or_none
from shared.runtime.integrity import Damage, check_log
from shared.runtime.log_rows import COLUMNS, NoEvent, head_of, row_of
from shared.runtime.provisioning import provision_streams
from shared.runtime.refusals import Impossible
from shared.runtime.settings import Settings
from shared.runtime.stream_comparison import compare
from shared.runtime.what_follows import GONE, TAKEN_OUT, take_what_follows
from shared.subjects import STREAM

NEIGHBOURS: Final = 100
STANDS_SECONDS: Final = 10.0
# The head is a copy of what the last event says.
LEVEL_HEAD: Final = """
UPDATE log.head h SET position = e.position, chain = e.chain
FROM (SELECT position, chain FROM log.events ORDER BY position DESC LIMIT 1) e
WHERE (h.position, h.chain) <> (e.position, e.chain)
"""
# What the patrol has found, and would look at again piece by piece.
FORGET_DAMAGES: Final = "UPDATE log.patrol SET damages = '[]'"
GIVE_UP: Final = "`leadstream repair --trust-log` gives up what the stream has from there on"
Say = Callable[[str], None]


@dataclass
class Repair:
    """What was mended: positions put back into the log, how many were added at its end; of the stream, how many
    messages were copied to its end, or copied anew.

    `taken_out`: rows that somebody had added to the log; log.taken_out keeps them.
    `lost`: what neither side has, or what has another place in the log now. Only a backup or an export brings it back.
    """

    restored: list[int] = field(default_factory=list)
    appended: int = 0
    filled: int = 0
    copied: int = 0
    taken_out: list[Damage] = field(default_factory=list)
    lost: list[Damage] = field(default_factory=list)


class Unfilled(Impossible):
    """The stream is whole as far as it goes, and takes no more: not for a damage, so it is left as it is."""


class Contradiction(Impossible):
    """Log and stream are each whole and tell different events: a person has to say which one is right."""


async def repair(admin_url: str, nats_url: str, *, trust_log: bool = False, say: Say = lambda _: None) -> Repair:
    """Mend the log from the stream, then the stream from the log. `nats_url`: of the user `provision`.

    `trust_log`: make the stream anew also where it has whole messages that are not the log's. Raises Contradiction,
    Unfilled, and LogRefused where services have to be stopped first.
    """
    done = Repair()
    client = await nats.connect(nats_url, name="repair", max_reconnect_attempts=3)
    try:
        async with await connect(admin_url, name="repair", autocommit=True) as connection:
            await broken_blocks.take_out(connection, say)
            await _mend_log(connection, client, done, say)
            if done.lost:
                return done
            verdict = await compare(admin_url, nats_url)
            if verdict.other_at is not None and not trust_log:
                raise Contradiction(_another_event(verdict.other_at))
            if verdict.other_at is None or await _agree_at_the_end(connection, client):
                await _extend_log(connection, client, verdict.last, trust_log, done, say)
            if done.lost:
                return done
            head = (await head_of(connection)).position
            fill = partial(_fill, admin_url, nats_url, client, head)
            if verdict.last <= head and not verdict.findings.positions and await _is_filled(fill, connection, client):
                done.filled = max(0, head - verdict.last)
            else:
                say(f"making the stream anew: {head:,} events are copied from the log")
                await _make_stream(nats_url, client)
                await fill(inf)
                done.copied = head
            await connection.execute(FORGET_DAMAGES)
    finally:
        await client.close()
    return done


def _another_event(position: int) -> str:
    return (
        f"at position {position} the stream has another event than the log, and each is whole by itself: "
        "one was written anew, or they are of two systems. Find out which one is right; "
        "`leadstream repair --trust-log` makes the stream anew from the log"
    )


async def _mend_log(connection: Connection, client: Client, done: Repair, say: Say) -> None:
    """Put back every damaged event of which either side has the body as it was written."""
    damages = (await check_log(connection, shown=sys.maxsize)).damages
    for damage in damages:
        say(str(damage))
    put_back = partial(_put_back, connection, client, done)
    settled = await added_rows.settle(connection, client, damages, put_back)
    done.taken_out += settled.taken_out
    if settled.changed:
        return await _mend_log(connection, client, done, say)
    done.lost += settled.unknown
    end, begun = (await head_of(connection)).position, len(done.restored)
    for damage in damages:
        mended = damage.last <= max(done.restored[begun:], default=0)
        if not mended and damage.first <= end and (lost := await put_back(damage)):
            done.lost.append(lost)
    if not done.lost:
        await connection.execute(LEVEL_HEAD)
    return None


async def _put_back(connection: Connection, client: Client, done: Repair, damage: Damage) -> Damage | None:
    """Write what is proved to have been in the place of a damage; what is lost, where it cannot be there again."""
    entries = await _proved(connection, client, damage)
    try:
        for entry in entries:
            await _write(connection, entry)
            done.restored.append(entry.position)
    except UniqueViolation:
        return await _again(connection, entry)
    except NoEvent:
        return damage
    return None if entries else damage


async def _proved(connection: Connection, client: Client, damage: Damage) -> list[Entry]:
    """What was in the place of a damage: the log's own bodies where they follow, else the stream's messages.

    Of these a hash that stands in the log has to say so. Where the next event is damaged too, the two are proved
    together, and so on.
    """
    before = await _chain_and_body(connection, damage.first - 1)
    if before is None and damage.first > 1:
        return []
    head = await head_of(connection)
    streamed = await stream_messages.messages(client, damage.first, damage.last + NEIGHBOURS)
    entries, standing = [], Link(damage.first - 1, before[0] if before else START.chain)
    while body := await _following(connection, standing) or streamed.get(standing.position + 1):
        entries.append(standing.then(body))
        standing = entries[-1].place
        if standing.position >= damage.last and (head == standing or await _stands(connection, *standing)):
            return entries
    return []


async def _following(connection: Connection, before: Link) -> bytes | None:
    """The log's own body after a place, if its hash follows from there."""
    own = await _chain_and_body(connection, before.position + 1)
    return own[1] if own and chained(before.chain, own[1]) == own[0] else None


async def _stands(connection: Connection, position: int, chain: bytes) -> bool:
    """Whether the log itself has this hash at a position, or the event after it follows from it."""
    here, after = [await _chain_and_body(connection, position + step) for step in (0, 1)]
    return (here is not None and here[0] == chain) or (after is not None and chained(chain, after[1]) == after[0])


async def _chain_and_body(connection: Connection, position: int) -> tuple[bytes, bytes] | None:
    row = await one_or_none(connection, "SELECT chain, body FROM log.events WHERE position = %s", (position,))
    return (bytes(row[0]), row[1].encode()) if row else None


async def _write(connection: Connection, entry: Entry) -> None:
    """The one place that writes below the log's own rules: what it writes is what had been written."""
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    values = sql.SQL(", ").join(sql.Placeholder() for _ in COLUMNS)
    async with connection.transaction():
        await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        await connection.execute("DELETE FROM log.events WHERE position = %s", (entry.position,))
        statement = sql.SQL("INSERT INTO log.events ({}) VALUES ({})").format(names, values)
        await connection.execute(statement, row_of(entry))
        await connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")


async def _again(connection: Connection, entry: Entry) -> Damage:
    """That an event cannot be put back, as the log took it again meanwhile: an id is in it once."""
    event_id = row_of(entry)[COLUMNS.index("id")]
    row = await one_or_none(connection, "SELECT position FROM log.events WHERE id = %s", (event_id,))
    where = f"at position {row[0]}" if row else "elsewhere"
    return Damage(
        "log", entry.position, entry.position, f"the event that was here was said again {where}, under its id"
    )


async def _agree_at_the_end(connection: Connection, client: Client) -> bool:
    """Whether the stream has the log's last event where the log has it."""
    position = (await head_of(connection)).position
    ours = await _chain_and_body(connection, position)
    theirs = await stream_messages.messages(client, position, position)
    return ours is not None and theirs.get(position) == ours[1]


async def _extend_log(
    connection: Connection, client: Client, last: int, trust_log: bool, done: Repair, say: Say
) -> None:
    """Take from the stream what it has beyond the log's end, up to its `last`. Raises Contradiction, LogRefused."""
    head = (await head_of(connection)).position
    if last <= head:
        return
    say(f"the log ends at {head:,} and the stream at {last:,}: taking what follows from the stream")
    taken = await take_what_follows(connection, client, last)
    done.appended = taken.events
    if taken.ended is None:
        return
    if trust_log or taken.ended == TAKEN_OUT:
        say(f"what the stream has from {taken.at:,} on is given up: {taken.ended}")
    elif taken.ended == GONE:
        done.lost.append(Damage("stream", taken.at, last, f"{GONE}; {GIVE_UP}"))
    else:
        raise Contradiction(f"at position {taken.at} {taken.ended}. Find out why; {GIVE_UP}")


async def _last(client: Client) -> int:
    try:
        return await relay.last_sequence(client)
    except NotFoundError:
        return 0


async def _make_stream(nats_url: str, client: Client) -> None:
    stream, room = client.jetstream(timeout=30), -1
    with suppress(NotFoundError):
        room = (await stream.stream_info(STREAM)).config.max_bytes or room
        await stream.delete_stream(STREAM)
    await provision_streams(nats_url, room if room > 0 else None)


async def _is_filled(fill: Callable[[float], Awaitable[bool]], connection: Connection, client: Client) -> bool:
    """See to it that a stream without a difference gets the rest of the log; False where damage keeps it from that."""
    while not await fill(STANDS_SECONDS):
        try:
            await relay.copy_some(connection, client)
        except relay.Stuck:
            return False
        except relay.WrongSequence:
            continue  # somebody else has copied some
        except relay.Refused as error:
            raise Unfilled(
                f"the stream {STREAM} is whole as far as it goes, and takes no more events: {error}. It was left as it "
                "is; see RelayBehind in docs/operations/alarms.md"
            ) from None
    return True


async def _fill(admin_url: str, nats_url: str, client: Client, head: int, patience: float) -> bool:
    """See the stream filled: by the relay that runs, or by one that runs here meanwhile; whether it came to `head`.

    `patience`: the seconds after which a stream that takes nothing is given up.
    """
    known, since = await _last(client), time.monotonic()
    if known >= head:
        return True
    settings = Settings.model_validate({"database_url": admin_url, "nats_url": nats_url})
    stop = asyncio.Event()
    copying = asyncio.create_task(relay.run(settings, stop))
    while known < head and not copying.done() and time.monotonic() - since < patience:
        await asyncio.sleep(0.2)
        if (last := await _last(client)) > known:
            known, since = last, time.monotonic()
    stop.set()
    await copying
    return known >= head
