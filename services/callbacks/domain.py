"""The static header secrets of clients, by digest. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from shared.envelope import Emit, Event
from shared.events import ConfigurationRemoved, WorkflowConfigured
from shared.record import record
from shared.state import Tracked

CONSUMES: Final = ("WorkflowConfigured", "ConfigurationRemoved")


@record
class Secret:
    """The digest a client's provider must match for one workflow; None when there is none.

    `name` is that of the configuration: each of several tables may have a secret of its own.
    """

    client_id: str
    workflow: str
    workstream: str
    name: str
    tenant_id: str
    sha256: str | None


@dataclass
class State:
    """The rows that the events at hand touch."""

    secrets: Tracked[tuple[str, str, str, str], Secret] = field(default_factory=Tracked)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: WorkflowConfigured | ConfigurationRemoved = event.payload
    key = (event.client_id or "", payload.workflow, payload.workstream, payload.name)
    config = payload.config if isinstance(payload, WorkflowConfigured) else {}
    state.secrets[key] = Secret(*key, event.tenant_id, config.get("callback_secret_sha256"))


def decide(state: State, event: Event) -> Iterator[Emit]:
    """Nothing follows from a setting."""
    return iter(())
