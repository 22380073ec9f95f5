"""Rows in memory, and which of them changed: what a service's `evolve` works on.

Rows are frozen; replacing one marks it changed. Keys that were looked for and are not in the database are remembered
as absent, so that a state kept between batches is asked for once only.
"""

from collections.abc import Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Tracked(dict[K, V]):
    """The loaded rows of one table by primary key."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: set[K] = set()
        self.absent: set[K] = set()

    def __setitem__(self, key: K, row: V) -> None:
        dict.__setitem__(self, key, row)  # as super(), in little more than half the time
        self.changed.add(key)
        self.absent.discard(key)

    def unknown(self, keys: Iterable[K]) -> set[K]:
        """Those of `keys` that nobody looked up yet."""
        return {key for key in keys if key not in self and key not in self.absent}

    def loaded(self, asked: Iterable[K], rows: Iterable[tuple[K, V]]) -> None:
        """Take rows from the database. A row that is here already is newer and stays."""
        self.absent.update(asked)
        for key, row in rows:
            self.absent.discard(key)
            if key not in self:
                super().__setitem__(key, row)

    def take_changed(self) -> list[V]:
        """The changed rows, which then count as saved."""
        rows = [self[key] for key in self.changed]
        self.changed.clear()
        return rows
