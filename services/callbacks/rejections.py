"""Callbacks that could not be used: to look at, and to read again once an `answer_mapping` says where ids are."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from services.callbacks import handlers, receipt
from services.callbacks.handlers import Receiver
from shared.enrichment import UnreadableBody
from shared.envelope import Event
from shared.ids import optional, parse_id
from shared.runtime import clock
from shared.runtime.http import AfterId, Asking, Fresh, Problem
from shared.runtime.queries import Queries
from shared.runtime.shapes import answers, many, named

ROUTES: Final = APIRouter()
MOST: Final = 1_000


@ROUTES.get("/v1/rejected-callbacks", **answers(many(named("RejectedCallback"))))
async def rejected(
    queries: Fresh,
    caller: Asking,
    client_id: str | None = None,
    after: AfterId = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> list[dict[str, Any]]:
    """What could not be used and is kept whole, the newest first; `read_again`: whether it was read since."""
    client, place = optional(parse_id, "client", client_id), optional(parse_id, "evt", after)
    return await handlers.rejected(queries, caller.tenant_id, client, place, limit)


@ROUTES.get("/v1/rejected-callbacks/{event_id}", **answers(named("RejectedCallbackWhole")))
async def one(queries: Fresh, caller: Asking, event_id: str) -> dict[str, Any]:
    """One of them with its body, as text or in base64."""
    event = await _rejected(queries, caller.tenant_id, event_id)
    told = event.payload
    return {
        "event_id": event.id, "client_id": event.client_id, "rejected_at": event.occurred_at, "code": told.code,
        "reason": told.reason, "workflow": told.workflow, "dispatch_id": told.dispatch_id, "bytes": told.bytes,
        "content_type": told.content_type, "encoding": told.encoding, "body": told.body,
    }  # fmt: skip


@ROUTES.post("/v1/rejected-callbacks/{event_id}/read", status_code=202, **answers(named("ReadAgain")))
async def read_again(request: Request, queries: Fresh, caller: Asking, event_id: str) -> dict[str, Any]:
    """Read it again, with the client's `answer_mapping` of its workflow; told twice, it changes nothing."""
    receiver: Receiver = request.app.state.receiver
    event = await _rejected(queries, caller.tenant_id, event_id)
    paths = await handlers.answer_mapping(queries, caller.tenant_id, event.client_id, event.payload.workflow)
    try:
        events = receipt.read_again(event, paths, clock.now())
    except UnreadableBody as error:
        if error.code == "too_large":
            raise Problem(413, error.code, str(error)) from None
        message = f"{error}; set `answer_mapping` of {event.payload.workflow} to where the body has the ids"
        raise Problem(422, error.code, message) from None
    position = await receiver.appender.append(events)
    return {"events": [each.id for each in events], "position": position}


async def _rejected(queries: Queries, tenant_id: str, event_id: str) -> Event:
    found = await handlers.events(queries, tenant_id, parse_id("evt", event_id))
    if not found or found[0].type != "CallbackRejected" or found[0].payload.body is None:
        raise Problem(404, "not_found", f"no rejected callback {event_id} whose body was kept")
    return found[0]
