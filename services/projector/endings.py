"""How items end, and run again where what failed is retried, as the sequencer has it. Pure.

An item that failed keeps its lead while it takes its step again; how it ends then is how it has ended.
"""

from datetime import datetime

from services.projector.making import make
from services.projector.state import Item, Outcome, State, lead_id_of
from shared.entities import scope_of
from shared.envelope import Event
from shared.events import FailedItemsRetried, StepFailed
from shared.record import replace


def end(state: State, event: Event, item: Item, outcome: Outcome) -> None:
    """The item, which is under way, ends."""
    state.items[item.item_id] = item = replace(item, running=False, outcome=outcome, ended_at=event.occurred_at)
    show(state, item, event.occurred_at)


def fail(state: State, event: Event, payload: StepFailed) -> None:
    """The item ends at a step that failed: which, and with what code, tells whether a retry means it."""
    item = state.items.get(event.item_id or "")
    if item is None or not item.running:
        return
    item = replace(item, failed_workflow=payload.workflow, failed_code=payload.code)
    end(state, event, about(item, event.entity_id) if event.entity_id else item, "failed")


def cancel(state: State, event: Event) -> None:
    """Every item of the batch that is under way ends."""
    batch = state.batches.get(event.batch_id or "")
    if batch is not None:
        state.batches[batch.batch_id] = replace(batch, cancelled=True)
    for item in _items_of(state, event):
        if item.running:
            end(state, event, item, "cancelled")


def retry(state: State, event: Event, payload: FailedItemsRetried) -> None:
    """What failed and is meant is under way again, unless its batch was cancelled, at once or later when it resumes."""
    batch = state.batches.get(event.batch_id or "")
    if batch is None or batch.cancelled:
        return
    for item in _items_of(state, event):
        if item.outcome == "failed" and payload.fits(item.item_id, item.failed_workflow or "", item.failed_code):
            state.items[item.item_id] = replace(item, running=True)


def about(item: Item, entity_id: str) -> Item:
    """The item of this company or person; which it was of before is not forgotten: that was paid for too."""
    if entity_id in (item.person_id, item.company_id):
        return item
    scope = scope_of(entity_id)
    if scope == "company":
        return replace(item, company_id=entity_id, earlier=_without(entity_id, item.earlier, item.company_id))
    if scope == "person":
        return replace(item, person_id=entity_id, earlier=_without(entity_id, item.earlier, item.person_id))
    return item


def _without(entity_id: str, earlier: list[str], known: str | None) -> list[str]:
    return [name for name in (*earlier, known) if name and name != entity_id]


def show(state: State, item: Item, now: datetime) -> None:
    """Make the lead of an item that has ended; a later answer about its person or company finds it again."""
    state.ended(item)
    state.leads[lead_id_of(item.item_id)] = make(state, item, now.date(), now)


def _items_of(state: State, event: Event) -> list[Item]:
    items = [item for item in state.items.values() if item.batch_id == event.batch_id]
    return sorted(items, key=lambda item: item.item_id)
