"""Is the log what was written? Positions without a gap, each body chained to the one before, every column its copy.

The hash chain covers the bodies; a column beside a body is a copy of a part of it, and is compared with that part. The
chain cannot say whether all of it was written anew from some position on: the stream, which is compared apart, can.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import psycopg

from shared.runtime.chain import START, Entry, Link, chained, follows
from shared.runtime.database import Connection
from shared.runtime.log_rows import CHUNK_BYTES, COLUMNS, Ends, NoEvent, ends_of, head_of, row_of, window

CHUNK: Final = 2_000
SHOWN: Final = 100
# How many values the hash before may have had, beside the one that stands there.
PERHAPS: Final = 7
_BODY, _CHAIN = COLUMNS.index("body"), COLUMNS.index("chain")
ROWS: Final = window(", ".join(COLUMNS), "position > %s AND position <= %s")
# What PostgreSQL says of blocks that are not what it wrote: a wrong checksum, a missing piece, a broken index.
BROKEN: Final = (
    psycopg.errors.DataCorrupted,
    psycopg.errors.IndexCorrupted,
    psycopg.errors.InternalError_,
    psycopg.errors.IoError,
)
GONE: Final = "the event is gone, or cannot be read"
BEHIND: Final = "log.head says that the log ends before"
ADDED: Final = "added: the row does not follow from the log's end"
BEFORE_THE_FIRST: Final = "added: the log begins at 1"
HEAD_GONE: Final = "log.head has no row, so nothing can be appended"
Side = Literal["log", "stream"]


@dataclass(frozen=True)
class Damage:
    """Positions `first` to `last` are not what was written, on one side."""

    side: Side
    first: int
    last: int
    reason: str

    @property
    def where(self) -> str:
        """The position, or from which to which."""
        return f"position {self.first}" if self.first == self.last else f"positions {self.first} to {self.last}"

    def __str__(self) -> str:
        return f"{self.side}, {self.where}: {self.reason}"


@dataclass
class Findings:
    """Every damage counted in positions, and the first ones listed."""

    positions: int = 0
    shown: int = SHOWN
    damages: list[Damage] = field(default_factory=list)

    def add(self, damage: Damage) -> None:
        """Count it, and list it while there is room; neighbours with one reason are one damage."""
        self.positions += damage.last - damage.first + 1
        before = self.damages[-1] if self.damages else None
        if before and (before.side, before.last + 1, before.reason) == (damage.side, damage.first, damage.reason):
            self.damages[-1] = Damage(damage.side, before.first, damage.last, damage.reason)
        elif len(self.damages) < self.shown:
            self.damages.append(damage)


class LogCheck:
    """Checks rows of log.events in order. `before`: the place before the first; None where it is not known."""

    def __init__(self, position: int, before: Link | None, shown: int = SHOWN) -> None:
        self.findings = Findings(shown=shown)
        self.position = position
        self._chains = [before.chain] if before is not None else []

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        """Check rows as ROWS selects them."""
        for row in rows:
            position, body, chain = row[0], row[_BODY].encode(), bytes(row[_CHAIN])
            if position != self.position + 1:
                self.findings.add(Damage("log", self.position + 1, position - 1, GONE))
                self._chains = []
            follows = [chained(before, body) for before in self._chains]
            if follows and chain not in follows:
                self._add(position, "body and hash do not follow from the event before")
            # A hash that was changed by itself must not put the next event in the wrong: where this one is not proved,
            # what stands there may be right, or what should. The first of these is reckoned from the last proof.
            self._chains = [chain] if chain in follows else [*follows[:PERHAPS], chain]
            if wrong := _wrong(Entry(position, body, chain), row):
                self._add(position, wrong)
            self.position = position

    def take_before(self, rows: Sequence[Sequence[Any]]) -> None:
        """Check rows before the log's first position: all were added."""
        for row in rows:
            self._add(row[0], BEFORE_THE_FIRST)

    def take_beyond(self, rows: Sequence[Sequence[Any]]) -> None:
        """Check rows after the log's end: from the first one on that is not the next event all were added."""
        for row in rows:
            entry = Entry(row[0], row[_BODY].encode(), bytes(row[_CHAIN]))
            if any(follows(Link(self.position, before), entry) for before in self._chains) and not _wrong(entry, row):
                self.position, self._chains = entry.position, [entry.chain]
                self._add(entry.position, BEHIND)
            else:
                self._chains = []
                self._add(entry.position, ADDED)

    def end(self, upto: int, chain: bytes | None) -> None:
        """The log should end here, with this hash (None: it is not known)."""
        if self.position < upto:
            self.findings.add(Damage("log", self.position + 1, upto, GONE))
            self.position, self._chains = upto, [chain] if chain is not None else []
        elif chain is not None and self._chains and chain not in self._chains:
            self._add(upto, "log.head has another hash")

    def _add(self, position: int, reason: str) -> None:
        self.findings.add(Damage("log", position, position, reason))


