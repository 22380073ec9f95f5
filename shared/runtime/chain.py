"""The hash chain of the log: the hash of an event is of the hash before it and of its bytes, so of all up to it."""

from hashlib import sha256
from typing import Final, NamedTuple


class Link(NamedTuple):
    """A place in the log, and the hash of everything up to it."""

    position: int
    chain: bytes

    def then(self, body: bytes) -> "Entry":
        """The event of these bytes as the next one."""
        return Entry(self.position + 1, body, chained(self.chain, body))


class Entry(NamedTuple):
    """One event: its place, its exact bytes, and the hash up to it."""

    position: int
    body: bytes
    chain: bytes

    @property
    def place(self) -> Link:
        """Where the log stands with it."""
        return Link(self.position, self.chain)


START: Final = Link(0, b"")


def chained(before: bytes, body: bytes) -> bytes:
    """The hash of an event, from the one before it and its bytes."""
    return sha256(before + body).digest()


def follows(before: Link, entry: Entry) -> bool:
    """Whether the entry is the next one after `before`."""
    return entry == before.then(entry.body)
