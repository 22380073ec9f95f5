"""POSTs to providers: a loop over the dispatches that are due. At least once, with a stable id.

A POST is noted in `sending` before it goes out. A dispatch that is still due although it was noted was cut off by a
crash: it is sent again under the same id, and what is recorded of it says that it was in doubt. What came of a POST
is appended to the log; the fold, reading it back, moves the dispatch on.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
import orjson
import structlog

from services.dispatcher.outcomes import Policy, Refusal, next_try, of_error, of_status
from services.dispatcher.secrets import secret
from services.dispatcher.state import Dispatch
from services.dispatcher.store import DISPATCHES
from services.dispatcher.throttle import Throttle
from shared.envelope import Emit, Event, caused
from shared.events import DispatchRefused, StepDispatched
from shared.ids import derive_id, from_hex, named_id, to_hex
from shared.runtime.appender import Appender
from shared.runtime.database import Connection, connect
from shared.runtime.machine import Machine
from shared.runtime.settings import Settings
from shared.tokens import CallbackToken, sign

AT_ONCE: Final = 500
IDLE_SECONDS: Final = 0.25
POST_SECONDS: Final = 30.0
MAX_BODY: Final = 100_000
TOKEN_LIFE: Final = timedelta(days=30)
ACTOR: Final = named_id("actor", "dispatcher")
logger = structlog.get_logger()

# The dispatches that are due and not in this process's hands, nor of an item or batch that waits behind a dead letter
# (what came of them would wait too, and they would look due for ever), with the settings they are to be sent by: those
# of the client for (workflow, workstream), and over them the batch's own.
DUE: Final = f"""
SELECT {DISPATCHES.names}, settings, fields FROM (
    SELECT d.*, coalesce(c.config, '{{}}') || coalesce(b.config -> d.workflow, '{{}}') AS settings,
           e.body::jsonb #> '{{payload,fields}}' || i.output AS fields
    FROM dispatch d
    JOIN item i USING (item_id)
    JOIN log.events e ON e.item_id = d.item_id AND e.type = 'ItemAdded'
    LEFT JOIN batch b ON b.batch_id = d.batch_id
    LEFT JOIN config c ON c.client_id = d.client_id AND c.workflow = d.workflow AND c.workstream = d.workstream
    WHERE d.status = 'DUE' AND d.due_at <= now() AND NOT d.dispatch_id = ANY(%s::uuid[])
      AND NOT d.item_id = ANY(%s::uuid[]) AND NOT d.batch_id = ANY(%s::uuid[])
    ORDER BY d.due_at LIMIT %s
) due
"""
# Note that a POST begins; `times` above 1: it had begun before.
NOTE: Final = """
INSERT INTO sending SELECT unnest(%s::uuid[]), 1
ON CONFLICT (dispatch_id) DO UPDATE SET times = sending.times + 1 RETURNING dispatch_id, times
"""
FORGET: Final = """
DELETE FROM sending s USING dispatch d WHERE d.dispatch_id = s.dispatch_id AND d.status <> 'DUE'
"""


@dataclass(frozen=True, slots=True)
class Post:
    """One dispatch about to be sent, with its claimant's fields and the settings to send it by."""

    dispatch: Dispatch
    config: Mapping[str, Any]
    fields: Mapping[str, Any]
    in_doubt: bool


