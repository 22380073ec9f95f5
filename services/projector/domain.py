"""Leads and work histories as events make them. Pure; the reference date of a lead is a date of the log.

Always true: every item that has ended has exactly one lead; a lead is made of the fields and answers known at that
point of the log, and made anew when a newer answer about its person or company comes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, assert_never

from services.projector import endings, pushes, reprojection
from services.projector.making import make, reading, remember_jobs
from services.projector.state import Answer, Batch, Item, State, lead_id_of
from shared.dates import refreshed_at
from shared.enrichment import provider_of
from shared.entities import scope_of
from shared.envelope import Emit, Event
from shared.events import (
    AnswerReused,
    BatchCancelled,
    BatchLaunched,
    ConfigurationRemoved,
    CustomersListed,
    CustomersRemoved,
    EnrichmentReceived,
    FailedItemsRetried,
    ItemAdded,
    ItemCompleted,
    ParcelPushed,
    ParcelRefused,
    PushCancelled,
    PushCompleted,
    PushRequested,
    PushResumed,
    ReprojectionDue,
    StepFailed,
    WorkflowConfigured,
    wire_names,
)
from shared.record import replace

Consumed = (
    WorkflowConfigured
    | ConfigurationRemoved
    | CustomersListed
    | CustomersRemoved
    | BatchLaunched
    | BatchCancelled
    | FailedItemsRetried
    | ItemAdded
    | ItemCompleted
    | StepFailed
    | EnrichmentReceived
    | AnswerReused
    | ReprojectionDue
    | PushRequested
    | ParcelPushed
    | ParcelRefused
    | PushCompleted
    | PushResumed
    | PushCancelled
)
CONSUMES: Final = wire_names(Consumed)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    match payload:
        case BatchLaunched():
            _launch(state, event, payload)
        case ItemAdded():
            _add(state, event)
        case ItemCompleted():
            _step_completed(state, event, payload)
        case StepFailed():
            endings.fail(state, event, payload)
        case BatchCancelled():
            endings.cancel(state, event)
        case FailedItemsRetried():
            endings.retry(state, event, payload)
        case EnrichmentReceived():
            if payload.found:
                _answered(state, event, payload, provider_of(payload.body, payload.answer))
        case AnswerReused():
            _answered(state, event, payload, payload.provider or "warehouse", payload.answered_at)
        case WorkflowConfigured() | ConfigurationRemoved():
            reprojection.configured(state, event, payload)
        case CustomersListed():
            reprojection.listed(state, event, payload)
        case CustomersRemoved():
            reprojection.removed(state, event, payload)
        case ReprojectionDue():
            reprojection.carry_out(state, event, payload)
        case (
            PushRequested() | ParcelPushed() | ParcelRefused() | PushCompleted() | PushResumed() | PushCancelled()
        ):  # fmt: skip
            pushes.fold(state.pushes, event, payload)
        case _:
            assert_never(payload)


def decide(state: State, event: Event) -> Iterator[Emit]:
    """What changes the leads of a client at large is carried out piece by piece, an event each."""
    payload: Consumed = event.payload
    match payload:
        case WorkflowConfigured() | ConfigurationRemoved():
            if event.id in state.remapped:
                yield from reprojection.due(state, event)
        case CustomersListed():
            if payload.complete:
                yield from reprojection.due(state, event)
        case CustomersRemoved():
            yield from reprojection.due(state, event)
        case (
            BatchLaunched() | BatchCancelled() | FailedItemsRetried() | ItemAdded() | ItemCompleted() | StepFailed()
            | EnrichmentReceived() | AnswerReused() | ReprojectionDue()
        ):  # fmt: skip
            return
        case (
            PushRequested() | ParcelPushed() | ParcelRefused() | PushCompleted() | PushResumed() | PushCancelled()
        ):  # fmt: skip
            return  # parcels are sent by pushing.py, which looks at the rows
        case _:
            assert_never(payload)


def _launch(state: State, event: Event, payload: BatchLaunched) -> None:
    assert event.batch_id
    assert event.client_id
    state.batches[event.batch_id] = Batch(
        event.batch_id,
        event.tenant_id,
        event.client_id,
        payload.workstream,
        len(payload.blueprint) - 1,
        cancelled=False,
    )


def _add(state: State, event: Event) -> None:
    assert event.batch_id
    assert event.client_id
    assert event.item_id
    state.items[event.item_id] = Item(
        event.item_id, event.tenant_id, event.client_id, event.batch_id, event.payload.row, [], None, None, [], True,
        None, None, None, None,
    )  # fmt: skip
    state.added[event.item_id] = event
    if state.batches[event.batch_id].cancelled:
        endings.end(state, event, state.items[event.item_id], "cancelled")


def _step_completed(state: State, event: Event, payload: ItemCompleted) -> None:
    _place(state, event, payload)
    if payload.output and is_in_force(state, event):
        _taken_from(state, event, payload.output)
    before = state.items[event.item_id or ""]
    item = replace(before, outputs=_with_output(before, event, payload))
    if event.entity_id:
        item = endings.about(item, event.entity_id)
    state.items[item.item_id] = item
    if payload.step == state.batches[item.batch_id].last_step and item.running:
        endings.end(state, event, item, "completed")
    elif item.outcome is not None and item != before:
        endings.show(state, item, event.occurred_at)


def _with_output(item: Item, event: Event, payload: ItemCompleted) -> list[dict[str, Any]]:
    if not payload.output or any(output["event_id"] == event.id for output in item.outputs):
        return item.outputs
    at = event.occurred_at.isoformat()
    said = {"workflow": payload.workflow, "event_id": event.id, "at": at, "fields": payload.output}
    return [*item.outputs, said]


def _taken_from(state: State, event: Event, fields: dict[str, Any]) -> None:
    """Say of the answer in force that a step has set an item's fields from it."""
    answer = state.answers[event.entity_id or "", event.payload.workflow, event.client_id or ""]
    if len(fields) > answer.fields:
        state.answer(replace(answer, fields=len(fields)))


