"""A service as a deterministic state machine over the log.

One batch is one transaction: load the rows it needs, evolve them, decide what follows, save, move the checkpoint,
append. A crash anywhere repeats the batch and changes nothing twice: the checkpoint moves by compare-and-set, so even
two replicas that both believe they lead cannot both go on.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, Generic, TypeGuard, TypeVar

import psycopg
import structlog

from shared.envelope import Emit, Event, caused
from shared.ids import named_id
from shared.runtime import clock, log
from shared.runtime.database import Connection, one
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.definition import Definition
from shared.runtime.lease import BEAT_SECONDS
from shared.runtime.log import Message

S = TypeVar("S")
MAX_CACHED_BATCHES = 200
# How long a fold may keep its transaction waiting: a leader that says nothing for six seconds is replaced.
FOLD_SECONDS = 1.0
# How long it may keep the event loop: then whatever else is ready has its turn.
TURN_SECONDS: Final = 0.05
ANY_NUMBER: Final = 1 << 30
SOME: Final = 10_000
# An event that is about as many rows is folded beside the event loop, as what is kept apart.
MANY: Final = 5_000
MOVE: Final = """
WITH moved AS (
    UPDATE checkpoint
    SET position = %s, chain = coalesce((SELECT e.chain FROM log.events e WHERE e.position = %s), '')
    WHERE slice = 0 AND position = %s RETURNING 1)
SELECT log.insist(EXISTS (SELECT FROM moved), 'LS001', 'another replica moved the checkpoint')
"""
logger = structlog.get_logger()


class TooLong(Exception):
    """A batch takes longer than FOLD_SECONDS; its events before `position` did not."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def may_be_the_event(error: BaseException) -> TypeGuard[Exception]:
    """Whether an event may be to blame: not a lost connection, a lost lease (LS001), or the process's end."""
    if isinstance(error, psycopg.Error):
        return not (isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or error.sqlstate == "LS001")
    return isinstance(error, Exception)


