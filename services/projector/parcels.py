"""One parcel of leads: which they are, its POST, and the event that records what came of it."""

import random
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import aiohttp
import orjson
from sqlalchemy import select

from services.projector import handlers, parameters
from services.projector.filters import Order, Place, page
from services.projector.pushes import Push
from services.projector.tables import FINAL_LEADS
from shared.envelope import Event, stated
from shared.events import ParcelPushed, ParcelRefused, PushCompleted
from shared.ids import derive_id, named_id, to_hex
from shared.outcomes import Policy, Refusal, of_status
from shared.runtime import clock
from shared.runtime.database import Connection, one_or_none
from shared.runtime.outgoing import UNANSWERED, hear, unreachable
from shared.runtime.queries import Queries, Row
from shared.runtime.secrets import secret
from shared.runtime.settings import Settings

POLICY: Final = Policy(longest=900.0)
ACTOR: Final = named_id("actor", "projector")
NOTED: Final = "SELECT attempt, lead_ids FROM pushing WHERE push_id = %s AND parcel = %s"
NOTE: Final = """
INSERT INTO pushing (push_id, parcel, attempt, lead_ids) VALUES (%s, %s, %s, %s::jsonb)
ON CONFLICT (push_id) DO UPDATE SET parcel = EXCLUDED.parcel, attempt = EXCLUDED.attempt, lead_ids = EXCLUDED.lead_ids
"""
NO_ATTEMPT: Final = 0
_L: Final = FINAL_LEADS.c


class TooLarge(Exception):
    """The webhook answered 413 to more than one lead."""


@dataclass(frozen=True)
class Parcel:
    """Some leads about to be sent, in the order of batch and row. `in_doubt`: they may have been, before a crash."""

    leads: list[Row]
    in_doubt: bool = False


async def take(connection: Connection, queries: Queries, push: Push, most: int) -> Parcel:
    """The parcel that a push stands at: another attempt at it has the same leads, as they are by then.

    `most`: leads in a new one. Without leads when nothing is left. Raises Unaskable for a filter or a column that there
    is no more.
    """
    names = parameters.columns(",".join(push.columns))
    key = (to_hex(push.push_id), push.parcel)
    noted = await one_or_none(connection, NOTED, key)
    if noted is not None:
        wanted = select(*_needed(names)).where(_L.lead_id.in_(noted[1])).order_by(_L.batch_id, _L.row)
    else:
        after = Place(None, push.last_batch_id, push.last_row or 0) if push.last_batch_id else None
        wanted = page(parameters.wanted(push.query), Order(), after, most, *_needed(names))
    leads = await queries.rows(push.tenant_id, wanted)
    return Parcel(leads, in_doubt=noted is not None and noted[0] == push.attempt)


async def note(connection: Connection, push: Push, parcel: Parcel, *, sent: bool = True) -> None:
    """Note which leads a parcel has, and that this attempt at it is about to be sent."""
    ids = orjson.dumps([lead["lead_id"] for lead in parcel.leads]).decode()
    await connection.execute(NOTE, (to_hex(push.push_id), push.parcel, push.attempt if sent else NO_ATTEMPT, ids))


def halved(parcel: Parcel) -> Parcel:
    """The first half of a parcel, of which nothing was taken."""
    return replace(parcel, leads=parcel.leads[: len(parcel.leads) // 2])


async def post(client: aiohttp.ClientSession, settings: Settings, push: Push, parcel: Parcel) -> Refusal | None:
    """POST it; None for success. The same parcel has the same `Idempotency-Key`, however often it goes out.

    Raises TooLarge when the webhook takes less at once.
    """
    names = parameters.columns(",".join(push.columns))
    leads = [handlers.shown({name: lead[name] for name in names}) for lead in parcel.leads]
    body = orjson.dumps({"push_id": push.push_id, "parcel": push.parcel, "leads": leads})
    headers = {"content-type": "application/json", "idempotency-key": f"{push.push_id}/{push.parcel}"}
    if push.webhook_auth:
        try:
            headers[push.auth_header] = secret(push.webhook_auth, push.tenant_id, settings)
        except LookupError as error:
            return Refusal("CONFIGURATION", str(error.args[0]), None)
    about: dict[str, Any] = {"attempt": push.tries, "policy": POLICY, "jitter": random.random()}  # noqa: S311
    try:
        async with client.post(push.webhook_url, data=body, headers=headers, allow_redirects=False) as reply:
            await hear(reply)
            if reply.status == 413 and len(leads) > 1:
                raise TooLarge
            return of_status(reply.status, reply.headers, now=clock.now(), **about)
    except UNANSWERED as error:
        return unreachable(error, now=clock.now(), **about)


def recorded(push: Push, parcel: Parcel, refusal: Refusal | None, now: datetime) -> Event:
    """What came of a parcel, as an event whose id follows from push, parcel and attempt."""
    if refusal is not None:
        told = (refusal.code, refusal.reason[:500], refusal.retry_at, parcel.in_doubt or refusal.in_doubt)
        refused = ParcelRefused(push.push_id, push.parcel, push.attempt, *told)
        return _event(push, refused, f"refused/{push.parcel}/{push.attempt}", now)
    if not parcel.leads:
        ended = PushCompleted(push.push_id, push.parcels, push.leads)
        return _event(push, ended, f"completed/{push.parcels}", now)
    last = parcel.leads[-1]
    pushed = ParcelPushed(
        push.push_id, push.parcel, len(parcel.leads), last["batch_id"], last["row"], push.attempt, parcel.in_doubt
    )
    return _event(push, pushed, f"pushed/{push.parcel}", now)


def _event(push: Push, payload: ParcelPushed | ParcelRefused | PushCompleted, role: str, now: datetime) -> Event:
    return stated(
        payload, event_id=derive_id("evt", push.push_id, role), tenant_id=push.tenant_id, client_id=push.client_id,
        entity_id=push.push_id, now=now, actor=ACTOR, correlation_id=push.push_id,
    )  # fmt: skip


def _needed(names: tuple[str, ...]) -> list[Any]:
    return [_L[name] for name in dict.fromkeys((*names, "batch_id", "row"))]
