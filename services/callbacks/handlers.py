"""Accepting a callback: verify, read, record, and only then say 202.

Recorded means on disk: in the log, or, while the database is away, in the stream INBOX. What can never work is
refused with a reason and recorded too: what a proven sender sent always, that strangers came a few times.
Nothing is read of a body before it is known who sends it.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import psycopg
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from sqlalchemy import select, text
from structlog.contextvars import bind_contextvars

from services.callbacks import inbox, receipt
from services.callbacks.body import MAX_BYTES, answers_in, parsed
from services.callbacks.receipt import Sender
from services.callbacks.secrets import NotRead, Secrets
from services.callbacks.store import REJECTED, SECRET
from shared.enrichment import UnreadableBody
from shared.envelope import Event, from_json
from shared.events import CallbackRejected
from shared.ids import derive_id, named_id, new_id, to_hex
from shared.runtime import clock
from shared.runtime.appender import Appender, Unavailable
from shared.runtime.http import packed
from shared.runtime.http_errors import UNSUPPORTED
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from shared.tokens import InvalidToken, verify

Reply = tuple[int, dict[str, Any]]
Reading = Callable[[], Awaitable[bytes]]
DETOUR_SECONDS: Final = 5.0
STRANGERS_AT_ONCE: Final = 20
STRANGERS_EVERY_SECONDS: Final = 60.0
STATUS: Final = {"too_slow": 408, "token_expired": 410, "too_large": 413, "unknown_item": 422}
_EVENTS: Final = text("SELECT body FROM log.events WHERE id = ANY(CAST(:ids AS uuid[]))")
logger = structlog.get_logger()


class NotRecorded(Exception):
    """Neither the log nor the inbox took it, or nobody can say yet who sent it: the sender has to try again."""


class Unread(UnreadableBody):
    """A body that was not read to its end; `length`: how many bytes of it were."""

    def __init__(self, code: str, message: str, length: int) -> None:
        super().__init__(code, message)
        self.length = length


@dataclass
class Strangers:
    """How many refusals of strangers are recorded: STRANGERS_AT_ONCE, then one every STRANGERS_EVERY_SECONDS.

    `unrecorded`: those that were not, since one was.
    """

    left: float = STRANGERS_AT_ONCE
    at: float = field(default_factory=time.monotonic)
    unrecorded: int = 0

    def recorded(self, now: float) -> bool:
        """Whether the next one is, at this many seconds."""
        self.left = min(STRANGERS_AT_ONCE, self.left + (now - self.at) / STRANGERS_EVERY_SECONDS)
        self.at = now
        if self.left < 1:
            self.unrecorded += 1
            return False
        self.left -= 1
        return True


@dataclass
class Receiver:
    """What accepts callbacks in one process. `headers` are by names in lower case; a `Reading` may raise Unread.

    `unrecorded` is called for each refusal that is not recorded.
    """

    settings: Settings
    keys: list[str]
    secrets: Secrets
    appender: Appender
    nats: Client | None = None
    unrecorded: Callable[[], None] = lambda: None
    strangers: Strangers = field(default_factory=Strangers)
    _detour_until: float = 0.0

    async def by_token(self, token: str, read: Reading, headers: Mapping[str, str]) -> Reply:
        """A callback to the URL we gave out for one dispatch."""
        expired = None
        try:
            told = verify(token, self.keys)
        except InvalidToken as error:
            if error.token is None:
                return await self._turn_away(f"token_{error.code}", str(error))
            told, expired = error.token, str(error)
        bind_contextvars(
            dispatch_id=told.dispatch_id, item_id=told.item_id, batch_id=told.batch_id, correlation_id=told.batch_id
        )
        return await self._take(Sender(told.tenant_id, told.client_id, told.workflow, told), read, headers, expired)

    async def by_secret(
        self, client_id: str, workflow: str, secret: str, read: Reading, headers: Mapping[str, str]
    ) -> Reply:
        """A callback to a client's own URL, with its static secret in a header; ids are in the body."""
        try:
            tenant_id = await self.secrets.tenant_of(client_id, workflow, secret)
        except NotRead as error:
            raise NotRecorded(str(error)) from None
        if tenant_id is None:
            message = "the secret is not the one configured for this client and workflow (`callback_secret`)"
            return await self._turn_away("wrong_secret", message)
        return await self._take(Sender(tenant_id, client_id, workflow), read, headers)

    async def _take(
        self, sender: Sender, read: Reading, headers: Mapping[str, str], expired: str | None = None
    ) -> Reply:
        content_type, body = headers.get("content-type"), b""
        try:
            body = await read()
            if expired:
                raise UnreadableBody("token_expired", expired)
            whole = parsed(body, content_type)
            answers = answers_in(whole)
            if sender.token is None and (lost := receipt.nameless_answer(answers)):
                raise UnreadableBody("unknown_item", lost)
            events = receipt.received(sender, answers, whole, clock.now(), _event_id)
            receipt.check_length(body, events)
        except UnreadableBody as error:
            status, code, why = STATUS.get(error.code, 400), error.code, str(error)
            if code == "not_json" and (wrong := packed(headers)):  # what is JSON is read, whatever they say
                status, code, why = 415, UNSUPPORTED, wrong
            length = error.length if isinstance(error, Unread) else len(body)
            payload = CallbackRejected(code, why[:500], length, workflow=sender.workflow)
            if 0 < len(body) <= MAX_BYTES:
                text, encoding = receipt.kept(body)
                told = content_type and content_type[:200]
                payload = replace(payload, body=text, encoding=encoding, content_type=told)
            await self._record([self._refused(sender, payload)])
            return status, _error(code, why)
        await self._record(events)
        return 202, {"accepted": True, "events": [event.id for event in events]}

    async def _record(self, events: list[Event]) -> None:
        if time.monotonic() >= self._detour_until:
            try:
                await self.appender.append(events)
                return
            except (Unavailable, psycopg.Error) as error:
                logger.warning("the log takes no answers; they go to the inbox", error=str(error)[:300])
                self._detour_until = time.monotonic() + DETOUR_SECONDS
        try:
            if self.nats is None:
                raise NotRecorded("not connected to NATS")
            await inbox.put(self.nats, events)
        except (NatsError, TimeoutError, OSError) as error:
            self._detour_until = 0.0
            raise NotRecorded(repr(error)) from error

    async def _turn_away(self, code: str, reason: str) -> Reply:
        """Refuse a stranger, of whose body nothing was read."""
        if not self.strangers.recorded(time.monotonic()):
            self.unrecorded()
            return 401, _error(code, reason)
        before, self.strangers.unrecorded = self.strangers.unrecorded, 0
        also = f"; {before} refusals of strangers before this one are not recorded" if before else ""
        try:
            await self._record([self._refused(None, CallbackRejected(code, reason + also, 0))])
        except NotRecorded as error:
            self.strangers.unrecorded += before + 1
            self.unrecorded()
            logger.warning("a refused callback could not be recorded", error=str(error)[:200])
        return 401, _error(code, reason)

    def _refused(self, sender: Sender | None, payload: CallbackRejected) -> Event:
        tenant = named_id("tenant", self.settings.tenant)
        return receipt.rejected(sender, tenant, payload, clock.now(), _event_id())


