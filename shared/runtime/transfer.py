"""The log out of its database into a file, and back from a file or a stream into an empty one."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from psycopg import sql

from shared.ids import from_hex
from shared.runtime import archive, on_disk
from shared.runtime.archive import BadArchive
from shared.runtime.chain import START, Entry, Link, follows
from shared.runtime.database import Connection, connect, one_or_none
from shared.runtime.log_rows import CHUNK_BYTES, COLUMNS, NoEvent, checked_row, head_of, row_of, window
from shared.runtime.refusals import Impossible
from shared.runtime.settings import SERVICES

CHUNK: Final = 5_000
NEXT: Final = window("position, body, chain", "position > %s AND position <= %s")
TWICE: Final = (  # an id that a file has twice, or that the log has before the file begins
    "SELECT max(position), id::text, min(position) FROM coming GROUP BY id HAVING count(*) > 1 LIMIT 1",
    "SELECT c.position, c.id::text, e.position FROM coming c JOIN log.events e USING (id)"
    " WHERE e.position <= %(before)s LIMIT 1",
)
Progress = Callable[[int, int], None]


class LogRefused(Impossible):
    """The log is not as the transfer needs it; the message says how it is, and what to do."""


async def export(
    admin_url: str,
    path: Path | BinaryIO,
    *,
    first: int = 1,
    last: int | None = None,
    progress: Progress = lambda *_: None,
) -> Link:
    """Write positions `first` to `last` (None: to its end) to a file; what is there of an earlier try is kept.

    A pipe or a device is written into, as is what is open for writing; a link leads to the file. Two at once would
    write into each other's file: the second is refused. Returns the place of the last event. Raises LogRefused,
    BadArchive.
    """
    async with await connect(admin_url, name="export", autocommit=True) as connection:
        head = (await head_of(connection)).position
        upto = head if last is None else last
        # An empty log is a file too; no events of one that has some would stand in the place of a file that has them.
        if upto > head or not 1 <= first <= (upto if last is not None or head else 1):
            asked = f"{first} and after" if last is None else f"{first} to {last}"
            raise LogRefused(f"positions {asked} are not in the log, which ends at {head}")
        before = await link_at(connection, first - 1)
        with _opened(path) as (file, partial):
            standing = await _go_on(connection, partial, before, upto) if partial else None
            if standing is None:
                archive.begin(file, before)
            return await _written(connection, file, standing or before, upto, progress)


@contextmanager
def _opened(path: Path | BinaryIO) -> Iterator[tuple[BinaryIO, Path | None]]:
    """What to write to; of a file also where it is before it has its name. Raises LogRefused where nobody reads it."""
    try:
        if not isinstance(path, Path):
            yield path, None
        elif path.exists() and not path.is_file():
            with path.open("wb") as pipe:
                yield pipe, None
        else:
            with _alone(Path(os.path.realpath(path))) as opened:
                yield opened
    except BrokenPipeError:
        raise LogRefused("whoever read what is written reads no more of it") from None


@contextmanager
def _alone(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """The file to write before it has its name, while nobody else writes it; all of it there, it gets its name.

    The lock ends with the process.
    """
    partial = path.with_name(path.name + ".partial")
    with partial.open("ab") as file:
        # Whoever had it may have given it its name just now: then this is the lock of a file that is written.
        mine = on_disk.lock(file) and partial.exists() and os.path.samestat(partial.stat(), os.fstat(file.fileno()))
        if not mine:
            raise LogRefused(f"another export writes {partial}: wait until it has ended")
        yield file, partial
        on_disk.synced(partial)
        on_disk.renamed(partial, path)


async def _written(connection: Connection, file: BinaryIO, standing: Link, last: int, progress: Progress) -> Link:
    while standing.position < last:
        found = await _entries(connection, standing, last)
        archive.add(file, found)
        standing = found[-1].place
        progress(standing.position, last)
    archive.finish(file, standing)
    return standing


async def restore(admin_url: str, path: Path, progress: Progress = lambda *_: None) -> Link:
    """Put a file's events into the log, which has to be empty or to end with an event that the file goes on from.

    Nothing is written unless the file is whole. A restore that was interrupted goes on where it stopped.
    Returns the place of the log's last event. Raises BadArchive, LogRefused.
    """
    async with await connect(admin_url, name="import", autocommit=True) as connection:
        last = await _checked(connection, path)
        await _check_nobody_works(connection)
        await _check_joint(connection, path, last)
        for chunk in _chunks(archive.entries(path)):
            async with connection.transaction():
                await extend(connection, chunk)
                await _check_nobody_works(connection)
            progress(chunk[-1].position, last.position)
        return await head_of(connection)


async def _checked(connection: Connection, path: Path) -> Link:
    """Where a file ends that is whole, and whose events the log can hold: each by an id of its own."""
    before = last = archive.start_of(path)
    await connection.execute("CREATE TEMPORARY TABLE coming (position bigint, id uuid)")
    async with connection.cursor() as cursor, cursor.copy("COPY coming FROM STDIN") as copy:
        for entry in archive.entries(path):
            await copy.write_row((entry.position, _id_of(path, entry)))
            last = entry.place
    await connection.execute("ANALYZE coming")
    for twice in TWICE:
        if found := await one_or_none(connection, twice, {"before": before.position}):
            position, id_, first = found
            raise BadArchive(
                f"{path}: position {position} has the id of {first}, {from_hex('evt', id_)}: no log has an id twice"
            )
    return last


def _id_of(path: Path, entry: Entry) -> Any:
    try:
        return checked_row(entry)[COLUMNS.index("id")]
    except NoEvent as error:
        raise BadArchive(f"{path}: what it has at position {entry.position} is no event ({error})") from None


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """So many at most, and so many bytes, but one at least."""
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        size += len(entry.body)
        if chunk and (len(chunk) == CHUNK or size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], len(entry.body)
        chunk.append(entry)
    if chunk:
        yield chunk


async def extend(connection: Connection, entries: Iterable[Entry]) -> None:
    """Append entries with their own positions and chain, in a transaction; those the log has already are left out.

    Raises LogRefused where they do not follow from the log's end.
    """
    async with connection.transaction():
        head = await head_of(connection, lock=True)
        new = [entry for entry in entries if entry.position > head.position]
        if not new:
            return
        _insist(head, new)
        columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        statement = sql.SQL("COPY log.events ({}) FROM STDIN").format(columns)
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for entry in new:
                await copy.write_row(row_of(entry))
        await connection.execute("UPDATE log.head SET position = %s, chain = %s", new[-1].place)


async def link_at(connection: Connection, position: int) -> Link:
    """The log's place at a position that it has, or before its first."""
    if position == 0:
        return START
    row = await one_or_none(connection, "SELECT chain FROM log.events WHERE position = %s", (position,))
    if row is None:
        raise LogRefused(f"the log has no event at position {position}; run `leadstream verify`")
    return Link(position, bytes(row[0]))


