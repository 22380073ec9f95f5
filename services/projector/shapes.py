"""What the projector's API answers are made of."""

from typing import Final

from services.projector.pushes import Status
from services.projector.tables import ANSWER, FINAL_LEADS, PERSON_WORK_HISTORY, PUSH
from shared.events import Scope
from shared.runtime.shapes import (
    DAY,
    EVENT,
    FREE,
    TEXT,
    WHOLE,
    Shape,
    by_name,
    having,
    identifier,
    many,
    named,
    one_of,
    perhaps,
    row,
    some,
)

ENTITY: Final = identifier("company", "person", "item")
_PROVENANCE: Final = by_name(FREE)
_LEAD: Final = row(FINAL_LEADS, "tenant_id", provenance=_PROVENANCE)
_WHO: Final = {
    "lead_id": perhaps(identifier("lead")),
    **dict.fromkeys(
        ("person_full_name", "person_title", "person_email", "person_phone", "person_linkedin_url"), perhaps(TEXT)
    ),
}
_JOB: Final = (
    "person_id", "ordinal", "client_id", "company_name", "company_domain", "company_linkedin_url", "title",
    "start_date", "end_date", "is_current",
)  # fmt: skip
_CAME_FROM: Final = {
    "from_company_name": perhaps(TEXT), "from_title": perhaps(TEXT), "from_start_date": perhaps(DAY),
    "from_end_date": perhaps(DAY),
}  # fmt: skip


def page(of: str, what: Shape) -> Shape:
    """A page of a list, and how the next one is asked for; null: this is the last."""
    return having(**{of: many(what), "next": perhaps(TEXT)})


SHAPES: Final[dict[str, Shape]] = {
    # Without `columns` a page has every one of them, and with it those that it names: `lead_id` is always there.
    "Lead": {"type": "object", "properties": _LEAD["properties"], "required": ["lead_id"]},
    "LeadWhole": row(FINAL_LEADS, provenance=_PROVENANCE, entities=many(named("Evidence"))),
    "Evidence": having(
        entity_id=ENTITY, scope=one_of(Scope), step=WHOLE, workflow=TEXT, event_id=identifier("evt"),
        basis=perhaps(TEXT), key=perhaps(TEXT), fields=by_name(FREE), passed_over=by_name(FREE), note=perhaps(TEXT),
    ),
    "Facets": having(
        total=WHOLE, contradicted=WHOLE, known=by_name(WHOLE),
        values=by_name(many(having(value=TEXT, leads=WHOLE))),
    ),
    "Customer": having(
        customer=TEXT, name=TEXT, known_by=many(TEXT), uploads=many(identifier("import")),
    ),
    "UnreadAnswer": row(ANSWER, entity_id=ENTITY),
    "Job": row(PERSON_WORK_HISTORY),
    "Person": some(PERSON_WORK_HISTORY, *_JOB, **_WHO),
    "PersonAtCustomer": some(PERSON_WORK_HISTORY, *_JOB, **_WHO, customer=TEXT),
    "PersonWhoMoved": some(PERSON_WORK_HISTORY, *_JOB, **_WHO, **_CAME_FROM),
    "Event": EVENT,
    "Push": row(PUSH, status=one_of(Status), query=by_name(many(TEXT)), columns=many(TEXT)),
    "Pushed": having(push_id=identifier("push"), position=WHOLE),
}  # fmt: skip
