"""The patrol's round: every whole thousand of the log and of the stream is looked at again within a minute.

Looking closely costs a tenth of a millisecond an event. So each thousand is sealed with a print of its rows when it is
first seen, which PostgreSQL makes by itself; from then on the print is made again and has to be the same, and the
stream's server has to give all messages (see `skimming`). A piece of which either is not so is looked at closely by
the caller. Seals are only a memory: one that is wrong costs a close look, and is made anew.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from math import ceil
from typing import Any, Final, Protocol

from shared.runtime.database import Connection
from shared.runtime.integrity import BROKEN

PIECE: Final = 1_000
ROUND_SECONDS: Final = 45.0
PRINTS: Final = f"""
SELECT (position - 1) / {PIECE}, count(*), bit_xor(hash_record_extended(event, position))
FROM log.events event WHERE position > %s AND position <= %s GROUP BY 1
"""
SEAL: Final = """
INSERT INTO log.seal (piece, print) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
ON CONFLICT (piece) DO UPDATE SET print = excluded.print
"""


class Skims(Protocol):
    """Tells which messages the stream does not give."""

    async def missing(self, first: int, last: int) -> list[int]:
        """The sequences from `first` to `last` that are not there."""


class Rounds:
    """Which pieces were looked at when. `rate`: events a second, at most. `age`: seconds since all was looked at.

    Nobody puts the clock that is used here back or forward.
    """

    def __init__(self, stream: Skims, rate: int, age: float = 0) -> None:
        self._stream = stream
        self._most = max(1, rate // PIECE)
        self._since = time.monotonic() - age
        self._seals: dict[int, int] | None = None
        self._looked: dict[int, float] = {}
        self._new: set[int] = set()

    async def step(self, connection: Connection, upto: int, seconds: float) -> list[int]:
        """Look at what is due, `seconds` after the last step, of positions 1 to `upto`; the pieces that are odd.

        These are due until `looked_closely` is said of them.
        """
        if self._seals is None:
            rows = await (await connection.execute("SELECT piece, print FROM log.seal")).fetchall()
            self._seals = dict(rows)
        odd: set[int] = set()
        for first, last in runs(self._due(upto // PIECE, seconds)):
            odd |= await self._of_the_log(connection, first, last)
            gone = await self._stream.missing(first * PIECE + 1, (last + 1) * PIECE)
            odd |= {(position - 1) // PIECE for position in gone}
            self._looked |= dict.fromkeys(set(range(first, last + 1)) - odd, time.monotonic())
        return sorted(odd)

    def looked_closely(self, piece: int) -> None:
        """What was odd about a piece is found out."""
        if piece in self._looked:
            self._looked[piece] = time.monotonic()

    @property
    def oldest(self) -> float:
        """Seconds since that piece was looked at which has waited for longest; 0 without any."""
        now = time.monotonic()
        return now - min(self._looked.values(), default=now)

    async def seal(self, connection: Connection, piece: int) -> None:
        """A close look has found nothing: what stands there now is right."""
        await self._seal(connection, {each: found for each, _, found in await _prints(connection, piece, piece)})

    def _due(self, pieces: int, seconds: float) -> list[int]:
        """Those that are new, then those that have waited for longest: as many as keep the round going."""
        seals = self._seals or {}
        for piece in set(range(pieces)) - self._looked.keys():
            self._looked[piece] = self._since
            if piece not in seals:
                self._new.add(piece)
        self._since = time.monotonic()
        self._looked = {piece: at for piece, at in self._looked.items() if piece < pieces}
        count = min(self._most, ceil(pieces * seconds / ROUND_SECONDS))
        due = sorted(self._looked, key=lambda piece: (piece not in self._new, self._looked[piece], piece))[:count]
        self._new.difference_update(due)
        return sorted(due)

    async def _of_the_log(self, connection: Connection, first: int, last: int) -> set[int]:
        """The pieces that are not whole, or have another print than their seal. New ones are sealed."""
        assert self._seals is not None
        try:
            found = await _prints(connection, first, last)
        except BROKEN:
            if first == last:
                return {first}
            middle = (first + last) // 2
            return await self._of_the_log(connection, first, middle) | await self._of_the_log(
                connection, middle + 1, last
            )
        whole = {piece: made for piece, count, made in found if count == PIECE}
        await self._seal(connection, {piece: made for piece, made in whole.items() if piece not in self._seals})
        return {piece for piece in range(first, last + 1) if whole.get(piece) != self._seals.get(piece)}

    async def _seal(self, connection: Connection, prints: dict[int, int]) -> None:
        if prints:
            await connection.execute(SEAL, (list(prints), list(prints.values())))
            self._seals = (self._seals or {}) | prints


def runs(pieces: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch without a gap, of numbers in order."""
    for _, run in groupby(enumerate(pieces), lambda place: place[1] - place[0]):
        numbers = [piece for _, piece in run]
        yield numbers[0], numbers[-1]


async def _prints(connection: Connection, first: int, last: int) -> list[Any]:
    return await (await connection.execute(PRINTS, (first * PIECE, (last + 1) * PIECE))).fetchall()
