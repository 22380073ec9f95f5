"""What makes one service a state machine over the log: its tables and its pure functions."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import MetaData

from shared.dead_letters import SETTLING
from shared.envelope import Emit, Event
from shared.runtime.database import Connection
from shared.runtime.refusals import Impossible
from shared.runtime.tables import ddl

S = TypeVar("S")


class OtherShape(Impossible):
    """Tables were made by another version of the program. `mend`: the command that makes them anew, if one does."""

    def __init__(self, tables: str, mend: str | None = None) -> None:
        super().__init__(tables, mend)  # as they are, so that it comes whole out of another process
        self.text = f"the tables of {tables} were made by another version of the program"
        self.mend = mend

    def __str__(self) -> str:
        """What is wrong, and what to do about it."""
        return f"{self.text}; run `{self.mend}`" if self.mend else self.text


def _few(state: object, event: Event) -> int:
    return 0


@dataclass(frozen=True)
class Definition(Generic[S]):
    """What makes one service: its name, the events it reads, its tables and its pure functions.

    `load` brings into the state every row that `evolve` and `decide` will look at for these events. The events
    named in `apart` touch so many rows that each is a batch of its own, folded in a thread beside. For any other event
    `touched` says, once its rows are loaded, how many it is about; one about very many is folded in a thread too.
    """

    name: str
    consumes: tuple[str, ...]
    metadata: MetaData
    new_state: Callable[[], S]
    load: Callable[[Connection, S, Sequence[Event]], Awaitable[None]]
    save: Callable[[Connection, S], Awaitable[None]]
    evolve: Callable[[S, Event], None]
    decide: Callable[[S, Event], Iterable[Emit]]
    apart: tuple[str, ...] = ()
    touched: Callable[[S, Event], int] = _few

    @property
    def reads(self) -> tuple[str, ...]:
        """What is read of the log: what is consumed, and what became of the service's dead letters."""
        return (*self.consumes, *SETTLING)

    @property
    def shape(self) -> str:
        """A fingerprint of the tables: state written under another shape has to be rebuilt."""
        return hashlib.sha256("\n".join(ddl(self.metadata)).encode()).hexdigest()[:16]

    def insist_on_shape(self, found: str | None, tables: str | None = None) -> None:
        """Raises OtherShape unless `found` is this program's shape.

        `tables`: what to call them where they are not the live ones. Only live ones can be rebuilt: then the error says
        how.
        """
        if found != self.shape:
            raise OtherShape(tables or self.name, None if tables else f"leadstream rebuild {self.name}")
