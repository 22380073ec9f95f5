"""Pushes over HTTP: asked for, looked at, resumed, cancelled."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import AfterValidator, Field

from services.projector import handlers, parameters
from services.projector.handlers import PAGE
from services.projector.parameters import Filters
from services.projector.pushes import ENDED, Status
from shared.envelope import Event, stated
from shared.events import PushCancelled, PushRequested, PushResumed
from shared.ids import derive_id, named_id, new_id, optional, parse_id
from shared.runtime import clock
from shared.runtime.appender import Appender
from shared.runtime.bodies import Body
from shared.runtime.http import AfterId, Asking, Caller, Fresh, Problem
from shared.runtime.queries import Queries, Row
from shared.runtime.repeats import first_said, given_before
from shared.runtime.shapes import answers, many, named
from shared.webhook_address import unusable

ROUTES: Final = APIRouter()
MOST_IN_PARCEL: Final = 100
# What a POST says of itself, and no secret may say instead.
NO_SECRET_S: Final = frozenset((
    "host", "connection", "keep-alive", "proxy-connection", "upgrade", "te", "trailer", "transfer-encoding", "expect",
    "content-length", "content-type", "content-encoding", "idempotency-key",
))  # fmt: skip


def _for_a_secret(header: str) -> str:
    if header.lower() in NO_SECRET_S:
        raise ValueError(f"{header} is no header for a secret: it says what is sent and how")
    return header


class NewPush(Body):
    """Where leads go. `webhook_auth` names a secret of the tenant's; its value goes out in `auth_header`.

    `columns`: all, when none are named. `everything`: every lead of the tenant, when no filter says which.
    """

    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2000)]
    webhook_auth: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")] | None = None
    auth_header: Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,60}$"), AfterValidator(_for_a_secret)] = "authorization"
    columns: Annotated[list[str], Field(max_length=200)] = Field(default_factory=list)
    size: Annotated[int, Field(ge=1, le=MOST_IN_PARCEL, description="leads in a parcel, at most")] = MOST_IN_PARCEL
    everything: bool = False


async def _appender(request: Request) -> Appender:
    appender: Appender = request.app.state.appender
    return appender


Appends = Annotated[Appender, Depends(_appender)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


@ROUTES.post("/v1/pushes", status_code=202, **answers(named("Pushed"), **parameters.documented()))
async def push(
    queries: Fresh, caller: Asking, appender: Appends, query: Filters, body: NewPush, key: Key = None
) -> dict[str, Any]:
    """Have these leads POSTed to a webhook, as `{"push_id", "parcel", "leads": [...]}`, until each parcel is taken.

    They are those that meet the filters by then, in the order of batch and row. The same `Idempotency-Key` again is the
    same push, and refused for another.
    """
    wanted = parameters.wanted(query)
    if wanted.everything and not body.everything:
        message = 'no filter says which leads: name some, or say "everything": true for all there are'
        raise Problem(422, "empty_filter", message)
    if wrong := unusable(body.webhook_url):
        raise Problem(422, "invalid_url", wrong)
    await handlers.batch_is_there(queries, caller.tenant_id, wanted)
    names = parameters.columns(",".join(body.columns))
    push_id = named_id("push", caller.tenant_id, key) if key else new_id("push")
    payload = PushRequested(
        push_id, body.webhook_url, query, list(names), body.size, body.webhook_auth, body.auth_header.lower()
    )
    event = _event(caller, payload, wanted.client_id, derive_id("evt", push_id, "asked"))
    return await _appended(queries, appender, event, key)


@ROUTES.get("/v1/pushes", **answers(many(named("Push"))))
async def pushes(
    queries: Fresh,
    caller: Asking,
    status: Status | None = None,
    after: AfterId = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
) -> list[Row]:
    """The tenant's pushes, the newest first."""
    return await handlers.pushes(queries, caller.tenant_id, status, optional(parse_id, "push", after), limit)


@ROUTES.get("/v1/pushes/{push_id}", **answers(named("Push")))
async def one_push(queries: Fresh, caller: Asking, push_id: str) -> Row:
    """How a push stands: how many leads were taken, what it waits for, why it failed."""
    return await _known(queries, caller, push_id)


@ROUTES.post("/v1/pushes/{push_id}/resume", status_code=202, **answers(named("Pushed")))
async def resume(queries: Fresh, caller: Asking, appender: Appends, push_id: str, key: Key = None) -> dict[str, Any]:
    """Let a push that failed go on with the parcel it failed at."""
    found = await _known(queries, caller, push_id)
    event = _settling(caller, found, PushResumed(found["push_id"]), key)
    if found["status"] != "failed" and not await given_before(queries, event.tenant_id, event.id):
        raise Problem(409, "not_failed", f"{push_id} is {found['status']}: only a push that failed can be resumed")
    return await _appended(queries, appender, event, key)


@ROUTES.post("/v1/pushes/{push_id}/cancel", status_code=202, **answers(named("Pushed")))
async def cancel(queries: Fresh, caller: Asking, appender: Appends, push_id: str, key: Key = None) -> dict[str, Any]:
    """Send nothing more of a push; what was taken stays taken."""
    found = await _known(queries, caller, push_id)
    event = _settling(caller, found, PushCancelled(found["push_id"]), key)
    if found["status"] in ENDED and not await given_before(queries, event.tenant_id, event.id):
        raise Problem(409, "ended", f"{push_id} is {found['status']} already")
    return await _appended(queries, appender, event, key)


async def _known(queries: Queries, caller: Caller, push_id: str) -> Row:
    found = await handlers.push(queries, caller.tenant_id, parse_id("push", push_id))
    if found is None:
        raise Problem(404, "not_found", f"no push {push_id}")
    return found


def _settling(caller: Caller, push: Row, payload: PushResumed | PushCancelled, key: str | None) -> Event:
    event_id = named_id("evt", push["push_id"], type(payload).__name__, key) if key else new_id("evt")
    return _event(caller, payload, push["client_id"], event_id)


async def _appended(queries: Queries, appender: Appender, event: Event, key: str | None) -> dict[str, Any]:
    position = await appender.append([event])
    if key:
        position = await first_said(queries, event)
    return {"push_id": event.payload.push_id, "position": position}


def _event(
    caller: Caller, payload: PushRequested | PushResumed | PushCancelled, client_id: str | None, event_id: str
) -> Event:
    return stated(
        payload, event_id=event_id, tenant_id=caller.tenant_id, client_id=client_id, entity_id=payload.push_id,
        now=clock.now(), actor=caller.actor, correlation_id=payload.push_id,
    )  # fmt: skip