async def _go_on(connection: Connection, partial: Path, before: Link, last: int) -> Link | None:
    """Where an earlier try stopped, if it is a piece of this log; else None, and an empty file."""
    with suppress(BadArchive):
        if (standing := archive.reopen(partial)) is not None:
            same_start = archive.start_of(partial) == before
            if same_start and standing.position <= last and await link_at(connection, standing.position) == standing:
                return standing
    os.truncate(partial, 0)
    return None


async def _entries(connection: Connection, standing: Link, last: int) -> list[Entry]:
    cursor = await connection.execute(NEXT, (standing.position, last, CHUNK, CHUNK_BYTES))
    found = [Entry(position, body.encode(), bytes(chain)) for position, body, chain in await cursor.fetchall()]
    _insist(standing, found)
    return found


def _insist(before: Link, entries: list[Entry]) -> None:
    if not entries:
        raise LogRefused(f"nothing follows position {before.position}; run `leadstream verify`")
    for entry in entries:
        if not follows(before, entry):
            raise LogRefused(
                f"position {entry.position} does not follow from what is before it; run `leadstream verify`"
            )
        before = entry.place


async def services_at_work(connection: Connection) -> list[str]:
    """The services that are connected to this database."""
    cursor = await connection.execute(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(%s)"
        " ORDER BY usename",
        (list(SERVICES),),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _check_nobody_works(connection: Connection) -> None:
    """Refuse while a service is there: it would act on a log of which the rest is still to come."""
    if working := await services_at_work(connection):
        raise LogRefused(f"stop the services first: {', '.join(working)} would act on half a log")


async def _check_joint(connection: Connection, path: Path, last: Link) -> None:
    """Refuse a log that the file does not go on from. Raises LogRefused."""
    head, before = await head_of(connection), archive.start_of(path)
    if head.position < before.position:
        raise LogRefused(
            f"{path} begins after position {before.position}, and the log ends at {head.position}: "
            "import first the export that ends there"
        )
    if head.position > last.position:
        raise LogRefused(f"the log ends at {head.position} already, beyond the file's last position {last.position}")
    if head != _place_in(path, before, head.position):
        raise LogRefused(
            f"the log is not empty: it holds {head.position} events that are not those of {path}. "
            "Import into an empty log, or into one that ends with an event of the file"
        )


def _place_in(path: Path, before: Link, position: int) -> Link:
    if before.position == position:
        return before
    return next(islice(archive.entries(path), position - before.position - 1, None)).place
