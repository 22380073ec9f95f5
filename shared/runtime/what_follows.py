"""What the stream has beyond the log's end, taken back into the log: as far as it can follow there."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from nats.aio.client import Client

from shared.runtime import stream_messages
from shared.runtime.added_rows import without_added
from shared.runtime.chain import Entry, Link
from shared.runtime.database import Connection
from shared.runtime.log_rows import COLUMNS, NoEvent, checked_row, head_of
from shared.runtime.transfer import extend

CHUNK: Final = 1_000
GONE: Final = "neither side has what follows"
TAKEN_OUT: Final = "it was taken out of the log"
UNFIT: Final = "the stream has what cannot follow in the log: no event, or one that the log has elsewhere"


class Taken(NamedTuple):
    """How many events were taken, and at which position the next one would be; `ended`: why there was none."""

    events: int
    at: int
    ended: str | None = None


async def take_what_follows(connection: Connection, client: Client, last: int) -> Taken:
    """Append the stream's messages up to `last`, each with the hash that it makes. Raises LogRefused, TimeoutError."""
    head = await head_of(connection)
    began = head.position
    while head.position < last:
        found = await stream_messages.beginning(client, head.position + 1, min(last, head.position + CHUNK))
        entries = _in_a_row(head, found)
        ours = await without_added(connection, entries)
        fit = await _fit(connection, ours)
        await extend(connection, fit)
        if fit:
            head = fit[-1].place
        if not entries or len(fit) < len(entries):
            ended = UNFIT if len(fit) < len(ours) else TAKEN_OUT if entries else GONE
            return Taken(head.position - began, head.position + 1, ended)
    return Taken(head.position - began, head.position + 1)


def _in_a_row(head: Link, found: dict[int, bytes]) -> list[Entry]:
    entries = []
    while (body := found.get(head.position + 1)) is not None:
        entries.append(head.then(body))
        head = entries[-1].place
    return entries


async def _fit(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those before the first that is no event, or one whose id is in the log."""
    ids: list[str] = []
    for entry in entries:
        try:
            ids.append(checked_row(entry)[COLUMNS.index("id")])
        except NoEvent:
            break
    cursor = await connection.execute("SELECT id FROM log.events WHERE id = ANY(%s::uuid[])", (ids,))
    known = {row[0].replace("-", "") for row in await cursor.fetchall()}
    fit = []
    for entry, event_id in zip(entries, ids, strict=False):
        if event_id in known:
            break
        known.add(event_id)
        fit.append(entry)
    return fit