async def check_log(
    connection: Connection, progress: Callable[[int, int], None] = lambda *_: None, shown: int = SHOWN
) -> Findings:
    """Check the whole log, as it stands at the beginning; at most `shown` damages are listed."""
    ends = await readable_ends(connection)
    upto, chain = ends.head or (ends.last, None)
    check = LogCheck(0, START, shown)
    async for rows in rows_of(connection, 0, upto):
        check.take(rows)
        progress(rows[-1][0], upto)
    check.end(upto, chain)
    for damage in outside(ends):
        if damage.reason == HEAD_GONE:  # of the others each row is looked at
            check.findings.add(damage)
    async for rows in rows_of(connection, ends.first - 1, 0):
        check.take_before(rows)
    async for rows in rows_of(connection, upto, ends.last):
        check.take_beyond(rows)
    return check.findings


async def readable_ends(connection: Connection) -> Ends:
    """Where the log begins and ends; by its head alone where the index's blocks are broken. Raises HeadGone."""
    try:
        return await ends_of(connection)
    except BROKEN:
        head = await head_of(connection)
        return Ends(1, head.position, head)


def outside(ends: Ends) -> list[Damage]:
    """What stands where the log is not, as both its ends say: all of a stretch is one damage."""
    upto, damages = ends.by_head, []
    if ends.first < 1:
        damages.append(Damage("log", ends.first, 0, BEFORE_THE_FIRST))
    if ends.last > upto:
        damages.append(Damage("log", upto + 1, ends.last, BEHIND))
    if ends.head is None:
        damages.append(Damage("log", upto + 1, upto + 1, HEAD_GONE))
    return damages


async def rows_of(connection: Connection, after: int, upto: int) -> AsyncIterator[list[Any]]:
    """Rows of log.events with after < position <= upto, some thousand at a time, without those in broken blocks.

    The connection has to be in autocommit: what cannot be read ends a transaction.
    """
    while after < upto:
        try:
            rows = await (await connection.execute(ROWS, (after, upto, CHUNK, CHUNK_BYTES))).fetchall()
            after = rows[-1][0] if rows else upto
        except BROKEN:
            upto_here = min(upto, after + CHUNK)
            rows, after = await readable(connection, after, upto_here), upto_here
        if rows:
            yield rows


async def readable(connection: Connection, after: int, upto: int) -> list[Any]:
    """Those rows of a stretch that can be read, found by halving it."""
    try:
        rows = await (await connection.execute(ROWS, (after, upto, CHUNK, CHUNK_BYTES))).fetchall()
    except BROKEN:
        if upto - after <= 1:
            return []
        middle = (after + upto) // 2
        return await readable(connection, after, middle) + await readable(connection, middle, upto)
    rest = await readable(connection, rows[-1][0], upto) if rows and rows[-1][0] < upto else []
    return rows + rest


def _wrong(entry: Entry, row: Sequence[Any]) -> str:
    """What is wrong with a row beside its hash; nothing where every column is what the body says."""
    try:
        wanted = row_of(entry)
    except NoEvent as error:
        return f"the body is no event ({error})"
    wrong = [
        name
        for name, should, found in zip(COLUMNS, wanted, row, strict=True)
        if name not in {"body", "chain"} and should != _plain(found) and not _same_time(should, found)
    ]
    return f"{', '.join(wrong)} beside the body is not what the body says" if wrong else ""


def _plain(value: Any) -> Any:
    return value.replace("-", "") if isinstance(value, str) and len(value) == 36 else value


def _same_time(should: Any, found: Any) -> bool:
    if not isinstance(found, datetime):
        return False
    try:
        return datetime.fromisoformat(should) == found
    except (TypeError, ValueError):
        return False
