"""Blocks of the log's own files that PostgreSQL cannot read: taken out, so that what stood in them can be put back.

A block is checked by its checksum when it is read, and one that is not as it was written is refused, with every row in
it. Repair has the server drop such blocks and write the table and its indexes anew without them. What is gone then is
an ordinary gap in the log.
"""

from collections.abc import Callable
from typing import Final

from shared.runtime.database import Connection
from shared.runtime.integrity import BROKEN

# Every column of every row, by the table's own order and then by the index of positions.
BY_TABLE: Final = "SELECT bit_xor(hash_record_extended(event, position)) FROM log.events event"
BY_INDEX: Final = """
SELECT count(chain) FROM (SELECT chain FROM log.events ORDER BY position OFFSET 0) events
"""
HEAD: Final = "SELECT position, chain FROM log.head"
# A long body stands in blocks of its own: there the row can be read, and its body cannot.
DROP_BODILESS: Final = """
DO $$ DECLARE place tid; BEGIN
    FOR place IN SELECT ctid FROM log.events LOOP
        BEGIN
            PERFORM hash_record_extended(event, 0) FROM log.events event WHERE ctid = place;
        EXCEPTION WHEN data_corrupted OR index_corrupted OR internal_error THEN
            DELETE FROM log.events WHERE ctid = place;
        END;
    END LOOP;
END $$
"""
NEW_HEAD: Final = """
INSERT INTO log.head (position, chain)
SELECT coalesce(max(position), 0), coalesce((array_agg(chain))[1], '')
FROM (SELECT position, chain FROM log.events WHERE position > 0 ORDER BY position DESC LIMIT 1) last
ON CONFLICT DO NOTHING
"""


async def take_out(connection: Connection, say: Callable[[str], None]) -> None:
    """Drop the blocks of log.events and log.head that cannot be read; a head without its row gets one.

    `connection`: of a superuser, in autocommit. Nobody can append while the table is written anew.
    """
    if not (await _reads(connection, BY_TABLE) and await _index_reads(connection)):
        say("blocks of the log's table or index cannot be read: they are left out, and the table is written anew")
        await _write_anew(connection)
    if not await _reads(connection, HEAD):
        say("the block of the log's head cannot be read: it is left out")
        await connection.execute("SET zero_damaged_pages = on")
        await connection.execute("VACUUM FULL log.head")
        await connection.execute("RESET zero_damaged_pages")
    if (await connection.execute(NEW_HEAD)).rowcount:
        say("log.head had no row: it is made from the last event")


async def _write_anew(connection: Connection) -> None:
    await connection.execute("SET zero_damaged_pages = on")
    if not await _reads(connection, BY_TABLE):
        await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        await connection.execute(DROP_BODILESS)
        await connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")
    await connection.execute("VACUUM FULL log.events")
    await connection.execute("RESET zero_damaged_pages")


async def _index_reads(connection: Connection) -> bool:
    await connection.execute("SET enable_seqscan = off")
    await connection.execute("SET enable_sort = off")
    try:
        return await _reads(connection, BY_INDEX)
    finally:
        await connection.execute("RESET enable_sort")
        await connection.execute("RESET enable_seqscan")


async def _reads(connection: Connection, statement: str) -> bool:
    try:
        await connection.execute(statement)
    except BROKEN:
        return False
    return True
