"""The callbacks service's rows: what `domain` works on. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.record import record
from shared.state import Tracked


@record
class Secret:
    """The digest a client's provider must match for one workflow; None when there is none.

    `name` is that of the configuration: each of several tables may have a secret of its own. `previous_sha256`: the
    digest that this one took the place of at `replaced_at`.
    """

    client_id: str
    workflow: str
    workstream: str
    name: str
    tenant_id: str
    sha256: str | None
    answer_mapping: dict[str, Any]
    previous_sha256: str | None
    replaced_at: datetime | None


@record
class Rejected:
    """A callback that could not be used, of a sender that proved who it is: its body is kept whole, in the log."""

    event_id: str
    tenant_id: str
    client_id: str
    workflow: str
    code: str
    reason: str
    bytes: int
    rejected_at: datetime


@dataclass
class State:
    """The rows that the events at hand touch."""

    secrets: Tracked[tuple[str, str, str, str], Secret] = field(default_factory=Tracked)
    rejected: Tracked[str, Rejected] = field(default_factory=Tracked)
