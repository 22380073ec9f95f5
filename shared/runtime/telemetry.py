"""What a service process tells of itself: Prometheus metrics on its own port.

What the process does is counted as it happens; what it stands before (lag, distance of the stream, age of what
waits) is asked of the servers every few seconds, in one task, so that a scrape costs neither of them anything.
Labels are bounded: services, event types, states. Nothing in them names a tenant, a client or a URL.
"""

import asyncio
import math
import time
from collections import Counter as Count
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from shared.envelope import Event
from shared.runtime.database import Connection, connect, one, set_clock
from shared.runtime.machine import Machine
from shared.runtime.patrol import REPORT
from shared.runtime.settings import Settings
from shared.runtime.tracing import traces_asked_for
from shared.subjects import INBOX_STREAM, STREAM

EVERY_SECONDS: Final = 5.0
AWAY_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 10.0
# An answer of PostgreSQL that is older than this is none: a server that stands keeps its connections.
GOOD_SECONDS: Final = 8.0
COUNTED: Final = 10_000
BATCHES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
STRETCH: Final = 1_000_000
# The log's end; how far this looked; how many events this service has still to read until there, up to COUNTED, and
# since when the first waits. From where nothing was unread before: a checkpoint stands still while events pass that
# its service does not read.
LAG: Final = f"""
WITH stretch AS (
    SELECT head, after, least(after + {STRETCH}, head) AS upto
    FROM (SELECT position AS head FROM log.head) h,
         (SELECT greatest(coalesce(min(position), 0), %s) AS after FROM checkpoint) c)
SELECT head, upto, count(position), coalesce(extract(epoch FROM now() - min(occurred_at)), 0)
FROM stretch LEFT JOIN LATERAL (
    SELECT position, occurred_at FROM log.events
    WHERE position > after AND position <= upto AND type = ANY(%s) ORDER BY position LIMIT {COUNTED}) unread ON true
GROUP BY head, upto
"""
logger = structlog.get_logger()


@dataclass(frozen=True)
class Measure:
    """One gauge that a service reads from its own tables: `statement` gives one value, or (label, value) rows."""

    name: str
    help: str
    statement: str
    label: str | None = None


ASKED: Final = {
    "log_head": "The log's last position.",
    "lag_events": f"Events still to be read; at most {COUNTED} are counted.",
    "lag_seconds": "Age of the first event still to be read; 0: none.",
    "relay_distance_events": "Events of the log that are not in the stream yet.",
    "damaged_positions": "Positions of log and stream that the patrol found damaged.",
    "patrol_age_seconds": "Since the patrol last compared log and stream; more than some seconds: no relay works.",
    "patrol_oldest_seconds": "Seconds since the piece was checked whose check is longest ago.",
    "stream_intact": "1: no message of the stream is missing.",
    "inbox_messages": "Answers that wait to be appended to the log.",
    "database_up": "Whether PostgreSQL answers this process.",
    "nats_up": "Whether NATS answers this process.",
    "event_loop_worst_stall_seconds": "The latest that the event loop came back since the process started.",
}
# What only PostgreSQL knows, and what only NATS does: unknown (NaN) until it says it, and while it is away. A value
# that was kept would silence the alarms that take the least of all processes.
OF_DATABASE: Final = (
    "log_head",
    "lag_events",
    "lag_seconds",
    "damaged_positions",
    "patrol_age_seconds",
    "patrol_oldest_seconds",
)
OF_NATS: Final = ("relay_distance_events", "stream_intact", "inbox_messages")


