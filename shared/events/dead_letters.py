"""Events that a service could not handle."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.catalogue import event


@event("EventDeadLettered", 2, "ingest", "sequencer", "dispatcher", "callbacks", "projector")
@dataclass(frozen=True, slots=True)
class EventDeadLettered:
    """`service` could not handle the event at `position` and went on without it; later events about the same item wait
    behind it, in replay too.

    `tried_at`: the position it stood at, the event's own or that of a retry; 0 by the first release, which let later
    events pass. `attempts`: tries so far. `retry_at` None: it is not tried again until a person says so.
    """

    service: str
    position: int
    event_id: str
    event_type: str
    attempts: int
    error: str
    tried_at: int
    retry_at: datetime | None = None


@event("DeadLetterRetried", 1, "ingest", "sequencer", "dispatcher", "callbacks", "projector")
@dataclass(frozen=True, slots=True)
class DeadLetterRetried:
    """`service` takes the event at `position` now, and after it, in order, what waited behind it."""

    service: str
    position: int
    event_id: str
    reason: str = ""


@event("DeadLetterResolved", 1, "ingest")
@dataclass(frozen=True, slots=True)
class DeadLetterResolved:
    """A person decided that `service` goes on without the event at `position`; what waited behind it is taken now."""

    service: str
    position: int
    event_id: str
    reason: str
