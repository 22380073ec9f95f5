"""Dead letters of one service, read from the log and written to it; what they mean is `shared.dead_letters`.

An event that fails is set aside at once, so that its neighbours go on, and tried again by the service itself with
growing pauses: the letter says when, and the retry is an event like any other.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any, Final, LiteralString

import orjson
import structlog

from shared.dead_letters import Letters, Released, settling
from shared.envelope import Event, UnreadableEvent, caused_id, from_json, stated, told
from shared.events import DeadLetterRetried, EventDeadLettered
from shared.ids import from_hex, kind_of_id, named_id, to_hex
from shared.runtime import clock
from shared.runtime.appender import Appender, Unavailable
from shared.runtime.database import Connection

LOOK_SECONDS: Final = 0.5
AT_ONCE: Final = 200
GROWTH: Final = 4
# Those of all services: whose each is, is read from its body here, for what PostgreSQL cannot read must stop nobody.
LETTERS: Final = (
    "SELECT position, body FROM log.events WHERE type = 'EventDeadLettered' AND position > %s ORDER BY position"
)
SETTLED: Final = (
    "SELECT position, body FROM log.events WHERE type IN ('DeadLetterRetried', 'DeadLetterResolved')"
    " AND position <= %s ORDER BY position"
)
# By the prefix of a subject; a batch's events are those of its items too.
ABOUT: Final = {"item": "item_id = %s::uuid", "batch": "batch_id = %s::uuid"}
ABOUT_ANOTHER: Final = "item_id IS NULL AND batch_id IS NULL AND coalesce(entity_id, client_id, tenant_id) = %s::uuid"
logger = structlog.get_logger()


class DeadLetters(Letters):
    """A service's letters, kept level with the log."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.trying = 0
        self._learnt = 0
        self._stuck: frozenset[str] = frozenset()

    async def refresh(self, connection: Connection) -> None:
        """Learn of the letters that were written since."""
        for letter in await _facts(connection, LETTERS, self._learnt):
            if letter.payload.service == self.service:
                self.learn(letter)
            self._learnt = letter.position

    async def stand_at(self, connection: Connection, position: int) -> None:
        """Stand where the service's checkpoint does."""
        await self.refresh(connection)
        settled = await _facts(connection, SETTLED, position)
        self.stand(position, {e.position: e for e in settled if e.payload.service == self.service})
        self.committed()

    def committed(self) -> None:
        """What was read so far is in the tables for good."""
        self._stuck = frozenset(self.held)

    def subjects(self, prefix: str) -> list[str]:
        """The items (or batches) that wait behind a letter, as PostgreSQL reads a `uuid`: by the last commit.

        For who looks at the tables from beside the fold, here first: while a settlement is folded, what it releases
        is held no more, and what waited is not in the tables yet.
        """
        return [to_hex(subject) for subject in self._stuck if subject.startswith(f"{prefix}_")]

    async def groups(
        self, connection: Connection, messages: Sequence[tuple[int, bytes]], consumes: Sequence[str]
    ) -> AsyncGenerator[list[Event], None]:
        """What to fold for these messages, in order; what a settlement releases, one by one: `trying` says which."""
        self.trying = messages[-1][0]
        for step in self.steps(messages):
            if not isinstance(step, Released):
                yield step
                continue
            self.trying = step.first
            for position, body in await _events(connection, step, consumes):
                self.trying = position
                if self.leaves_out(position) or not self.takes(event := from_json(body, position)):
                    continue
                yield [event]
                # What it did wrong is to show now, in a pipeline too, and not with the next one.
                await (await connection.execute("SELECT 1")).fetchone()
            self.trying = step.first

    async def letter(
        self, connection: Connection, tried_at: int, failure: Exception, attempts: int, base_seconds: float
    ) -> Event:
        """The letter about the event that was tried; of that, only its columns in the log are trusted.

        `attempts`: how often the service tries by itself; the first pause is `base_seconds`, each later one longer.
        """
        tries = self.tries(self.trying) + 1
        event_id, kind, about = await _columns(connection, self.trying)
        now = clock.now()
        retry_at = None
        if tries < attempts and not isinstance(failure, UnreadableEvent):
            pause = base_seconds * GROWTH ** (tries - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
            retry_at = now + timedelta(seconds=pause)
        payload = EventDeadLettered(
            self.service, self.trying, event_id, kind, tries, told(failure, 2_000), tried_at, retry_at
        )  # fmt: skip
        role = self.service if tried_at == self.trying else f"{self.service}/{tried_at}"
        return stated(
            payload, event_id=caused_id(event_id, EventDeadLettered, role), now=now, causation_id=event_id,
            actor=named_id("actor", self.service), correlation_id=about["batch_id"] or event_id, **about,
        )  # fmt: skip


async def retry_due(url: str, letters: DeadLetters) -> None:
    """Retry what is due, once each, for as long as this replica leads."""
    appender = Appender(url, f"{letters.service} letters")
    asked: set[str] = set()
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            due = [letter for letter in letters.due(clock.now()) if letter.id not in asked][:AT_ONCE]
            if not due:
                continue
            try:
                await appender.append([_retry(letter, letters.service) for letter in due])
            except Unavailable as error:
                logger.warning("dead letters wait to be retried", error=str(error)[:300])
            else:
                asked |= {letter.id for letter in due}
    finally:
        await appender.close()


def _retry(letter: Event, service: str) -> Event:
    about: EventDeadLettered = letter.payload
    payload = DeadLetterRetried(service, about.position, about.event_id, f"after try {about.attempts}")
    return settling(letter, payload, clock.now(), letter.actor)


async def _facts(connection: Connection, statement: LiteralString, position: int) -> list[Event]:
    cursor = await connection.execute(statement, (position,))
    return [from_json(body, at) for at, body in await cursor.fetchall()]


async def _events(connection: Connection, released: Released, consumes: Sequence[str]) -> list[tuple[int, str]]:
    about = ABOUT.get(kind_of_id(released.subject), ABOUT_ANOTHER)
    cursor = await connection.execute(
        "SELECT position, body FROM log.events WHERE position >= %s AND position < %s AND type = ANY(%s)"
        f" AND {about} ORDER BY position",
        (released.first, released.limit, list(consumes), to_hex(released.subject)),
    )
    return await cursor.fetchall()


async def _columns(connection: Connection, position: int) -> tuple[str, str, dict[str, Any]]:
    """Id and type of an event, and whom it is about."""
    cursor = await connection.execute(
        "SELECT id, type, tenant_id, client_id, batch_id, item_id, body FROM log.events WHERE position = %s",
        (position,),
    )
    row = await cursor.fetchone()
    assert row is not None, f"position {position} is in the stream and not in the log"
    event_id, kind, *ids, body = row
    about = {
        f"{prefix}_id": value and from_hex(prefix, value)
        for prefix, value in zip(("tenant", "client", "batch", "item"), ids, strict=True)
    }
    return from_hex("evt", event_id), kind, about | {"entity_id": _entity_of(body)}


def _entity_of(body: str) -> str | None:
    """Whom an event is about, as far as its body can be read."""
    try:
        entity_id = orjson.loads(body)["entity_id"]
    except (ValueError, LookupError, TypeError):
        return None
    return entity_id if isinstance(entity_id, str) else None
