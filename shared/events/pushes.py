"""Leads pushed to a webhook: asked for, taken parcel by parcel, refused, ended."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.catalogue import FailureCode, event


@event("PushRequested", 1, "projector")
@dataclass(frozen=True, slots=True)
class PushRequested:
    """The leads that meet `query`, as `GET /v1/leads` takes it, are to be POSTed in parcels of `size` at most.

    `columns`: what is sent of each. `webhook_auth` names a secret, whose value goes out in the header `auth_header`.
    """

    push_id: str
    webhook_url: str
    query: dict[str, list[str]]
    columns: list[str]
    size: int = 100
    webhook_auth: str | None = None
    auth_header: str = "authorization"


@event("ParcelPushed", 1, "projector")
@dataclass(frozen=True, slots=True)
class ParcelPushed:
    """The webhook took parcel number `parcel` (from 1), which ended with row `last_row` of batch `last_batch_id`.

    `in_doubt`: an earlier POST of it may have arrived before a crash, under the same `Idempotency-Key`.
    """

    push_id: str
    parcel: int
    leads: int
    last_batch_id: str
    last_row: int
    attempt: int
    in_doubt: bool = False


@event("ParcelRefused", 1, "projector")
@dataclass(frozen=True, slots=True)
class ParcelRefused:
    """The POST of a parcel did not succeed. `retry_at` None: the push ends there until a person resumes it."""

    push_id: str
    parcel: int
    attempt: int
    code: FailureCode
    reason: str
    retry_at: datetime | None = None
    in_doubt: bool = False


@event("PushCompleted", 1, "projector")
@dataclass(frozen=True, slots=True)
class PushCompleted:
    """No lead is left to push: `leads` were taken, in `parcels` parcels."""

    push_id: str
    parcels: int
    leads: int


@event("PushResumed", 1, "projector")
@dataclass(frozen=True, slots=True)
class PushResumed:
    """A push that had failed goes on with the parcel it failed at."""

    push_id: str


@event("PushCancelled", 1, "projector")
@dataclass(frozen=True, slots=True)
class PushCancelled:
    """Nothing more is sent of a push; what was taken stays taken."""

    push_id: str
