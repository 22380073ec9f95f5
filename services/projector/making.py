"""A lead's row out of the state: its item, the answers about its person and company, and where each value is from.

Pure. The newest answer wins column by column; what was not said by any answer is the upload's.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from services.projector.extractors.person import employer_keys, name_key
from services.projector.extractors.reading import Reading, own_lines, read
from services.projector.lead import CUSTOMER, DERIVED, UPLOAD, UPLOADED, Answered, Lead, project
from services.projector.state import Answer, FinalLead, Item, State, WorkHistory, lead_id_of
from shared.jobs import Entry, together
from shared.mapping import Column
from shared.record import replace
from shared.values import text

# How a lead shows a field, in each of the columns that do.
_SHOWN: Final = {
    path: [line.normalise for line in UPLOADED if path in line.paths] for line in UPLOADED for path in line.paths
}


def make(state: State, item: Item, reference_date: date, now: datetime) -> Any:
    """The lead of an ended item, made anew."""
    # What was answered before the item was known by a surer key fills what the others leave.
    answers = sorted(_newest_first(answers_about(state, item)), key=lambda a: a.entity_id in item.earlier)
    uploaded = state.added[item.item_id].payload.fields
    fields, changed = _fields(uploaded, item)
    lead = project(
        fields,
        [Answered(answer.answer_id, reading(state, answer)) for answer in answers],
        reference_date=reference_date,
        customers=state.customers_of.get(item.client_id),
        uploaded=uploaded,
    )
    return FinalLead(
        lead_id_of(item.item_id), item.tenant_id, item.client_id, item.batch_id, item.item_id, item.row, item.person_id,
        item.company_id, state.batches[item.batch_id].workstream, item.outcome, *lead.columns.values(),
        _provenance(state, item, lead, answers, changed), lead.contradictions or None, reference_date, now,
    )  # fmt: skip


def make_again(state: State, item: Item, now: datetime) -> None:
    """Put another lead in the place of the one that is there, as of the same date, if it comes out otherwise."""
    lead_id = lead_id_of(item.item_id)
    before = state.leads[lead_id]
    again = make(state, item, before.reference_date, before.projected_at)
    if again != before:
        again.projected_at = now
        state.leads[lead_id] = again


def answers_about(state: State, item: Item) -> Iterator[Answer]:
    """The answers in force about the item, its person and its company, whatever they are known by, if they are its own
    client's.
    """
    for entity_id in item.entities:
        for key in state.answers_of.get(entity_id, ()):
            if key[2] == item.client_id:
                yield state.answers[key]


def reading(state: State, answer: Answer) -> Reading:
    """What an answer says of its entity, read once."""
    key = (answer.answer_id, answer.entity_id)
    known = state.readings.get(key)
    if known is None:
        lines = _own_lines(state, answer)
        known = read(state.said[answer.answer_id], answer.workflow, answer.entity_id, lines)
        state.readings[key] = known
    return known


def remember_jobs(state: State, answer: Answer, again: bool) -> None:
    """Write down a person's jobs, those of all answers in force; `again`: there may be others to forget."""
    of_person = (state.answers[key] for key in state.answers_of[answer.entity_id] if key[2] == answer.client_id)
    jobs = together(reading(state, each).jobs for each in _newest_first(of_person))
    for ordinal, job in enumerate(jobs):
        state.jobs[answer.entity_id, answer.client_id, ordinal] = _row(answer, ordinal, job)
    if again:
        state.job_counts[answer.entity_id, answer.client_id] = len(jobs)


def recount(state: State, answer: Answer) -> None:
    """Say of an answer how many columns are read from it now."""
    columns = len(reading(state, answer).columns)
    if columns != answer.columns:
        state.answer(replace(answer, columns=columns))


def _fields(uploaded: Mapping[str, Any], item: Item) -> tuple[dict[str, Any], dict[str, str]]:
    """What was uploaded, and over it what workflows set; another address has not the status of the one before.

    Of each field that they have changed, too, the event of the last that did.
    """
    fields = dict(uploaded)
    changed: dict[str, str] = {}
    for output in item.outputs:
        told = output["fields"]
        if "email" in told and _differ("email", told["email"], fields.get("email")):
            fields.pop("email_status", None)
        changed |= {name: output["event_id"] for name, value in told.items() if _differ(name, value, fields.get(name))}
        fields |= told
    return fields, changed


def _differ(field: str, told: object, known: object) -> bool:
    """Whether two values of a field are not shown alike: a step that repeats one, or tidies it, is not its source."""
    return told != known and any(as_shown(told) != as_shown(known) for as_shown in _SHOWN.get(field, (text,)))


def _newest_first(answers: Iterable[Answer]) -> list[Answer]:
    return sorted(answers, key=lambda a: (a.refreshed_at, a.answer_id), reverse=True)


def _row(answer: Answer, ordinal: int, job: Entry) -> WorkHistory:
    surest = next(iter(employer_keys(job)), None)
    return WorkHistory(
        answer.entity_id, answer.client_id, ordinal, answer.tenant_id, job.company_name or None,
        job.company_domain or None, job.company_linkedin_url or None, surest, name_key(job.company_name),
        job.title or None, job.start_date, job.end_date, job.is_current,
    )  # fmt: skip


def _own_lines(state: State, answer: Answer) -> tuple[Column, ...]:
    mappings = [m for m in state.mappings.values() if (m.client_id, m.workflow) == (answer.client_id, answer.workflow)]
    return tuple(line for m in sorted(mappings, key=lambda m: (m.workstream, m.name)) for line in own_lines(m.paths))


def _provenance(
    state: State, item: Item, lead: Lead, answers: list[Answer], changed: Mapping[str, str]
) -> list[dict[str, Any]]:
    """For each source its columns, the event, the time, the workflow, the provider; for what was derived those of the
    newest source that it follows from.
    """
    added = state.added[item.item_id]
    about: dict[str, dict[str, Any]] = {
        UPLOAD: {"source": UPLOAD, "event_id": added.id, "at": added.occurred_at.isoformat()}
    }
    for output in item.outputs:
        about[output["event_id"]] = {"source": "workflow"} | {k: output[k] for k in ("event_id", "workflow", "at")}
    for answer in answers:
        about[answer.answer_id] = {
            "source": "answer", "event_id": answer.answer_id, "workflow": answer.workflow,
            "provider": answer.provider, "at": (answer.answered_at or answer.received_at).isoformat(),
        }  # fmt: skip
        if answer.answered_at:
            about[answer.answer_id]["lent_at"] = answer.received_at.isoformat()
    columns: dict[tuple[str, str], list[str]] = {}
    for column, source in lead.provenance.items():
        told = lead.follows.get(column) or [(source, lead.via.get(column, ""))]
        sources = [changed.get(field, name) for name, field in told]
        newest = sources[0] if len(sources) == 1 else max(sources, key=lambda name: str(about[name]["at"]))
        columns.setdefault((source if source in (DERIVED, CUSTOMER) else newest, newest), []).append(column)
    more: dict[str, dict[str, Any]]
    more = {DERIVED: {"source": DERIVED}, CUSTOMER: {"source": DERIVED, "customer": lead.customer}}
    return [about[newest] | more.get(kind, {}) | {"columns": names} for (kind, newest), names in columns.items()]
