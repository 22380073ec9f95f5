"""Why an item is about the company or person it is: told from the item's own events. Pure.

The id of an entity is a hash of client, basis and key. So nothing has to be written down: whichever key of the fields,
as they stood when the step was scheduled, gives the id that the step ended with is the evidence, and it proves itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.entities import Entity, candidates, scope_of
from shared.envelope import Event
from shared.events import ItemAdded, ItemCompleted, StepFailed, StepScheduled

# The fields that a key is taken from, by scope and basis; what a person's name is held together with is its company.
FIELDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("company", "domain"): ("company_domain", "company_website"),
    ("company", "linkedin"): ("company_linkedin_url",),
    ("company", "name"): ("company_name",),
    ("person", "linkedin"): ("person_linkedin_url",),
    ("person", "email"): ("email",),
    ("person", "name"): (
        "first_name", "last_name", "full_name", "company_domain", "company_website", "company_linkedin_url",
        "company_name",
    ),
}  # fmt: skip
HASHED: Final = "linkedin.com/sales/lead/"
NOTES: Final = {
    "name": "a weak match: two may share a name",
    "hashed": "LinkedIn's id in disguise: under another one, or by its own name, the same person is another one here",
    "unproven": "no field that the item has now gives this id: it was told under earlier rules, or by an answer",
}
Told = dict[str, Any]


def evidence(events: Iterable[Event]) -> list[Told]:
    """For each company and person that steps of one item asked for, the latest last: what told that it is this one.

    `events`: the item's, in the order of the log. Each is `entity_id`, `basis` and `key` (None where no field gives the
    id), `fields` (what they were taken from: value, and the event that set it), `passed_over` (fields of stronger
    bases that have a value and give no key), the `step`, its `event_id`, and a `note` where the match is weak.
    """
    fields: Told = {}
    set_by: dict[str, str] = {}
    asked: dict[int, Told] = {}
    found: dict[str, Told] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, ItemAdded):
            fields = dict(payload.fields)
            set_by = dict.fromkeys(fields, event.id)
        elif isinstance(payload, StepScheduled):
            asked[payload.step] = fields
        elif isinstance(payload, ItemCompleted | StepFailed):
            if event.entity_id and event.entity_id != event.item_id:
                told = _told(event, asked.get(payload.step, fields), set_by)
                found.pop(event.entity_id, None)
                found[event.entity_id] = told
            output = payload.output if isinstance(payload, ItemCompleted) else None
            fields = {**fields, **(output or {})}
            set_by |= dict.fromkeys(output or {}, event.id)
    return list(found.values())


def _told(event: Event, fields: Mapping[str, Any], set_by: Mapping[str, str]) -> Told:
    entity_id = event.entity_id or ""
    scope = scope_of(entity_id)
    about = {
        "entity_id": entity_id, "scope": scope, "step": event.payload.step, "workflow": event.payload.workflow,
        "event_id": event.id,
    }  # fmt: skip
    matched = next((e for e in candidates(scope, event.client_id or "", fields) if e.entity_id == entity_id), None)
    if matched is None:
        return about | {"basis": None, "key": None, "fields": {}, "passed_over": {}, "note": NOTES["unproven"]}
    return about | {
        "basis": matched.basis, "key": matched.key, "fields": _values(scope, matched.basis, fields, set_by),
        "passed_over": _passed_over(scope, matched.basis, fields, set_by), "note": _note(matched),
    }  # fmt: skip


def _values(scope: str, basis: str, fields: Mapping[str, Any], set_by: Mapping[str, str]) -> Told:
    names = FIELDS[scope, basis]
    return {
        name: {"value": fields[name], "event_id": set_by.get(name)}
        for name in names
        if fields.get(name) not in (None, "")
    }


def _passed_over(scope: str, basis: str, fields: Mapping[str, Any], set_by: Mapping[str, str]) -> Told:
    """What stronger bases would have been taken from, had it been a domain, a page, an address of their own."""
    found: Told = {}
    for of, stronger in FIELDS:
        if of == scope:
            if stronger == basis:
                break
            found |= _values(scope, stronger, fields, set_by)
    return found


def _note(entity: Entity) -> str | None:
    if entity.basis == "linkedin" and entity.key.startswith(HASHED):
        return NOTES["hashed"]
    return NOTES.get(entity.basis)
