"""Batches, items and steps, and what follows from each event. Pure.

Always true: an item stands at one step; a step is scheduled by the one event that brought the item there
(`moved_by`), so whatever is delivered again moves nothing; a batch ends when as many items have ended as it
launched.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, assert_never

from services.sequencer.state import Batch, BatchStatus, Item, State, Step, StepStatus
from shared.envelope import Emit, Event
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchLaunched,
    BatchPaused,
    BatchResumed,
    FailedItemsRetried,
    ItemAdded,
    ItemCompleted,
    StepDispatched,
    StepFailed,
    StepScheduled,
    wire_names,
)
from shared.record import replace

OF_WHOLE_BATCHES: Final = ("BatchResumed", "BatchCancelled", "FailedItemsRetried")
Consumed = (
    BatchLaunched
    | ItemAdded
    | StepDispatched
    | ItemCompleted
    | StepFailed
    | BatchPaused
    | BatchResumed
    | BatchCancelled
    | FailedItemsRetried
)
CONSUMES: Final = wire_names(Consumed)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    match payload:
        case BatchLaunched():
            _launch(state, event, payload)
        case ItemAdded():
            _add(state, event, payload)
        case StepDispatched():
            _dispatched(state, event, payload)
        case ItemCompleted():
            _complete(state, event, payload)
        case StepFailed():
            _fail(state, event, payload)
        case BatchPaused():
            _pause(state, event, payload)
        case BatchResumed():
            _resume(state, event)
        case BatchCancelled():
            _cancel(state, event)
        case FailedItemsRetried():
            _retry(state, event, payload)
        case _:
            assert_never(payload)


def decide(state: State, event: Event) -> Iterator[Emit]:
    """What follows from the event, given the state after it."""
    payload: Consumed = event.payload
    many = isinstance(payload, BatchResumed | FailedItemsRetried)
    items = _items_of(state, event) if many else [state.items.get(event.item_id or "")]
    for item in items:
        if item is not None and item.moved_by == event.id and item.status == "running":
            workflow = state.steps[item.item_id, item.step].workflow
            said: StepScheduled | ItemCompleted = StepScheduled(item.step, workflow)
            if isinstance(payload, FailedItemsRetried) and payload.skip:
                said = ItemCompleted(item.step, workflow, skipped="by_hand")
            yield Emit(said, item_id=item.item_id, role=f"{item.item_id}/{item.step}")
    batch = state.batches.get(event.batch_id or "")
    if batch is not None and batch.status == "completed" and (batch.ended_by == event.id or _is_retry(batch, event)):
        yield Emit(BatchCompleted(batch.completed, batch.failed), batch_id=batch.batch_id)


def _launch(state: State, event: Event, payload: BatchLaunched) -> None:
    assert event.batch_id
    assert event.client_id
    batch = Batch(
        event.batch_id, event.tenant_id, event.client_id, payload.upload_id, payload.workstream,
        [step.workflow for step in payload.blueprint], "running", payload.items, 0, 0, 0, 0,
        event.occurred_at, None, None, since=event.id, final=False,
    )  # fmt: skip
    state.batches[batch.batch_id] = _closed(batch, event)


def _add(state: State, event: Event, payload: ItemAdded) -> None:
    assert event.batch_id
    assert event.client_id
    assert event.item_id
    batch = state.batches[event.batch_id]
    item = Item(
        event.item_id, event.tenant_id, event.client_id, event.batch_id, payload.row, 0, "running", event.id,
        None,
    )  # fmt: skip
    state.batches[batch.batch_id] = batch = replace(batch, added=batch.added + 1)
    _arrive(state, event, batch, item)


def _arrive(state: State, event: Event, batch: Batch, item: Item) -> None:
    """The item is to take step `item.step` next: now, when its batch resumes, or not at all."""
    if batch.status == "cancelled":
        return _end(state, event, batch, item, "cancelled")
    if batch.status == "paused":
        state.items[item.item_id] = replace(item, status="parked", moved_by=event.id, ended_at=None)
        return None
    return _start(state, event, batch, item)


def _start(state: State, event: Event, batch: Batch, item: Item) -> None:
    state.items[item.item_id] = replace(item, status="running", moved_by=event.id, ended_at=None)
    state.steps[item.item_id, item.step] = Step(
        item.item_id, item.step, item.tenant_id, item.client_id, item.batch_id, batch.blueprint[item.step],
        "PENDING", 0, None, None, None, None, event.occurred_at, None,
    )  # fmt: skip


def _dispatched(state: State, event: Event, payload: StepDispatched) -> None:
    """An attempt counts even if its answer was recorded first; then the step stays as it ended."""
    step = state.steps.get((event.item_id or "", payload.step))
    if step is not None:
        status: StepStatus = "IN_PROGRESS" if step.ended_at is None else step.status
        attempts = max(step.attempts, payload.attempt)
        state.steps[step.item_id, step.step] = replace(step, status=status, attempts=attempts)


def _complete(state: State, event: Event, payload: ItemCompleted) -> None:
    item = _standing_at(state, event, payload.step)
    if item is None:
        return
    step = state.steps[item.item_id, item.step]
    state.steps[item.item_id, item.step] = replace(
        step,
        status="SKIPPED" if payload.skipped else "COMPLETED",
        skipped=payload.skipped,
        claimant_item_id=payload.claimant_item_id,
        ended_at=event.occurred_at,
    )
    batch = state.batches[item.batch_id]
    if item.step + 1 == len(batch.blueprint):
        _end(state, event, batch, item, "completed")
    else:
        _arrive(state, event, batch, replace(item, step=item.step + 1))


def _fail(state: State, event: Event, payload: StepFailed) -> None:
    item = _standing_at(state, event, payload.step)
    if item is None:
        return
    step = state.steps[item.item_id, item.step]
    state.steps[item.item_id, item.step] = replace(
        step,
        status="FAILED",
        attempts=payload.attempts,
        code=payload.code,
        reason=payload.reason,
        ended_at=event.occurred_at,
    )
    _end(state, event, state.batches[item.batch_id], item, "failed")


def _standing_at(state: State, event: Event, step: int) -> Item | None:
    """The event's item, if it is at this step now: anything else is late or repeated and moves nothing."""
    item = state.items.get(event.item_id or "")
    return item if item is not None and item.status == "running" and item.step == step else None


