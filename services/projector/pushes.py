"""Leads on their way to a webhook, as events move them. Pure.

Always true: a push stands at one parcel; only what came of that one moves it, and what is told twice moves it once.
"""

from datetime import datetime
from typing import Any, Final, Literal, assert_never

from shared.envelope import Event
from shared.events import ParcelPushed, ParcelRefused, PushCancelled, PushCompleted, PushRequested, PushResumed
from shared.record import record, replace
from shared.state import Tracked

Status = Literal["running", "completed", "failed", "cancelled"]
Moving = ParcelPushed | ParcelRefused | PushCompleted | PushResumed | PushCancelled
Told = PushRequested | Moving
ENDED: Final = frozenset({"completed", "cancelled"})


@record
class Push:
    """One push and the parcel it stands at. `leads` and `parcels` were taken, the last one up to `last_row`.

    `attempt` counts the POSTs of the parcel, `tries` those since a person resumed it.
    """

    push_id: str
    tenant_id: str
    client_id: str | None
    status: Status
    webhook_url: str
    webhook_auth: str | None
    auth_header: str
    query: dict[str, list[str]]
    columns: list[str]
    size: int
    parcels: int
    leads: int
    last_batch_id: str | None
    last_row: int | None
    attempt: int
    tries: int
    due_at: datetime
    code: str | None
    reason: str | None
    requested_at: datetime
    ended_at: datetime | None

    @property
    def parcel(self) -> int:
        """The number of the parcel it stands at, from 1."""
        return self.parcels + 1


def fold(pushes: Tracked[str, Push], event: Event, payload: Told) -> None:
    """Move the push that the event is about."""
    known = pushes.get(payload.push_id)
    if isinstance(payload, PushRequested):
        if known is None:
            pushes[payload.push_id] = _requested(event, payload)
    elif known is not None and (changes := _changes(known, payload, event.occurred_at)):
        pushes[payload.push_id] = replace(known, **changes)


def _requested(event: Event, payload: PushRequested) -> Push:
    return Push(
        payload.push_id, event.tenant_id, event.client_id, "running", payload.webhook_url, payload.webhook_auth,
        payload.auth_header, payload.query, payload.columns, payload.size, 0, 0, None, None, 1, 1, event.occurred_at,
        None, None, event.occurred_at, None,
    )  # fmt: skip


def _changes(push: Push, payload: Moving, now: datetime) -> dict[str, Any]:
    match payload:
        case ParcelPushed():
            return _taken(push, payload, now) if payload.parcel == push.parcel else {}
        case ParcelRefused():
            at_this = (payload.parcel, payload.attempt) == (push.parcel, push.attempt)
            return _refused(payload, push, now) if at_this and push.status == "running" else {}
        case PushCompleted():
            at_this_end = payload.parcels == push.parcels and push.status == "running"
            return _ended("completed", now) if at_this_end else {}
        case PushCancelled():
            return {} if push.status in ENDED else _ended("cancelled", now)
        case PushResumed():
            again = {"status": "running", "tries": 1, "due_at": now, "ended_at": None}
            return again if push.status == "failed" else {}
        case _:
            assert_never(payload)


def _taken(push: Push, payload: ParcelPushed, now: datetime) -> dict[str, Any]:
    return {
        "parcels": payload.parcel, "leads": push.leads + payload.leads, "last_batch_id": payload.last_batch_id,
        "last_row": payload.last_row, "attempt": 1, "tries": 1, "due_at": now, "code": None, "reason": None,
    }  # fmt: skip


def _refused(payload: ParcelRefused, push: Push, now: datetime) -> dict[str, Any]:
    said = {"attempt": push.attempt + 1, "tries": push.tries + 1, "code": payload.code, "reason": payload.reason}
    if payload.retry_at is None:
        return said | {"status": "failed", "ended_at": now}
    return said | {"due_at": payload.retry_at}


def _ended(status: Status, now: datetime) -> dict[str, Any]:
    return {"status": status, "ended_at": now}