class Telemetry:
    """The metrics of one service process."""

    def __init__(self, machine: Machine[Any], leading: Callable[[], bool], measures: Sequence[Measure] = ()) -> None:
        self.registry = CollectorRegistry()
        self._machine = machine
        self._service = machine.definition.name
        self._traces = traces_asked_for(self._service)
        self._head, self._read, self._worst = math.nan, 0, 0.0
        self._answered = -math.inf
        self._told: dict[str, int | float] = {}
        ProcessCollector(registry=self.registry)
        names = ["service", "type"]
        self._events = Counter("leadstream_events", "Events taken, by type.", names, registry=self.registry)
        for read in machine.definition.reads:  # from 0 on, or what comes first of a type is no increase of it
            self._events.labels(self._service, read)
        self._sizes = self._histogram("batch_events", "Events of one transaction.", BATCHES)
        self._seconds = self._histogram("batch_seconds", "Length of one transaction.", SECONDS)
        self._stalls = self._histogram("event_loop_stall_seconds", "How late the event loop came back.", SECONDS)
        self._asked = {name: self._gauge(f"leadstream_{name}", text) for name, text in ASKED.items()}
        self._asked["database_up"].set_function(lambda: self._database_answers)
        self._measures = [(measure, self._gauge(measure.name, measure.help, measure.label)) for measure in measures]
        self._forget_nats()
        self._forget_database()
        self._live(leading)
        machine.observe = self._transaction

    @property
    def known(self) -> dict[str, int | float | bool]:
        """Whether PostgreSQL answers; if it does, what it has said of the log and of this service."""
        return {"database": True, **self._told} if self._database_answers else {"database": False}

    @property
    def _database_answers(self) -> bool:
        return time.monotonic() - self._answered < GOOD_SECONDS

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self.registry)

    def counter(self, name: str, text: str) -> Counter:
        """One more counter of this service, for it to count with."""
        made = Counter(f"leadstream_{name}", text, ["service"], registry=self.registry)
        return made.labels(self._service)

    def close(self) -> None:
        """Hand over the traces that were made and not sent yet."""
        if self._traces is not None:
            self._traces.close()

    def stalled(self, seconds: float) -> None:
        """The event loop came back so late."""
        self._stalls.observe(seconds)
        if seconds > self._worst:
            self._worst = seconds
            self._asked["event_loop_worst_stall_seconds"].set(seconds)

    async def run(self, settings: Settings, nats: Callable[[], Client]) -> None:
        """Ask the servers for ever; one that is away is told as such, and asked again."""
        asking = (self._ask_database_for_ever(settings), self._ask_nats_for_ever(nats))
        await asyncio.gather(*asking)

    def _gauge(self, name: str, text: str, label: str | None = None) -> Any:
        """A gauge of this service: with a label of its own to be set by it, without one ready to be set."""
        names = ["service", label] if label else ["service"]
        gauge = Gauge(name, text, names, registry=self.registry)
        return gauge if label else gauge.labels(self._service)

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        made = Histogram(f"leadstream_{name}", text, ["service"], registry=self.registry, buckets=buckets)
        return made.labels(self._service)

    def _live(self, leading: Callable[[], bool]) -> None:
        """What is known at any moment. Letters are the leader's: what a replica knew when it led does not count."""
        machine = self._machine
        told: tuple[tuple[str, str, Callable[[], float]], ...] = (
            ("leading", "1: this replica works, 0: it stands by.", leading),
            ("position", "The last position taken; only the leader's moves.", lambda: machine.position),
            ("dead_letters_open", "Events set aside.", lambda: leading() and len(machine.letters.open)),
            ("dead_letters_undecided", "Those for a person.", lambda: leading() and machine.letters.undecided),
            ("held_subjects", "Items and batches that wait for one.", lambda: leading() and len(machine.letters.held)),
        )
        for name, text, value in told:
            self._gauge(f"leadstream_{name}", text).set_function(value)

    def _transaction(self, events: Sequence[Event], seconds: float) -> None:
        for name, count in Count(event.type for event in events).items():
            self._events.labels(self._service, name).inc(count)
        self._sizes.observe(len(events))
        self._seconds.observe(seconds)
        if self._traces is not None:
            self._traces.taken(events, seconds)

    async def _ask_database_for_ever(self, settings: Settings) -> None:
        url = settings.database_url.get_secret_value()
        while True:
            try:
                name = f"{self._service} telemetry"
                async with await connect(url, name=name, search_path=self._service, autocommit=True) as connection:
                    while True:
                        async with asyncio.timeout(ANSWER_SECONDS):  # a server that is stopped keeps its connections
                            await self._ask_database(connection)
                        await asyncio.sleep(EVERY_SECONDS)
            except psycopg.errors.UndefinedTable:
                self._answered = time.monotonic()
                logger.debug("nothing to measure yet: the tables are not made")
            except (psycopg.Error, OSError) as error:
                self._answered = -math.inf
                self._forget_database()
                logger.debug("nothing measured: PostgreSQL is away", error=repr(error)[:300])
            await asyncio.sleep(AWAY_SECONDS)

    async def _ask_database(self, connection: Connection) -> None:
        await set_clock(connection)
        self._answered = time.monotonic()
        head, unread, seconds = await self._lag(connection)
        self._head = head
        self._asked["log_head"].set(head)
        self._asked["lag_events"].set(unread)
        self._asked["lag_seconds"].set(seconds)
        self._told |= {"lag_events": unread, "lag_seconds": round(seconds, 1)}
        await self._ask_patrol(connection)
        for measure, gauge in self._measures:
            rows = await (await connection.execute(measure.statement.encode())).fetchall()
            if measure.label is None:
                gauge.set(float(rows[0][0] or 0))
            else:
                for label, value in rows:
                    gauge.labels(self._service, label).set(float(value))
        self._answered = time.monotonic()

    def _forget_database(self) -> None:
        """What it said last is not so now."""
        self._head = math.nan
        self._told.clear()
        for name in OF_DATABASE:
            self._asked[name].set(math.nan)
        for measure, gauge in self._measures:
            if measure.label is None:
                gauge.set(math.nan)
            else:
                gauge.clear()

    async def _lag(self, connection: Connection) -> tuple[int, int, float]:
        """The log's end, and the events to be read: how many, and the age of the first in seconds."""
        while True:
            parameters = (self._read, list(self._machine.definition.reads))
            head, upto, unread, seconds = await one(connection, LAG, parameters)
            if not unread:
                self._read = upto
            if unread or upto >= head:
                return head, unread, float(seconds)

    async def _ask_patrol(self, connection: Connection) -> None:
        damaged, age, oldest = await one(connection, REPORT)
        self._asked["damaged_positions"].set(int(damaged))
        self._asked["patrol_age_seconds"].set(float(age))
        self._asked["patrol_oldest_seconds"].set(float(oldest))
        self._told["damaged_positions"] = int(damaged)

    async def _ask_nats_for_ever(self, nats: Callable[[], Client]) -> None:
        while True:
            try:
                await self._ask_nats(nats().jetstream(timeout=AWAY_SECONDS))
                self._asked["nats_up"].set(1)
                pause = EVERY_SECONDS
            except (NatsError, TimeoutError, OSError) as error:
                self._asked["nats_up"].set(0)
                self._forget_nats()
                logger.debug("nothing measured: NATS is away", error=repr(error)[:300])
                pause = AWAY_SECONDS
            await asyncio.sleep(pause)

    def _forget_nats(self) -> None:
        for name in OF_NATS:
            self._asked[name].set(math.nan)

    async def _ask_nats(self, nats: JetStreamContext) -> None:
        """A stream that is gone lacks all of the log: that is no server that is away. Raises NatsError."""
        try:
            state = (await nats.stream_info(STREAM)).state
            last = state.last_seq
            whole = not last or (state.first_seq == 1 and state.messages == last)
        except NotFoundError:
            last, whole = 0, False
        self._asked["relay_distance_events"].set(max(self._head - last, 0))  # NaN stays
        self._asked["stream_intact"].set(whole)
        try:
            self._asked["inbox_messages"].set((await nats.stream_info(INBOX_STREAM)).state.messages)
        except NotFoundError:
            self._asked["inbox_messages"].set(math.nan)
