"""Any history of a batch gives one lead an ended item, however the log is cut."""

from hypothesis import given
from hypothesis import strategies as st

from services.projector.customers import Customers
from services.projector.state import State
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    StepFailed,
)
from shared.state import Tracked
from tests.unit.facts import (
    CLIENT,
    added,
    fact,
    item_id,
    launched,
)
from tests.unit.projecting import ACME, ANN, STEPS, answer, projector, walked


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Items that walk, fail or are cancelled, and answers before, between and after."""
    items = draw(st.integers(1, 3))
    said = [event for item in range(items) for event in walked(item)]
    said += [
        answer(entity, hours=draw(st.integers(0, 50)), founded=1990 + n) for n, entity in enumerate([ACME, ANN] * 2)
    ]
    said += [fact(StepFailed(1, "enrich_company", "TIMEOUT", "", True), item=draw(st.integers(0, 2)), entity_id=ACME)]
    said += draw(st.lists(st.just(fact(BatchCancelled())), max_size=1))
    births = [added(item, email=f"{item}@acme.com") for item in range(items)]
    known = {None, *map(item_id, range(items))}
    mixed = draw(st.permutations([event for event in said if event.item_id in known]))
    return [launched(*STEPS, items=items), *births, *mixed]


@given(histories())
def test_every_ended_item_is_one_lead_as_it_stands_at_the_end(history: list[Event]) -> None:
    found = projector(*history)
    ended = {item.item_id: item for item in found.state.items.values() if item.outcome}
    assert {row.item_id: row.outcome for row in found.state.leads.values()} == {
        name: item.outcome for name, item in ended.items()
    }
    for row in found.state.leads.values():
        item = ended[row.item_id]
        assert (row.company_id, row.person_id) == (item.company_id, item.person_id)
        known = found.state.answers.get((item.company_id or "", "enrich", CLIENT))
        assert row.company_founded_year == (known and found.state.said[known.answer_id]["founded"])


@given(histories(), st.integers(1, 5))
def test_the_leads_do_not_depend_on_how_the_log_is_cut(history: list[Event], size: int) -> None:
    """A fresh state after every few events, with what the store would load of the items that have ended."""
    whole, cut, leads = projector(*history).state, projector(), {}
    for start in range(0, len(history), size):
        cut.state = reread(cut.state)
        cut.given(*history[start : start + size])
        leads |= cut.state.leads
    assert leads == whole.leads
    assert dict(cut.state.items) == dict(whole.items)


def reread(state: State) -> State:
    fresh = State()
    for name in ("batches", "items", "mappings"):
        table: Tracked = getattr(state, name)
        getattr(fresh, name).loaded(table.keys(), table.items())
    for known in state.answers.values():
        fresh.answer(known)
    fresh.added, fresh.said = dict(state.added), dict(state.said)  # read from the log, as often as need be
    fresh.customers_of = {client: Customers(known) for client, known in state.customers_of.items()}
    for item in state.items.values():
        if item.outcome:
            fresh.ended(item)
    return fresh