def _place(state: State, event: Event, payload: ItemCompleted) -> None:
    """File the answer that a step has ended with, if it did not say itself whom it is about: the call for it does."""
    if payload.answer_id and not is_in_force(state, event) and (said := to_place(state, event)):
        evolve(state, replace(said, entity_id=event.entity_id))


def is_in_force(state: State, event: Event) -> bool:
    """Whether the answer that a step has ended with is the one that is filed under whom the step was about."""
    known = state.answers.get((event.entity_id or "", event.payload.workflow, event.client_id or ""))
    return known is not None and known.answer_id == event.payload.answer_id


def to_place(state: State, event: Event) -> Event | None:
    """The answer that a step has ended with, where it named another than whom the step was about, or nobody.

    A look-up ends with the answer to another workflow, which is filed as that.
    """
    said = state.unplaced.get(event.payload.answer_id or "")
    if said is None or event.entity_id in (None, said.entity_id):
        return None
    same = (said.payload.workflow, said.client_id) == (event.payload.workflow, event.client_id)
    return said if same else None


def _answered(
    state: State,
    event: Event,
    payload: EnrichmentReceived | AnswerReused,
    provider: str,
    answered_at: datetime | None = None,
) -> None:
    """Keep the newest answer of a workflow about an entity; leads that stand already are made anew with it.

    `answered_at`: of one that was lent.
    """
    entity_id = event.entity_id
    if entity_id is None:
        return
    answer = Answer(
        entity_id, payload.workflow, event.client_id or "", event.tenant_id, event.id, provider, event.occurred_at,
        refreshed_at(payload.answer, answered_at or event.occurred_at), 0, 0, answered_at,
    )  # fmt: skip
    known = state.answers.get((entity_id, payload.workflow, answer.client_id))
    if known is not None and not _is_newer(state, answer, known, payload):
        return
    again = bool(state.answers_of.get(entity_id))
    state.said[answer.answer_id] = payload.answer
    state.answer(replace(answer, columns=len(reading(state, answer).columns)))
    if scope_of(entity_id) == "person":
        remember_jobs(state, answer, again)
    for item_id in sorted(state.items_of.get(entity_id, ())):
        item = state.items[item_id]
        if item.client_id == answer.client_id and entity_id in item.entities:
            state.leads[lead_id_of(item_id)] = make(state, item, event.occurred_at.date(), event.occurred_at)


def _is_newer(state: State, answer: Answer, known: Answer, payload: EnrichmentReceived | AnswerReused) -> bool:
    """Whether its provider has looked since, or as early and said something else; what is lent was said before."""
    if answer.refreshed_at != known.refreshed_at:
        return answer.refreshed_at > known.refreshed_at
    said_since = isinstance(payload, EnrichmentReceived) and answer.received_at > known.received_at
    return said_since and payload.answer != state.said[known.answer_id]