@dataclass
class Machine(Generic[S]):
    """Applies messages to one service's state over one connection, live or in replay.

    `term`: the lease's, by which what is done beside the fold is fenced; 0 where nobody leads. `_at_once`: how many
    messages make a batch at most, as the last ones' `_folding` (seconds) has shown.
    """

    definition: Definition[S]
    replay: bool = False
    position: int = 0
    term: int = 0
    retry_attempts: int = 5
    retry_base_seconds: float = 1.0
    batches_in_memory: int = MAX_CACHED_BATCHES
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    set_aside: Callable[[Connection, Sequence[Event]], Awaitable[None]] | None = None
    letters: DeadLetters = field(init=False)
    actor: str = field(init=False)
    observe: Callable[[Sequence[Event], float], None] = lambda events, seconds: None
    _apart: re.Pattern[bytes] = field(init=False)
    _state: S | None = None
    _age: int = 0
    _at_once: int = ANY_NUMBER
    _folding: float = 0.0

    def __post_init__(self) -> None:
        self.letters = DeadLetters(self.definition.name)
        self.actor = named_id("actor", self.definition.name)
        self._apart = re.compile(b'"type":"(?:%b)"' % "|".join(self.definition.apart).encode())

    async def has_tables(self, connection: Connection) -> bool:
        """Whether there are tables. Raises OtherShape."""
        (table,) = await one(connection, "SELECT to_regclass('checkpoint')")
        if table is None:
            return False
        for (shape,) in await (await connection.execute("SELECT shape FROM checkpoint")).fetchall():
            self.definition.insist_on_shape(shape)
        return True

    async def start(self, connection: Connection) -> int:
        """Read the checkpoint, making it at first; the position the state holds."""
        self._state = None
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO checkpoint (slice, position, chain, shape) VALUES (0, 0, '', %s) ON CONFLICT DO NOTHING",
                (self.definition.shape,),
            )
            (self.position,) = await one(connection, "SELECT position FROM checkpoint WHERE slice = 0")
            self.letters = DeadLetters(self.definition.name)
            await self.letters.stand_at(connection, self.position)
        return self.position

    async def apply(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Apply messages in order. An event that cannot be handled is dead-lettered, and the rest goes on."""
        if self.replay:
            async with connection.transaction():
                await self.letters.refresh(connection)
        for part in self._parts(messages):
            while part:
                part = part[await self._apply(connection, part[: self._at_once]) :]

    async def apply_all(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Apply messages in order in the caller's transaction. Where one cannot be it raises, and is to start again."""
        await self.letters.refresh(connection)
        for part in self._parts(messages):
            await self._transaction(connection, part)

    def _parts(self, messages: Sequence[Message]) -> Iterable[Sequence[Message]]:
        """The messages as the batches they are applied in: one, or more when there are some to keep apart."""
        for apart, some in groupby(messages, self._is_apart):
            part = list(some)
            yield from [[message] for message in part] if apart else [part]

    def _is_apart(self, message: Message) -> bool:
        # An event begins with its id and its type.
        return bool(self.definition.apart) and self._apart.search(message[1], 0, 100) is not None

    async def _apply(self, connection: Connection, messages: Sequence[Message]) -> int:
        """Apply these in one transaction; how many were applied: none where they are too many for one."""
        try:
            await self._transaction(connection, messages)
        except TooLong as cut:
            self._forget()
            self._at_once = max(1, sum(position < cut.position for position, _ in messages))
            logger.warning("a batch takes long; taking fewer events at once", events=self._at_once)
            return 0
        except BaseException as error:
            self._forget()
            if not may_be_the_event(error):
                raise
            logger.warning("batch failed; taking its events one by one", error=repr(error), events=len(messages))
            for message in messages:
                await self._alone(connection, message)
        self.committed.set()
        if len(messages) == self._at_once and self._folding < FOLD_SECONDS / 4:
            self._at_once = min(2 * self._at_once, ANY_NUMBER)
        return len(messages)

    async def _alone(self, connection: Connection, message: Message) -> None:
        """Apply one message. What of it fails is set aside, with a letter in the same transaction."""
        said: list[Event] = []
        while True:
            try:
                return await self._transaction(connection, [message], said)
            except BaseException as error:
                self._forget()
                if not may_be_the_event(error) or self.letters.knows(message[0], self.letters.trying):
                    raise
                async with connection.transaction():
                    letter = await self.letters.letter(
                        connection, message[0], error, self.retry_attempts, self.retry_base_seconds
                    )
                self.letters.learn(letter)
                said.append(letter)
                about = {name: getattr(letter, name) for name in ("batch_id", "item_id", "correlation_id")}
                logger.error("event dead-lettered", **asdict(letter.payload), **about)

    def _forget(self) -> None:
        """After an error: what is in memory may be ahead of the database."""
        self._state = None
        self.letters.rewind(self.position)

    async def _transaction(
        self, connection: Connection, messages: Sequence[Message], said: Sequence[Event] = ()
    ) -> None:
        definition, began = self.definition, time.perf_counter()
        taken: list[Event] = []
        following = [log.columns(said)] if said and not self.replay else []
        async with self._together(connection):
            state = self._state if self._state is not None else definition.new_state()
            async with aclosing(self.letters.groups(connection, messages, definition.consumes)) as groups:
                async for events in groups:
                    taken += events
                    await definition.load(connection, state, events)
                    following += await self._following(connection, state, events)
                    await definition.save(connection, state)
            await self.move(connection, messages[-1][0])
            if self.set_aside and said:
                await self.set_aside(connection, said)
            for columns in following:
                await log.send(connection, columns)
            if not following:
                # Nothing that anybody was told depends on this commit: if a crash takes it, it is folded again.
                await connection.execute("SET LOCAL synchronous_commit = off")
        self.position = messages[-1][0]
        self.letters.committed()
        self._keep(state)
        self.observe(taken, time.perf_counter() - began)

    @asynccontextmanager
    async def _together(self, connection: Connection) -> AsyncIterator[None]:
        """One transaction. Live in one pipeline, and by statements of our own: psycopg's would wait for an answer to
        BEGIN and before COMMIT. So COMMIT follows the append at once, for which all others wait. Needs autocommit.
        """
        if self.replay:
            async with connection.transaction():
                yield
            return
        try:
            async with connection.pipeline():
                await connection.execute("BEGIN")
                yield
                await connection.execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                await connection.rollback()
            raise

    async def _following(self, connection: Connection, state: S, events: Sequence[Event]) -> list[log.Columns]:
        """Fold the events; what follows, as the log takes it.

        One about very many rows may take longer than a leader may be silent: it is folded beside, and the leader heard.
        """
        if self.replay:
            await self._fold(state, events)
            return []
        following: list[log.Columns] = []
        for beside, some in groupby(events, lambda event: self._is_large(state, event)):
            if beside:
                following += await self._folded_beside(connection, state, list(some))
            elif emitted := await self._fold(state, list(some)):
                following.append(log.columns(emitted))
        return following

    def _is_large(self, state: S, event: Event) -> bool:
        return event.type in self.definition.apart or self.definition.touched(state, event) >= MANY

    async def _folded_beside(self, connection: Connection, state: S, events: Sequence[Event]) -> list[log.Columns]:
        folding = asyncio.create_task(asyncio.to_thread(self._fold_beside, state, events))
        while not (await asyncio.wait([folding], timeout=BEAT_SECONDS))[0]:
            await one(connection, "SELECT 1")
        return folding.result()

    def _fold_beside(self, state: S, events: Sequence[Event]) -> list[log.Columns]:
        now, emitted = clock.now(), []
        for event in events:
            self.definition.evolve(state, event)
            emitted += [self._caused(event, emit, now) for emit in self.definition.decide(state, event)]
        return [log.columns(emitted[first : first + SOME]) for first in range(0, len(emitted), SOME)]

    async def _fold(self, state: S, events: Sequence[Event]) -> list[Event]:
        now, began = clock.now(), time.monotonic()
        turn = began
        emitted = []
        for event in events:
            self.definition.evolve(state, event)
            if not self.replay:
                follow = self.definition.decide(state, event)
                emitted += [self._caused(event, emit, now) for emit in follow]
                done = time.monotonic()
                self._folding = done - began
                if self._folding > FOLD_SECONDS and event is not events[-1]:
                    raise TooLong(event.position)
                if done - turn > TURN_SECONDS:
                    await asyncio.sleep(0)
                    turn = time.monotonic()
        return emitted

    def _caused(self, event: Event, emit: Emit, now: datetime) -> Event:
        return caused(emit.cause or event, emit, now=now, actor=self.actor)

    async def move(self, connection: Connection, position: int) -> None:
        """Move the checkpoint; the transaction fails with LS001 when another replica has moved it."""
        await connection.execute(MOVE, (position, position, self.position))

    def _keep(self, state: S) -> None:
        self._age += 1
        self._state = state if self._age % self.batches_in_memory else None
