"""What changes the leads of a client at large: a customer list, another mapping of answers. Pure.

Each batch's leads are then made again in pieces, an event each, so that no transaction is large. A lead made again
keeps its reference date, and its row if nothing in it changes: so it does not matter whether an item that ended
shortly before its piece is in it.
"""

from collections.abc import Iterator
from typing import Final

from services.projector.customers import Customers
from services.projector.extractors.person import company_keys
from services.projector.making import answers_about, make_again, recount
from services.projector.state import AnswerMapping, Customer, State
from shared.envelope import Emit, Event
from shared.events import ConfigurationRemoved, CustomersListed, CustomersRemoved, ReprojectionDue, WorkflowConfigured

PIECE_ROWS: Final = 500
MAPPING: Final = "answer_mapping"
APART: Final = ("ReprojectionDue",)


def listed(state: State, event: Event, payload: CustomersListed) -> None:
    """More customers of a client; each is known by its domain, its LinkedIn page and its name."""
    client_id = event.client_id or ""
    known = state.customers_of.setdefault(client_id, Customers())
    for told in payload.customers:
        keys = company_keys(told.domain, told.linkedin_url, told.name)
        for key in keys:
            known.add(keys[0], key)
            row = (client_id, key, keys[0], payload.upload_id)
            state.customers[row] = Customer(*row, event.tenant_id, told.name or told.domain or key)
            state.customers_gone.discard(row)


def removed(state: State, event: Event, payload: CustomersRemoved) -> None:
    """Forget customers of a client; what another customer or another list is known by as well stays."""
    there = {row: customer for row, customer in state.customers.items() if customer.client_id == event.client_id}
    named = {
        customer.customer
        for told in payload.customers
        if (surest := next(iter(company_keys(told.domain, told.linkedin_url, told.name)), None))
        for customer in there.values()
        if customer.key == surest
    }
    for row, customer in there.items():
        if customer.customer in named or _is_of_a_list_removed(customer, payload):
            del state.customers[row]
            state.customers.changed.discard(row)
            state.customers_gone.add(row)
    left = (customer for row, customer in there.items() if row in state.customers)
    state.customers_of[event.client_id or ""] = Customers((customer.customer, customer.key) for customer in left)


def _is_of_a_list_removed(customer: Customer, payload: CustomersRemoved) -> bool:
    other_than_kept = payload.kept_upload_id is not None and customer.upload_id != payload.kept_upload_id
    return payload.everything or other_than_kept or customer.upload_id == payload.upload_id


def configured(state: State, event: Event, payload: WorkflowConfigured | ConfigurationRemoved) -> None:
    """A client's own mapping of a workflow's answers, where its configuration has one."""
    key = (event.client_id or "", payload.workflow, payload.workstream, payload.name)
    told = payload.config.get(MAPPING) if isinstance(payload, WorkflowConfigured) else None
    paths = told if isinstance(told, dict) else {}
    before = state.mappings.get(key)
    if paths == (before.paths if before else {}):
        return
    state.mappings[key] = AnswerMapping(*key, event.tenant_id, paths)
    state.remapped.add(event.id)
    mapped = (payload.workflow, event.client_id)
    for answer in state.answers.values():
        if (answer.workflow, answer.client_id) == mapped:
            state.readings.pop((answer.answer_id, answer.entity_id), None)


def due(state: State, event: Event) -> Iterator[Emit]:
    """The pieces in which the leads of the event's client are made again."""
    batches = {batch.batch_id for batch in state.batches.values() if batch.client_id == event.client_id}
    for batch_id in sorted(batches):
        last = max(state.last_rows.get(batch_id, 0), max(state.rows_of.get(batch_id, ()), default=0))
        for after in range(0, last, PIECE_ROWS):
            piece = ReprojectionDue(after, min(after + PIECE_ROWS, last))
            yield Emit(piece, batch_id=batch_id, role=f"{batch_id}/{after}")


def carry_out(state: State, event: Event, payload: ReprojectionDue) -> None:
    """Make the leads of one piece again."""
    state.carried_out = True
    rows = state.rows_of.get(event.batch_id or "", {})
    for row in range(payload.after_row + 1, payload.upto_row + 1):
        if row not in rows:
            continue
        item = state.items[rows[row]]
        for answer in list(answers_about(state, item)):
            recount(state, answer)
        make_again(state, item, event.occurred_at)