async def send_due(settings: Settings, machine: Machine[Any]) -> None:
    """Send what is due, for as long as this replica leads."""
    url = settings.database_url.get_secret_value()
    appender = Appender(url, "dispatcher")
    async with (
        await connect(url, name="dispatcher sending", search_path="dispatcher", autocommit=True) as connection,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            timeout=aiohttp.ClientTimeout(total=POST_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as client,
    ):
        sender = Sender(settings, client, appender)
        try:
            await _caught_up(connection, machine)
            await sender.run(connection, machine)
        finally:
            await sender.stop()
            await appender.close()


async def _caught_up(connection: Connection, machine: Machine[Any]) -> None:
    """Until the state knows everything recorded so far: what looks due may be sent and recorded already."""
    cursor = await connection.execute(
        "SELECT coalesce(max(position), 0) FROM log.events WHERE type = ANY(%s)",
        (list(machine.definition.reads),),
    )
    row = await cursor.fetchone()
    while row and machine.position < row[0]:
        machine.committed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await machine.committed.wait()


class Sender:
    """The POSTs in this process's hands."""

    def __init__(self, settings: Settings, client: aiohttp.ClientSession, appender: Appender) -> None:
        self.settings = settings
        self._client = client
        self._appender = appender
        self._throttle = Throttle()
        self._key = settings.signing_key.get_secret_value()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, int] = {}

    async def run(self, connection: Connection, machine: Machine[Any]) -> None:
        """Look for due dispatches after every commit of the fold, and now and then for those whose time comes."""
        rounds = 0
        while True:
            machine.committed.clear()
            if not await self._send_some(connection, machine):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await machine.committed.wait()
            rounds += 1
            if rounds % 1_000 == 0:
                await connection.execute(FORGET)

    async def stop(self) -> None:
        """Let go of the POSTs under way: they are in doubt, and the next leader says so."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _send_some(self, connection: Connection, machine: Machine[Any]) -> bool:
        self._done = {name: at for name, at in self._done.items() if at > machine.position}
        held = [to_hex(name) for name in (*self._tasks, *self._done)]
        room = AT_ONCE - len(self._tasks)
        if room < AT_ONCE // 4:
            return False
        waiting = machine.letters.subjects("item"), machine.letters.subjects("batch")
        cursor = await connection.execute(DUE, (held, *waiting, room))
        due = [(DISPATCHES.row(values[:-2]), *values[-2:]) for values in await cursor.fetchall()]
        if not due:
            return False
        cursor = await connection.execute(NOTE, ([to_hex(d.dispatch_id) for d, _, _ in due],))
        begun = {from_hex("disp", name): times for name, times in await cursor.fetchall()}
        for dispatch, config, fields in due:
            post = Post(dispatch, config, fields, in_doubt=begun[dispatch.dispatch_id] > 1)
            self._tasks[dispatch.dispatch_id] = asyncio.create_task(self._send(post))
        return len(due) == room

    async def _send(self, post: Post) -> None:
        name = post.dispatch.dispatch_id
        try:
            refusal = await self._attempt(post)
            event = _recorded(post, refusal, datetime.now(UTC))
            self._done[name] = await self._record(event)
        finally:
            self._tasks.pop(name, None)

    async def _attempt(self, post: Post) -> Refusal | None:
        try:
            return await self._post(post, Policy.of(post.config))
        except (ValueError, TypeError) as error:
            return Refusal("CONFIGURATION", f"the configuration cannot be used: {error}"[:500], None)
        except Exception as error:
            logger.exception("a POST ended in an error of our own", dispatch_id=post.dispatch.dispatch_id)
            now = datetime.now(UTC)
            return Refusal("INTERNAL", repr(error)[:500], next_try(post.dispatch.attempt, Policy(), now, 1.0))

    async def _record(self, event: Event) -> int:
        """Append what came of a POST. While the log is away the dispatch stays in hand, so it is not sent again."""
        while True:
            try:
                return await self._appender.append([event])
            except Exception as error:  # noqa: BLE001 - nothing may lose what came of a POST
                logger.warning("cannot record a POST yet", error=repr(error))
                await asyncio.sleep(0.5)

    async def _post(self, post: Post, policy: Policy) -> Refusal | None:
        config = post.config
        url = str(config.get("webhook_url") or "")
        body = orjson.dumps(self._body(post, policy))
        if not url.startswith(("http://", "https://")):
            return Refusal("CONFIGURATION", "the configuration has no webhook_url that begins with http", None)
        if len(body) > MAX_BODY:
            return Refusal("VALIDATION", f"{len(body)} bytes are more than the {MAX_BODY} a webhook takes", None)
        attempt, jitter = post.dispatch.attempt, random.random()  # noqa: S311
        try:
            headers = self._headers(post)
            async with (
                self._throttle.turn(url, config),
                self._client.post(url, data=body, headers=headers, allow_redirects=False) as reply,
            ):
                await reply.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            told = f"{type(error).__name__} {error}".strip()
            return of_error(told, attempt=attempt, policy=policy, now=datetime.now(UTC), jitter=jitter)
        except LookupError as error:
            return Refusal("CONFIGURATION", str(error.args[0]), None)
        now = datetime.now(UTC)
        return of_status(reply.status, reply.headers, attempt=attempt, policy=policy, now=now, jitter=jitter)

    def _headers(self, post: Post) -> dict[str, str]:
        headers = {"content-type": "application/json", "idempotency-key": post.dispatch.dispatch_id}
        if name := post.config.get("webhook_auth"):
            headers["x-clay-webhook-auth"] = secret(str(name), self.settings.secrets_folder)
        return headers

    def _body(self, post: Post, policy: Policy) -> dict[str, Any]:
        dispatch = post.dispatch
        prefix = dispatch.entity_id.partition("_")[0]
        expires = datetime.now(UTC) + timedelta(seconds=policy.timeout) + TOKEN_LIFE
        token = CallbackToken(
            dispatch.dispatch_id, dispatch.tenant_id, dispatch.client_id, dispatch.batch_id, dispatch.item_id,
            dispatch.entity_id, dispatch.workflow, int(expires.timestamp()),
        )  # fmt: skip
        body = _about(prefix, post.fields) | {
            "workflow": dispatch.workflow,
            "dispatch_id": dispatch.dispatch_id,
            "item_id": dispatch.item_id,
            "callback_url": f"{self.settings.callback_base_url.rstrip('/')}/v1/callbacks/{sign(token, self._key)}",
        }
        return body if prefix == "item" else body | {f"{prefix}_id": dispatch.entity_id}


def _about(scope: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent of an item: of a company, only what is about the company."""
    return {name: value for name, value in fields.items() if scope != "company" or name.startswith("company_")}


def _recorded(post: Post, refusal: Refusal | None, now: datetime) -> Event:
    dispatch = post.dispatch
    cause = Event(
        id=derive_id("evt", dispatch.dispatch_id, "sent"), type="", version=0, tenant_id=dispatch.tenant_id,
        client_id=dispatch.client_id, batch_id=dispatch.batch_id, item_id=dispatch.item_id, occurred_at=now,
        actor=ACTOR, correlation_id=dispatch.batch_id, payload=None,
    )  # fmt: skip
    payload: StepDispatched | DispatchRefused
    if refusal is None:
        deadline = now + timedelta(seconds=Policy.of(post.config).timeout)
        payload = StepDispatched(
            dispatch.dispatch_id, dispatch.workflow, dispatch.step, dispatch.attempt, deadline, post.in_doubt
        )
    else:
        payload = DispatchRefused(
            dispatch.dispatch_id, dispatch.workflow, dispatch.attempt, refusal.code, refusal.reason, refusal.retry_at,
            post.in_doubt,
        )  # fmt: skip
    return caused(cause, Emit(payload, entity_id=dispatch.entity_id), now=now, actor=ACTOR)
