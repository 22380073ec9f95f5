"""The static header secrets of clients, by digest; where their answers have what; and what could not be read. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, assert_never

from shared.envelope import Emit, Event
from shared.events import CallbackRejected, ConfigurationRemoved, WorkflowConfigured
from shared.record import record
from shared.state import Tracked

CONSUMES: Final = ("WorkflowConfigured", "ConfigurationRemoved", "CallbackRejected")
Consumed = WorkflowConfigured | ConfigurationRemoved | CallbackRejected


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
    answer_mapping: dict[str, Any]


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


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    match payload:
        case WorkflowConfigured():
            _configure(state, event, payload, payload.config)
        case ConfigurationRemoved():
            _configure(state, event, payload, {})
        case CallbackRejected():
            _keep(state, event, payload)
        case _:
            assert_never(payload)


def decide(state: State, event: Event) -> Iterator[Emit]:
    """Nothing follows from a setting, or a refusal."""
    return iter(())


def _configure(
    state: State, event: Event, payload: WorkflowConfigured | ConfigurationRemoved, config: dict[str, Any]
) -> None:
    key = (event.client_id or "", payload.workflow, payload.workstream, payload.name)
    told = config.get("answer_mapping")
    mapping = told if isinstance(told, dict) else {}
    state.secrets[key] = Secret(*key, event.tenant_id, config.get("callback_secret_sha256"), mapping)


def _keep(state: State, event: Event, payload: CallbackRejected) -> None:
    if payload.body is not None and event.client_id:
        state.rejected[event.id] = Rejected(
            event.id, event.tenant_id, event.client_id, payload.workflow or "", payload.code, payload.reason,
            payload.bytes, event.occurred_at,
        )  # fmt: skip
