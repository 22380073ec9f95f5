"""Answers: received, refused, reused, and what is to be made again because of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.events.catalogue import event


@event("EnrichmentReceived", 1, "callbacks")
@dataclass(frozen=True, slots=True)
class EnrichmentReceived:
    """A provider's answer, kept whole in `body`; `answer` is the enrichment object found in it.

    The envelope's `entity_id` is the company or person it is about, where that is known.
    """

    workflow: str
    dispatch_id: str | None
    found: bool
    answer: Any
    body: Any = None


@event("CallbackRejected", 2, "callbacks")
@dataclass(frozen=True, slots=True)
class CallbackRejected:
    """A callback that cannot be used: why, and how many bytes of it were read, of a stranger's none.

    Of a sender that proved who it is, the body is kept whole, as it came, unless it is longer than is read: as text,
    or in base64 where it is no UTF-8, has the character NUL or would grow too long by its escapes.
    It can be read again once the configuration of its `workflow` says where things are (`answer_mapping`).
    """

    code: str
    reason: str
    bytes: int
    dispatch_id: str | None = None
    workflow: str | None = None
    body: str | None = None
    encoding: Literal["utf-8", "base64"] = "utf-8"
    content_type: str | None = None


@event("AnswerReused", 2, "dispatcher")
@dataclass(frozen=True, slots=True)
class AnswerReused:
    """What another client of the tenant was answered counts as an answer about this client's entity.

    `answer_id` is that client's event and `answered_at` when it was answered; `basis` and `entity_key` are what told
    that both entities are one company or person. `provider` had answered (from version 2 on).
    """

    workflow: str
    answer_id: str
    from_client_id: str
    basis: str
    entity_key: str
    answered_at: datetime
    answer: Any
    provider: str | None = None


@event("ReprojectionDue", 1, "projector")
@dataclass(frozen=True, slots=True)
class ReprojectionDue:
    """Something at large has changed for a client: the leads of these rows of a batch are to be made again."""

    after_row: int
    upto_row: int
