"""Leads and work histories as events make them. Pure; the reference date of a lead is a date of the log.

Always true: every item that has ended has exactly one lead; a lead is made of the fields and answers known at that
point of the log, and made anew when a newer answer about its person or company comes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, assert_never

from services.projector.extractors import person
from services.projector.lead import Lead, project
from services.projector.rows import (
    Answer,
    Batch,
    FinalLead,
    Item,
    Outcome,
    State,
    WorkHistory,
    lead_id_of,
)
from shared.envelope import Emit, Event
from shared.events import (
    BatchCancelled,
    BatchLaunched,
    EnrichmentReceived,
    ItemAdded,
    ItemCompleted,
    StepFailed,
)

CONSUMES: Final = (
    "BatchLaunched",
    "BatchCancelled",
    "ItemAdded",
    "ItemCompleted",
    "StepFailed",
    "EnrichmentReceived",
)
Consumed = BatchLaunched | BatchCancelled | ItemAdded | ItemCompleted | StepFailed | EnrichmentReceived


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    match payload:
        case BatchLaunched():
            _launch(state, event, payload)
        case ItemAdded():
            _add(state, event, payload)
        case ItemCompleted():
            _step_completed(state, event, payload)
        case StepFailed():
            _end(state, event, event.item_id, "failed")
        case BatchCancelled():
            _cancel(state, event)
        case EnrichmentReceived():
            _answered(state, event, payload)
        case _:
            assert_never(payload)


def decide(state: State, event: Event) -> Iterator[Emit]:
    """Nothing follows: the projector is where the events end."""
    return iter(())


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


def _cancel(state: State, event: Event) -> None:
    batch = state.batches.get(event.batch_id or "")
    if batch is not None:
        state.batches[batch.batch_id] = replace(batch, cancelled=True)
    for item in sorted(state.items.values(), key=lambda item: item.item_id):
        if item.batch_id == event.batch_id:
            _end(state, event, item.item_id, "cancelled")


def _add(state: State, event: Event, payload: ItemAdded) -> None:
    assert event.batch_id
    assert event.client_id
    assert event.item_id
    state.items[event.item_id] = Item(
        event.item_id, event.tenant_id, event.client_id, event.batch_id, payload.row, {}, None, None, None, None
    )
    state.fields[event.item_id] = payload.fields
    if state.batches[event.batch_id].cancelled:
        _end(state, event, event.item_id, "cancelled")


def _step_completed(state: State, event: Event, payload: ItemCompleted) -> None:
    before = state.items[event.item_id or ""]
    item = replace(before, output=before.output | (payload.output or {}))
    if event.entity_id:
        item = _about(item, event.entity_id)
    state.items[item.item_id] = item
    if item.outcome is not None:
        if item != before:
            _show(state, item, event.occurred_at)
    elif payload.step == state.batches[item.batch_id].last_step:
        _end(state, event, item.item_id, "completed")


def _about(item: Item, entity_id: str) -> Item:
    if entity_id.startswith("company_"):
        return replace(item, company_id=entity_id)
    return replace(item, person_id=entity_id) if entity_id.startswith("person_") else item


def _end(state: State, event: Event, item_id: str | None, outcome: Outcome) -> None:
    item = state.items.get(item_id or "")
    if item is None or item.outcome is not None:
        return
    if isinstance(event.payload, StepFailed) and event.entity_id:
        item = _about(item, event.entity_id)
    state.items[item.item_id] = item = replace(item, outcome=outcome, ended_at=event.occurred_at)
    _show(state, item, event.occurred_at)


def _show(state: State, item: Item, now: datetime) -> None:
    """Make the lead of an item that has ended; a later answer about its person or company finds it again."""
    for entity_id in filter(None, (item.person_id, item.company_id)):
        state.items_of.setdefault(entity_id, set()).add(item.item_id)
    _project(state, item, now)


def _answered(state: State, event: Event, payload: EnrichmentReceived) -> None:
    """Keep the newest answer about an entity; leads that stand already are made anew with it."""
    entity_id = event.entity_id
    if entity_id is None or not payload.found:
        return
    answer = Answer(
        entity_id, event.tenant_id, event.client_id or "", payload.workflow, event.id, event.occurred_at,
        _refreshed_at(payload.answer, event.occurred_at),
    )  # fmt: skip
    known = state.answers.get(entity_id)
    if known is not None and (known.refreshed_at >= answer.refreshed_at or known.client_id != answer.client_id):
        return
    state.answers[entity_id] = answer
    state.raws[entity_id] = payload.answer
    if entity_id.startswith("person_"):
        _remember_jobs(state, answer, again=known is not None)
    for item_id in sorted(state.items_of.get(entity_id, ())):
        _project(state, state.items[item_id], event.occurred_at)


def _refreshed_at(answer: Any, received_at: datetime) -> str:
    """When the provider last looked, as it says; without word of it, when the answer came. Sorts as text."""
    told = answer.get("last_refresh") if isinstance(answer, dict) else None
    if isinstance(told, str) and len(told) >= 10 and told[:4].isdigit():
        return told.replace(" ", "T")[:26]
    return received_at.isoformat()[:26]


def _remember_jobs(state: State, answer: Answer, again: bool) -> None:
    jobs = person.work_history(state.raws[answer.entity_id])
    for job in jobs:
        state.jobs[answer.entity_id, job.ordinal] = WorkHistory(
            answer.entity_id, job.ordinal, answer.tenant_id, answer.client_id, job.company_name, job.company_domain,
            job.company_linkedin_url, job.title, job.start_date, job.end_date, job.is_current,
        )  # fmt: skip
    if again:
        state.job_counts[answer.entity_id] = len(jobs)


def _project(state: State, item: Item, now: datetime) -> None:
    answers = {
        "person_answer": _answer_about(state, item, item.person_id),
        "company_answer": _answer_about(state, item, item.company_id),
    }
    about_person, about_company = answers["person_answer"], answers["company_answer"]
    lead = project(
        state.fields[item.item_id] | item.output,
        about_person and state.raws[about_person.entity_id],
        about_company and state.raws[about_company.entity_id],
        reference_date=now.date(),
    )
    lead_id = lead_id_of(item.item_id)
    state.leads[lead_id] = FinalLead(
        lead_id, item.tenant_id, item.client_id, item.batch_id, item.item_id, item.row, item.person_id,
        item.company_id, state.batches[item.batch_id].workstream, item.outcome, *lead.columns.values(),
        _provenance(lead, answers), now.date(), now,
    )  # fmt: skip


def _answer_about(state: State, item: Item, entity_id: str | None) -> Answer | None:
    """The answer in force about one of the item's entities, if it is the item's own client's."""
    answer = state.answers.get(entity_id or "")
    return answer if answer is not None and answer.client_id == item.client_id else None


def _provenance(lead: Lead, answers: dict[str, Answer | None]) -> dict[str, Any]:
    """For each source its columns, and for an answer the event, the workflow and the time it came."""
    sources: dict[str, dict[str, Any]] = {}
    for column, source in lead.provenance.items():
        sources.setdefault(source, {"columns": []})["columns"].append(column)
    for name, answer in answers.items():
        if answer is not None and name in sources:
            about = {
                "event_id": answer.answer_id,
                "workflow": answer.workflow,
                "at": answer.received_at.isoformat(),
            }
            sources[name] |= about
    return sources
