"""The static header secrets of clients, by digest; where their answers have what; and what could not be read. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from services.callbacks.state import Rejected, Secret, State
from shared.envelope import Emit, Event
from shared.events import CallbackRejected, ConfigurationRemoved, WorkflowConfigured, wire_names

Consumed = WorkflowConfigured | ConfigurationRemoved | CallbackRejected
CONSUMES: Final = wire_names(Consumed)
OVERLAP: Final = timedelta(hours=24)


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


def digests(secret: Secret, now: datetime) -> list[str]:
    """Of the secrets that are taken at this time: the present one, and for OVERLAP that before it."""
    overlapping = secret.replaced_at is not None and now < secret.replaced_at + OVERLAP
    return [each for each in (secret.sha256, secret.previous_sha256 if overlapping else None) if each]


def _configure(
    state: State, event: Event, payload: WorkflowConfigured | ConfigurationRemoved, config: dict[str, Any]
) -> None:
    key = (event.client_id or "", payload.workflow, payload.workstream, payload.name)
    told = config.get("answer_mapping")
    mapping = told if isinstance(told, dict) else {}
    digest = config.get("callback_secret_sha256")
    previous = _previous(state.secrets.get(key), digest, event.occurred_at)
    state.secrets[key] = Secret(*key, event.tenant_id, digest, mapping, *previous)


def _previous(row: Secret | None, digest: str | None, now: datetime) -> tuple[str | None, datetime | None]:
    """The digest before this one, and since when; a secret that is taken away takes the one before it with it."""
    if row is None or row.sha256 is None or digest is None:
        return None, None
    return (row.previous_sha256, row.replaced_at) if row.sha256 == digest else (row.sha256, now)


def _keep(state: State, event: Event, payload: CallbackRejected) -> None:
    if payload.body is not None and event.client_id:
        state.rejected[event.id] = Rejected(
            event.id, event.tenant_id, event.client_id, payload.workflow or "", payload.code, payload.reason,
            payload.bytes, event.occurred_at,
        )  # fmt: skip
