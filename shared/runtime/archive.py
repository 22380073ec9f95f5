"""A piece of the log as a file: gzip, one JSON object a line, in log order. Others read it with `zcat` and `jq`.

    {"leadstream": "log", "format": 1, "after": 0, "chain": ""}
    {"position": 1, "chain": "5f0c...", "event": {"id": "evt_...", "type": "ClientRegistered", ...}}
    {"leadstream": "end", "position": 1, "chain": "5f0c..."}

Each event stands there to the byte as in the log, so `chain` = sha256(chain before, event) proves every line; a file
without its last line was cut off. It consists of gzip members of a few megabytes, each whole by itself: writing that
was interrupted goes on after the last one.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from shared.runtime.chain import Entry, Link, follows
from shared.runtime.refusals import Impossible

FORMAT: Final = 1
MEMBER_BYTES: Final = 4 * 1024 * 1024
LEVEL: Final = 3
_EVENT: Final = b',"event":'


class BadArchive(Impossible):
    """The file is not a whole piece of a log; the message says what is wrong and after which position."""


def begin(file: BinaryIO, before: Link) -> None:
    """Write what stands before the events after `before`."""
    file.write(_member(_line(leadstream="log", format=FORMAT, after=before.position, chain=before.chain.hex())))
    file.flush()


def add(file: BinaryIO, entries: Iterable[Entry]) -> None:
    """Write entries behind what is there."""
    lines: list[bytes] = []
    size = 0
    for position, body, chain in entries:
        lines.append(b'{"position":%d,"chain":"%s"%s%s}\n' % (position, chain.hex().encode(), _EVENT, body))
        size += len(lines[-1])
        if size > MEMBER_BYTES:
            file.write(_member(b"".join(lines)))
            lines, size = [], 0
    if lines:
        file.write(_member(b"".join(lines)))
    file.flush()


def finish(file: BinaryIO, last: Link) -> None:
    """Say that the file is whole."""
    file.write(_member(_line(leadstream="end", position=last.position, chain=last.chain.hex())))
    file.flush()


def reopen(path: Path) -> Link | None:
    """Where a file that was not finished stands, cut back to its last whole part; None if there is none.

    Raises BadArchive for a file of something else.
    """
    if not path.exists():
        return None
    standing, end = None, 0
    for whole, content in _members(path):
        try:
            line = orjson.loads(content[content[:-1].rfind(b"\n") + 1 :] or b"{}")
            if line.get("leadstream") == "end":
                break
            if line:
                standing = Link(int(line.get("position", line.get("after"))), bytes.fromhex(line["chain"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadArchive(f"{path} is no export of a log") from None
        end = whole
    with path.open("r+b") as file:
        file.truncate(end)
    return standing


def start_of(path: Path) -> Link:
    """The place after which the file's events follow. Raises BadArchive."""
    return next(_lines(path))[0]


def entries(path: Path) -> Iterator[Entry]:
    """Every event of the file, each proved by the chain. Raises BadArchive, at the latest where the file ends."""
    yield from (entry for _, entry in _lines(path) if entry is not None)


def _lines(path: Path) -> Iterator[tuple[Link, Entry | None]]:
    """The place before the first event, then every event with the place it makes."""
    standing, ended = None, False
    try:
        with gzip.open(path) as file:
            for line in file:
                if ended:
                    raise BadArchive(f"{path} goes on after its last line: {line[:100]!r}")
                if line.startswith(b'{"leadstream"'):
                    standing, ended = _mark(path, line, standing)
                    yield standing, None
                elif standing is None:
                    raise BadArchive(f"{path} is no export of a log: its first line is another's")
                else:
                    entry = _entry(path, line, standing)
                    standing = entry.place
                    yield standing, entry
    except (EOFError, OSError, zlib.error) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise BadArchive(f"{path} cannot be read: {error.strerror}") from None
        where = "at its beginning" if standing is None else f"after position {standing.position}"
        damage = "cut off" if isinstance(error, EOFError) else f"damaged ({error})"
        raise BadArchive(f"{path} is {damage} {where}; export again") from None
    if ended:
        return
    where = "it is empty" if standing is None else f"it ends after position {standing.position}"
    raise BadArchive(f"{path} is cut off: {where} without the line that says it is whole; export again")


def _mark(path: Path, line: bytes, standing: Link | None) -> tuple[Link, bool]:
    try:
        mark = orjson.loads(line)
        chain = bytes.fromhex(mark["chain"])
        if mark["leadstream"] == "log" and mark["format"] == FORMAT and standing is None and type(mark["after"]) is int:
            return Link(mark["after"], chain), False
        if mark["leadstream"] == "end" and standing == Link(mark["position"], chain):
            return standing, True
    except (KeyError, TypeError, ValueError):
        pass
    raise BadArchive(f"{path} has a line that does not belong there: {line[:100]!r}")


def _entry(path: Path, line: bytes, before: Link) -> Entry:
    head, _, body = line.partition(_EVENT)
    try:
        told = orjson.loads(head + b"}")
        entry = Entry(told["position"], body[: body.rindex(b"}")], bytes.fromhex(told["chain"]))
    except (KeyError, TypeError, ValueError):
        raise BadArchive(f"{path} is damaged after position {before.position}: {line[:100]!r}") from None
    if not follows(before, entry):
        raise BadArchive(f"{path} was altered: position {entry.position} does not follow from {before.position}")
    return entry


def _members(path: Path) -> Iterator[tuple[int, bytes]]:
    """The whole gzip members: where each ends, and its content."""
    end = 0
    with path.open("rb") as file:
        rest = b""
        while True:
            unpacking = zlib.decompressobj(wbits=31)
            content, taken = [], 0
            while not unpacking.eof:
                piece = rest or file.read(1 << 20)
                rest = b""
                if not piece:
                    return
                try:
                    content.append(unpacking.decompress(piece))
                except zlib.error:
                    return
                taken += len(piece)
            rest = unpacking.unused_data
            end += taken - len(rest)
            yield end, b"".join(content)


def _member(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=LEVEL, mtime=0)


def _line(**values: object) -> bytes:
    return orjson.dumps(values) + b"\n"