def _end(
    state: State, event: Event, batch: Batch, item: Item, status: Literal["completed", "failed", "cancelled"]
) -> None:
    state.items[item.item_id] = replace(item, status=status, moved_by=event.id, ended_at=event.occurred_at)
    counted: dict[str, Any] = {status: getattr(batch, status) + 1}
    state.batches[batch.batch_id] = _closed(replace(batch, **counted), event)


def _closed(batch: Batch, event: Event) -> Batch:
    """The batch, completed if its last item has ended."""
    if batch.ended < batch.items or batch.status == "cancelled":
        return batch
    return replace(batch, status="completed", ended_at=event.occurred_at, ended_by=event.id)


def _set_status(state: State, event: Event, before: BatchStatus, after: BatchStatus) -> bool:
    batch = state.batches.get(event.batch_id or "")
    if batch is None or batch.status != before:
        return False
    state.batches[batch.batch_id] = replace(batch, status=after)
    return True


def _pause(state: State, event: Event, payload: BatchPaused) -> None:
    """Pause a running batch, unless it was resumed since a call was too much: it was looked at anew then."""
    batch = state.batches.get(event.batch_id or "")
    if batch is not None and payload.since in (None, batch.since):
        _set_status(state, event, "running", "paused")


def _resume(state: State, event: Event) -> None:
    batch = state.batches.get(event.batch_id or "")
    if batch is not None:
        state.batches[batch.batch_id] = replace(batch, since=event.id)
    if _set_status(state, event, "paused", "running"):
        for item in _items_of(state, event):
            if item.status == "parked":
                _arrive(state, event, state.batches[item.batch_id], item)


def _cancel(state: State, event: Event) -> None:
    """Whatever the batch has under way ends. One that has ended stays as it is, and nothing of it is retried either:
    whoever does its steps takes none any more.
    """
    batch = state.batches.get(event.batch_id or "")
    if batch is None or batch.final:
        return
    state.batches[batch.batch_id] = batch = replace(batch, final=True)
    if batch.status == "completed":
        return
    state.batches[batch.batch_id] = replace(batch, status="cancelled", ended_at=event.occurred_at, ended_by=event.id)
    for item in _items_of(state, event):
        if item.status in {"running", "parked"}:
            _end(state, event, state.batches[batch.batch_id], item, "cancelled")
            _skip_open_step(state, event, item)


def _retry(state: State, event: Event, payload: FailedItemsRetried) -> None:
    """Failed items stand at their step again, and their batch goes on. A skipped step needs no leave to begin."""
    batch = state.batches.get(event.batch_id or "")
    if batch is None or batch.final:
        return
    chosen = [item for item in _items_of(state, event) if item.status == "failed" and _fits(state, payload, item)]
    if not chosen:
        return
    status: BatchStatus = "running" if batch.status == "completed" else batch.status
    batch = replace(batch, failed=batch.failed - len(chosen), status=status, ended_at=None, ended_by=None)
    state.batches[batch.batch_id] = batch
    for item in chosen:
        (_start if payload.skip else _arrive)(state, event, batch, item)


def _is_retry(batch: Batch, event: Event) -> bool:
    """Whether somebody waits for what comes of it. Where the batch is completed after it, no item fitted."""
    return isinstance(event.payload, FailedItemsRetried) and not batch.final


def _fits(state: State, wanted: FailedItemsRetried, item: Item) -> bool:
    step = state.steps[item.item_id, item.step]
    return wanted.fits(item.item_id, step.workflow, step.code)


def _skip_open_step(state: State, event: Event, item: Item) -> None:
    step = state.steps.get((item.item_id, item.step))
    if step is not None and step.ended_at is None:
        state.steps[item.item_id, item.step] = replace(
            step, status="SKIPPED", reason="the batch was cancelled", ended_at=event.occurred_at
        )


def _items_of(state: State, event: Event) -> list[Item]:
    return sorted((i for i in state.items.values() if i.batch_id == event.batch_id), key=lambda item: item.item_id)
