"""A service as a deterministic state machine over the log.

One batch is one transaction: load the rows it needs, evolve them, decide what follows, save, move the checkpoint,
append. A crash anywhere repeats the batch and changes nothing twice: the checkpoint moves by compare-and-set, so even
two replicas that both believe they lead cannot both go on.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeGuard, TypeVar

import psycopg
import structlog
from sqlalchemy import MetaData

from shared.envelope import Emit, Event, UnreadableEvent, caused, from_json
from shared.events import EventDeadLettered
from shared.ids import from_hex, named_id
from shared.runtime import log
from shared.runtime.database import Connection, ddl

S = TypeVar("S")
Message = tuple[int, bytes]
MAX_CACHED_BATCHES = 200
logger = structlog.get_logger()


def _may_be_the_event(error: BaseException) -> TypeGuard[Exception]:
    """Whether an event may be to blame: not a lost connection, a lost lease (LS001), or the process's end."""
    if isinstance(error, psycopg.Error):
        return not (isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or error.sqlstate == "LS001")
    return isinstance(error, Exception)


@dataclass(frozen=True)
class Definition(Generic[S]):
    """What makes one service: its name, the events it reads, its tables and its pure functions.

    `load` brings into the state every row that `evolve` and `decide` will look at for these events.
    """

    name: str
    consumes: tuple[str, ...]
    metadata: MetaData
    new_state: Callable[[], S]
    load: Callable[[Connection, S, Sequence[Event]], Awaitable[None]]
    save: Callable[[Connection, S], Awaitable[None]]
    evolve: Callable[[S, Event], None]
    decide: Callable[[S, Event], Iterable[Emit]]

    @property
    def shape(self) -> str:
        """A fingerprint of the tables: state written under another shape has to be rebuilt."""
        return hashlib.sha256("\n".join(ddl(self.metadata)).encode()).hexdigest()[:16]


