"""The projector's words for specifications: who is answered about, what an item has walked, which lead it is."""

from services.projector.domain import decide, evolve
from services.projector.state import State, lead_id_of
from shared.envelope import Event
from shared.events import (
    EnrichmentReceived,
    ItemCompleted,
)
from shared.ids import named_id
from tests.unit.facts import (
    CLIENT,
    COMPANY_STEP,
    PERSON_STEP,
    SYNC_STEP,
    added,
    fact,
    item_id,
    launched,
)
from tests.unit.specification import Specification

ACME, ANN = named_id("company", "acme"), named_id("person", "ann")


FIRM = {"name": "Acme", "domain": "acme.com", "industry": "Tools", "size": "11-50 employees", "founded": 1999}


WHO = {
    "name": "Ann Ex", "first_name": "Ann", "last_name": "Ex", "headline": "CEO of Acme", "title": "CEO",
    "experience": [{"company": "Acme", "title": "CEO", "start_date": "2025-12-01", "is_current": True},
                   {"company": "Beta", "title": "CTO", "start_date": "2020-01-01", "end_date": "2025-11-01"}],
}  # fmt: skip


STEPS = (SYNC_STEP, COMPANY_STEP, PERSON_STEP)


def projector(*given_: Event) -> Specification:
    return Specification(State(), evolve, decide).given(*given_)


def answer(entity: str, hours: float = 1, found: bool = True, client_id: str = CLIENT, **body) -> Event:
    raw = (WHO if entity.startswith("person") else FIRM) | body
    payload = EnrichmentReceived("enrich", None, found, raw)
    return fact(payload, entity_id=entity, hours=hours, batch_id=None, client_id=client_id)


def completed(item: int, step: int, entity: str | None = None, hours: float = 2, **more) -> Event:
    payload = ItemCompleted(step, STEPS[step].workflow, **more)
    return fact(payload, item=item, entity_id=entity, hours=hours)


def walked(item: int, hours: float = 2) -> list[Event]:
    """The item has taken every step."""
    return [
        completed(item, 0, hours=hours, output={"company_name_normalized": "Acme!"}),
        completed(item, 1, ACME, hours),
        completed(item, 2, ANN, hours),
    ]


def lead(found: Specification, item: int):
    return found.state.leads.get(lead_id_of(item_id(item)))


def one(*more: Event) -> Specification:
    return projector(launched(*STEPS, items=2), added(1, email="ann@acme.com", title="Boss"), *more)


def settled(found: Specification, *events: Event) -> Specification:
    """The events, and whatever follows from them."""
    found.when(*events)
    while found.following:
        found.when(*found.following)
    return found
