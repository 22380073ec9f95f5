"""Whether the log is whole up to a position, as PostgreSQL finds it by itself, for who makes something of it.

Half of what it costs to find everything that is wrong (`integrity`): of what stands beside a body, the type alone is
compared with it, for by that a fold reads the log.
"""

import asyncio
import os
from itertools import pairwise
from typing import Final

from shared.runtime.database import Connection, connect, one, one_or_none
from shared.runtime.integrity import BROKEN, readable

SPAN: Final = 10_000
# Into how many shares a log is cut, at most.
MOST_SHARES: Final = 4
# The first position of a stretch that is not there, or does not follow, and the last there is. Each event
# begins with its id and its type.
FIRST_DAMAGE: Final = """
SELECT min(CASE WHEN position <> was + 1 THEN was + 1
                WHEN chain <> sha256(before || convert_to(body, 'UTF8')) THEN position
                WHEN strpos(left(body, 100), '"type":"' || type || '"') = 0 THEN position END),
       coalesce(max(position), %(after)s)
FROM (SELECT position, type, body, chain, lag(chain, 1, %(chain)s::bytea) OVER in_order AS before,
             lag(position, 1, %(after)s::bigint) OVER in_order AS was
      FROM log.events WHERE position > %(after)s AND position <= %(upto)s WINDOW in_order AS (ORDER BY position)) event
"""


class Damaged(RuntimeError):
    """The log is not what was written at `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


async def first_damage(connection: Connection, after: int, upto: int) -> int | None:
    """The first position from `after` to `upto` that is not there or does not follow; None where the chain is whole.

    The connection has to be in autocommit, if the log may be in broken blocks.
    """
    while after < upto:
        reach = min(after + SPAN, upto)
        try:
            row = await one_or_none(connection, "SELECT chain FROM log.events WHERE position = %s", (after,))
            if row is None and after:
                return after
            stretch = {"after": after, "chain": row[0] if row else b"", "upto": reach}
            damaged, last = await one(connection, FIRST_DAMAGE, stretch)
        except BROKEN:
            there = {row[0] for row in await readable(connection, after, reach)}
            return next((position for position in range(after + 1, reach + 1) if position not in there), after)
        if damaged is not None or last < reach:
            return int(damaged if damaged is not None else last + 1)
        after = reach
    return None


async def prove(admin_url: str, upto: int) -> int:
    """Look over the log up to a position, which is given back, in as many shares as processors. Raises Damaged."""
    shares = min(os.cpu_count() or 1, MOST_SHARES)
    ends = [upto * number // shares for number in range(shares + 1)]
    for position in await asyncio.gather(*(_damage(admin_url, *share) for share in pairwise(ends))):
        if position is not None:
            raise Damaged(position)
    return upto


async def _damage(admin_url: str, after: int, upto: int) -> int | None:
    async with await connect(admin_url, name="prove log", autocommit=True) as connection:
        return await first_damage(connection, after, upto)