@dataclass
class Machine(Generic[S]):
    """Applies messages to one service's state over one connection, live or in replay."""

    definition: Definition[S]
    slice: int = 0
    replay: bool = False
    position: int = 0
    retry_attempts: int = 5
    retry_base_seconds: float = 0.2
    committed: asyncio.Event = field(default_factory=asyncio.Event)
    _state: S | None = None
    _age: int = 0

    @property
    def actor(self) -> str:
        return named_id("actor", self.definition.name)

    async def check_shape(self, connection: Connection) -> None:
        """Raise RuntimeError when the tables that are there were made by another version of the program."""
        cursor = await connection.execute("SELECT to_regclass('checkpoint')")
        there = await cursor.fetchone()
        if not (there and there[0]):
            return
        for (shape,) in await (await connection.execute("SELECT shape FROM checkpoint")).fetchall():
            if shape != self.definition.shape:
                raise RuntimeError(
                    f"the tables of {self.definition.name} were made by another version of the program; "
                    f"run `leadstream rebuild {self.definition.name}`"
                )

    async def start(self, connection: Connection) -> int:
        """Read the checkpoint, making it at first; the position the state holds."""
        self._state = None
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO checkpoint (slice, position, shape) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
                (self.slice, self.definition.shape),
            )
            cursor = await connection.execute("SELECT position FROM checkpoint WHERE slice = %s", (self.slice,))
            row = await cursor.fetchone()
        assert row is not None
        self.position = int(row[0])
        return self.position

    async def apply(self, connection: Connection, messages: Sequence[Message]) -> None:
        """Apply messages in order. One that no retry helps is dead-lettered, and the rest goes on."""
        try:
            await self._transaction(connection, messages)
        except BaseException as error:
            self._state = None
            if not _may_be_the_event(error):
                raise
            logger.warning("batch failed; trying its events one by one", error=repr(error), events=len(messages))
            for message in messages:
                await self._patiently(connection, message)
        self.committed.set()

    async def _patiently(self, connection: Connection, message: Message) -> None:
        for attempt in range(1, self.retry_attempts + 1):
            try:
                return await self._transaction(connection, [message])
            except BaseException as error:
                self._state = None
                if not _may_be_the_event(error):
                    raise
                failure: Exception = error
                logger.warning("event failed", position=message[0], attempt=attempt, error=repr(error))
                if isinstance(error, UnreadableEvent):
                    break
                if attempt < self.retry_attempts:
                    pause = self.retry_base_seconds * 2 ** (attempt - 1)
                    await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        return await self._dead_letter(connection, message[0], failure)

    async def _transaction(self, connection: Connection, messages: Sequence[Message]) -> None:
        definition = self.definition
        events = [from_json(body, position) for position, body in messages]
        # In one pipeline, so that COMMIT follows the append at once: every other append waits for that moment.
        async with connection.pipeline(), connection.transaction():
            state = self._state if self._state is not None else definition.new_state()
            await definition.load(connection, state, events)
            emitted = self._fold(state, events)
            await definition.save(connection, state)
            await self._move(connection, messages[-1][0])
            if emitted:
                await log.send(connection, emitted)
            else:
                # Nothing that anybody was told depends on this commit: if a crash takes it, it is folded again.
                await connection.execute("SET LOCAL synchronous_commit = off")
        self.position = messages[-1][0]
        self._keep(state)

    def _fold(self, state: S, events: Sequence[Event]) -> list[Event]:
        now = datetime.now(UTC)
        emitted = []
        for event in events:
            self.definition.evolve(state, event)
            if not self.replay:
                follow = self.definition.decide(state, event)
                emitted += [caused(emit.cause or event, emit, now=now, actor=self.actor) for emit in follow]
        return emitted

    async def _move(self, connection: Connection, position: int) -> None:
        """Move the checkpoint; the transaction fails with LS001 when another replica has moved it."""
        await connection.execute(
            "WITH moved AS (UPDATE checkpoint SET position = %s WHERE slice = %s AND position = %s RETURNING 1)"
            " SELECT log.insist(EXISTS (SELECT FROM moved), 'LS001', 'another replica moved the checkpoint')",
            (position, self.slice, self.position),
        )

    def _keep(self, state: S) -> None:
        self._age += 1
        self._state = state if self._age % MAX_CACHED_BATCHES else None

    async def _dead_letter(self, connection: Connection, position: int, failure: Exception) -> None:
        async with connection.transaction():
            event = await self._letter(connection, position, failure)
            await self._move(connection, position)
            if not self.replay:
                await log.append(connection, [event])
        self.position = position
        logger.error("event dead-lettered", position=position, event_type=event.payload.event_type, error=repr(failure))

    async def _letter(self, connection: Connection, position: int, failure: Exception) -> Event:
        """The EventDeadLettered about the event at `position`, of which only its columns in the log are trusted."""
        cursor = await connection.execute(
            "SELECT id, type, tenant_id, client_id, batch_id, item_id FROM log.events WHERE position = %s",
            (position,),
        )
        row = await cursor.fetchone()
        assert row is not None, f"position {position} is in the stream and not in the log"
        prefixes = ("evt", None, "tenant", "client", "batch", "item")
        event_id, kind, tenant, client, batch, item = (
            from_hex(prefix, value) if prefix and value else value for prefix, value in zip(prefixes, row, strict=True)
        )
        cause = Event(
            id=event_id,
            type=kind,
            version=0,
            tenant_id=tenant,
            client_id=client,
            batch_id=batch,
            item_id=item,
            occurred_at=datetime.now(UTC),
            actor=self.actor,
            correlation_id=event_id,
            payload=None,
        )
        letter = EventDeadLettered(
            service=self.definition.name,
            position=position,
            event_id=event_id,
            event_type=kind,
            attempts=1 if isinstance(failure, UnreadableEvent) else self.retry_attempts,
            error=f"{type(failure).__name__}: {failure}"[:2000],
        )
        return caused(cause, Emit(letter, role=self.definition.name), now=cause.occurred_at, actor=self.actor)