async def rejected(
    queries: Queries, tenant_id: str, client_id: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """What could not be used and is kept whole, the newest first; `read_again`: whether it was read since."""
    query = select(REJECTED).where(REJECTED.c.client_id == client_id) if client_id else select(REJECTED)
    rows = await queries.newest(tenant_id, query, REJECTED.c.rejected_at, REJECTED.c.event_id, after, limit)
    answers = {row["event_id"]: derive_id("evt", row["event_id"], "0") for row in rows}
    there = {event.id for event in await events(queries, tenant_id, *answers.values())}
    return [row | {"read_again": answers[row["event_id"]] in there} for row in rows]


async def answer_mapping(
    queries: Queries, tenant_id: str, client_id: str | None, workflow: str | None
) -> dict[str, Any]:
    """Where a client says that the answers of a workflow have what, whatever the workstream."""
    query = select(SECRET).where(SECRET.c.client_id == client_id, SECRET.c.workflow == workflow)
    return {key: path for row in await queries.rows(tenant_id, query) for key, path in row["answer_mapping"].items()}


async def events(queries: Queries, tenant_id: str, *event_ids: str) -> list[Event]:
    """Those of these events that are in the log."""
    found = await queries.rows(tenant_id, _EVENTS, {"ids": [to_hex(event_id) for event_id in event_ids]})
    return [from_json(row["body"]) for row in found]


def _event_id() -> str:
    return new_id("evt")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
