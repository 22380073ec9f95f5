"""Missing answers: dispatches past their deadline are recorded as timed out, and tried again or given up.

Losing answers is normal for a provider. The event's id follows from the dispatch, so looking twice records once. An
answer that is accepted must not be called missing: what the log has is read first, and what waits in the inbox since
the database was away is waited for.
"""

import asyncio
import random
import time
from collections import Counter
from typing import Any, Final

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from services.dispatcher.posting import ACTOR
from services.dispatcher.tables import SETTINGS, SETTINGS_JOIN
from shared.envelope import Event, caused_id, outcome_id, stated
from shared.events import DispatchTimedOut
from shared.ids import derive_id, from_hex
from shared.outcomes import Policy, ask_again
from shared.runtime import clock, log
from shared.runtime.cancellation import end_if_cancelled
from shared.runtime.database import Connection, connect
from shared.runtime.leaving import leave
from shared.runtime.machine import Machine
from shared.runtime.outgoing import caught_up
from shared.runtime.settings import Settings
from shared.subjects import INBOX_STREAM

EVERY_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 2.0
INBOX_SECONDS: Final = 60.0
GAP_SECONDS: Final = 10.0
logger = structlog.get_logger()
OVERDUE: Final = f"""
SELECT d.dispatch_id, d.tenant_id, d.client_id, d.batch_id, d.item_id, d.entity_id, d.workflow, d.attempt, d.missing,
       {SETTINGS}
FROM dispatch d {SETTINGS_JOIN}
WHERE d.status = 'SENT' AND d.deadline_at < now()
  AND NOT d.item_id = ANY(%s::uuid[]) AND NOT d.batch_id = ANY(%s::uuid[])
ORDER BY d.deadline_at LIMIT 500
"""


async def record_overdue(settings: Settings, machine: Machine[Any]) -> None:
    """Record missing answers, for as long as this replica leads."""
    url, nats_url = settings.database_url.get_secret_value(), settings.nats_url.get_secret_value()
    client = await nats.connect(nats_url, name="dispatcher deadlines", max_reconnect_attempts=-1)
    try:
        async with await connect(
            url, name="dispatcher deadlines", search_path="dispatcher", autocommit=True
        ) as connection:
            await _record_overdue(connection, machine, Inbox(client))
    finally:
        await leave(client.close())


async def _record_overdue(connection: Connection, machine: Machine[Any], inbox: "Inbox") -> None:
    while True:
        end_if_cancelled()
        # The inbox is asked before the log: what has left it is there.
        if await _overdue(connection, machine) and await inbox.is_empty():
            await caught_up(connection, machine)
            if overdue := await _overdue(connection, machine):
                events = [_timed_out(row) for row in overdue]
                position = await log.append(connection, events)
                for batch_id, missing in Counter(event.batch_id for event in events).items():
                    logger.info("answers are missing", batch_id=batch_id, correlation_id=batch_id, missing=missing)
                await _seen(machine, position)
        await asyncio.sleep(EVERY_SECONDS)


async def _overdue(connection: Connection, machine: Machine[Any]) -> list[Any]:
    waiting = machine.letters.subjects("item"), machine.letters.subjects("batch")
    return await (await connection.execute(OVERDUE, waiting)).fetchall()


class Inbox:
    """Whether answers wait there to be appended. What stays for long can never be, and is not waited for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked = self._since = 0.0
        self._fewest = self._stuck = 0

    async def is_empty(self) -> bool:
        """Whether none waits but those that stay; False while NATS does not say."""
        try:
            state = (await self._client.jetstream(timeout=ANSWER_SECONDS).stream_info(INBOX_STREAM)).state
        except (NatsError, TimeoutError, OSError):
            return False
        return self._is_empty(state.messages, time.monotonic())

    def _is_empty(self, messages: int, now: float) -> bool:
        """The fewest that it had for INBOX_SECONDS stay; nobody knows what it had while nobody asked."""
        if messages < self._fewest or now - self._asked > GAP_SECONDS:
            self._fewest, self._since = messages, now
        self._asked = now
        if now - self._since > INBOX_SECONDS:
            self._stuck = self._fewest
        self._stuck = min(self._stuck, messages)
        return messages <= self._stuck


async def _seen(machine: Machine[Any], position: int) -> None:
    """Until the fold has passed `position` or some time has gone: before, the same would be found."""
    for _ in range(20):
        if machine.position >= position:
            return
        await asyncio.sleep(0.05)


def _timed_out(row: Any) -> Event:
    dispatch_id, tenant, client, batch, item, entity_id, workflow, attempt, missing, config = row
    dispatch_id = from_hex("disp", dispatch_id)
    now = clock.now()
    retry_at = ask_again(attempt, missing + 1, Policy.or_default(config), now, random.random())  # noqa: S311 - jitter
    cause_id = derive_id("evt", dispatch_id, "deadline")
    return stated(
        DispatchTimedOut(dispatch_id, workflow, attempt, retry_at),
        event_id=caused_id(cause_id, DispatchTimedOut), tenant_id=from_hex("tenant", tenant), now=now, actor=ACTOR,
        client_id=from_hex("client", client), batch_id=from_hex("batch", batch), item_id=from_hex("item", item),
        entity_id=entity_id, causation_id=outcome_id(dispatch_id),
    )  # fmt: skip
