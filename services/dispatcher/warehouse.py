"""Answers of other clients of the tenant, lent where the tenant allows it: the one place where clients meet. Pure.

What is lent is an event of the client that borrows, with the answer whole and where it came from; nothing else of the
client that lends is told.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.dispatcher.claims import claim_of, is_fresh
from services.dispatcher.state import Claim, Item, Lendable, State
from shared.dates import refreshed_at
from shared.entities import Entity, scope_of
from shared.envelope import Emit, Event, caused_id
from shared.events import AnswerReused, ItemCompleted, Scope, StepFailed, StepScheduled
from shared.record import replace

LOOKUPS: Final[dict[str, Scope]] = {
    "lookup_company_from_warehouse": "company",
    "lookup_person_from_warehouse": "person",
}
NOT_ALLOWED: Final = (
    "the tenant does not allow that one client's answers are used for another; "
    "`leadstream tenant set --share-answers` allows it"
)


def look_up(state: State, event: Event, item: Item, entity: Entity | None, config: dict[str, Any]) -> Iterator[Emit]:
    """What a look-up step comes to: what can be lent about the item's entity, and the step's end."""
    payload: StepScheduled = event.payload
    tenant = state.tenants.get(item.tenant_id)
    if tenant is None or not tenant.share_answers:
        yield Emit(StepFailed(payload.step, payload.workflow, "CONFIGURATION", NOT_ALLOWED, retryable=True))
        return
    if entity is None:
        yield Emit(ItemCompleted(payload.step, payload.workflow, found=False))
        return
    known = state.lendable.get((item.item_id, payload.step), [])
    answers: list[str | None] = []
    for one in _newest([one for one in known if is_fresh(one.answered_at, event.occurred_at, config)]):
        own = _own(state, item, entity, one.claim)
        lending = caused_id(one.claim.answer_id or "", AnswerReused, event.client_id or "")
        answers.append(own or lending)
        if own is None and (lending, one.claim.workflow) not in state.lent:
            state.lent.add((lending, one.claim.workflow))
            yield _reuse(event, entity, one)
    first = answers[0] if answers else None
    completed = ItemCompleted(payload.step, payload.workflow, answer_id=first, found=bool(answers))
    yield Emit(completed, entity_id=entity.entity_id)


def reused(state: State, event: Event, payload: AnswerReused) -> None:
    """A lent answer counts, at its true age, unless the client has one as new that found something. A call that is out
    stays out, and what the client was answered itself does not get older.
    """
    assert event.entity_id
    assert event.client_id
    key = (event.entity_id, payload.workflow)
    state.lent.discard((event.id, payload.workflow))
    looked_at = refreshed_at(payload.answer, payload.answered_at)
    own = claim_of(state, event.client_id, key) or Claim(
        *key, event.tenant_id, event.client_id, scope_of(event.entity_id), payload.entity_key, payload.basis,
        "ANSWERED", None, None, 0, None, None, None, None, None, None, None,
    )  # fmt: skip
    if not _is_as_new(own, looked_at):
        state.claims[key] = replace(
            own, status="IN_PROGRESS" if own.status == "IN_PROGRESS" else "ANSWERED", answer_id=event.id, found=True,
            answered_at=max(own.answered_at or payload.answered_at, payload.answered_at), code=None, reason=None,
            answered_for=None, refreshed_at=looked_at,
        )  # fmt: skip


def _newest(lendable: list[Lendable]) -> list[Lendable]:
    """Of each workflow the one whose provider looked last."""
    in_order = sorted(lendable, key=lambda one: (str(one.claim.refreshed_at), one.claim.client_id))
    newest = {one.claim.workflow: one for one in in_order}
    return [newest[workflow] for workflow in sorted(newest)]


def _own(state: State, item: Item, entity: Entity, lendable: Claim) -> str | None:
    """The client's own answer of that workflow, if it found something and is as new."""
    own = claim_of(state, item.client_id, (entity.entity_id, lendable.workflow))
    return own.answer_id if own and _is_as_new(own, lendable.refreshed_at) else None


def _is_as_new(own: Claim, looked_at: str | None) -> bool:
    return bool(own.found and own.refreshed_at and looked_at and own.refreshed_at >= looked_at)


def _reuse(event: Event, entity: Entity, lendable: Lendable) -> Emit:
    claim = lendable.claim
    payload = AnswerReused(
        claim.workflow, claim.answer_id or "", claim.client_id, entity.basis, entity.key, lendable.answered_at,
        lendable.answer, lendable.provider,
    )  # fmt: skip
    cause = replace(event, id=claim.answer_id or "")
    return Emit(payload, entity_id=entity.entity_id, role=event.client_id or "", cause=cause)
