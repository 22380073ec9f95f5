"""What one client was answered, lent to another where the tenant allows it: how old it is stays true."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.dispatcher.state import Claim, Lendable
from services.dispatcher.warehouse import NOT_ALLOWED
from shared.entities import resolve
from shared.events import AnswerReused, BatchCancelled, BlueprintStep, ItemCompleted, StepFailed, TenantConfigured
from shared.ids import named_id
from tests.unit.dispatching import (
    FLOW,
    answered,
    company_id,
    configured,
    dispatcher,
    next_batch,
    scheduled,
    sent,
    unasked,
)
from tests.unit.facts import COMPANY_STEP, OTHER_CLIENT, START, TENANT, added, fact, item_id, launched
from tests.unit.specification import Specification
from tests.unit.test_dispatcher_answers import looked

LOOKUP = BlueprintStep("lookup_company_from_warehouse", "SYNC", "company")
ACME = "acme.com"
THEIR_ANSWER = named_id("evt", "theirs")
DAYS_OLD = 20


def lendable(
    days: float = DAYS_OLD, workflow: str = FLOW, client_id: str = OTHER_CLIENT, looked: float | None = None
) -> Lendable:
    """What a client was answered so many `days` ago, by a provider that had looked so many days ago."""
    entity = resolve("company", client_id, "", {"company_domain": ACME})
    assert entity is not None
    answered_at, looked_at = (START - timedelta(days=ago) for ago in (days, days if looked is None else looked))
    claim = Claim(
        entity.entity_id, workflow, TENANT, client_id, "company", entity.key, entity.basis, "ANSWERED",
        item_id(99), named_id("disp", "theirs"), 1, THEIR_ANSWER, True, answered_at, None, None,
        item_id(99), looked_at.isoformat(),
    )  # fmt: skip
    return Lendable(claim, {"name": "Acme"}, answered_at, "prospeo")


def asking(*found: Lendable, items: int = 1, allowed: bool = True, **config: Any) -> Specification:
    """A batch that looks a company up, then asks for it; what others have is brought in as the store does."""
    rows = [added(n, company_domain=ACME) for n in range(items)]
    leave = fact(TenantConfigured(allowed), client_id=None, batch_id=None)
    settings = [configured(), configured(LOOKUP.workflow, **config)]
    batch = dispatcher(leave, *settings, launched(LOOKUP, COMPANY_STEP, items=items), *rows)
    batch.state.lendable.update({(item_id(n), 0): list(found) for n in range(items)})
    return batch


def looked_up(item: int = 0, **about: Any) -> Any:
    return scheduled(item, blueprint=LOOKUP, **about)


def test_without_the_tenant_s_leave_nothing_is_lent() -> None:
    batch = asking(lendable(), allowed=False).when(looked_up())
    batch.then(StepFailed(0, LOOKUP.workflow, "CONFIGURATION", NOT_ALLOWED, retryable=True))
    never_asked = dispatcher(launched(LOOKUP), added(0, company_domain=ACME)).when(looked_up())
    assert never_asked.following[0].payload.reason == NOT_ALLOWED


def test_what_is_lent_says_where_it_is_from_and_saves_the_call() -> None:
    batch = asking(lendable()).when(looked_up())
    lent, ended = batch.following
    assert lent.payload == AnswerReused(
        FLOW, THEIR_ANSWER, OTHER_CLIENT, "domain", ACME, START - timedelta(days=DAYS_OLD), {"name": "Acme"}, "prospeo"
    )
    assert (lent.entity_id, lent.causation_id) == (company_id(ACME), THEIR_ANSWER)
    assert ended.payload == ItemCompleted(0, LOOKUP.workflow, answer_id=lent.id, found=True)
    assert ended.entity_id == company_id(ACME)
    batch.given(lent, ended).when(scheduled(0, step=1))
    batch.then(ItemCompleted(1, FLOW, None, lent.id, True, "company_already_enriched", None))
    assert batch.state.dispatches == {}


def test_its_age_is_that_of_the_answer() -> None:
    lent = asking(lendable()).when(looked_up()).following[0]
    batch = asking(lendable()).given(configured(freshness_days=DAYS_OLD - 1, nth=1), lent)
    batch.when(scheduled(0, step=1)).then()
    assert len(batch.state.dispatches) == 1, "too old by the client's own terms: asked anew"


def test_what_is_too_old_for_the_step_is_not_lent() -> None:
    nothing = ItemCompleted(0, LOOKUP.workflow, found=False)
    asking(lendable(), freshness_days=DAYS_OLD - 1).when(looked_up()).then(nothing)
    asking().when(looked_up()).then(nothing)
    assert len(asking(lendable(), freshness_days=DAYS_OLD).when(looked_up()).following) == 2


def test_of_several_that_can_lend_the_newest_that_is_not_too_old_does() -> None:
    older, newer = (lendable(days, client_id=named_id("client", str(days))) for days in (9, 8))
    too_old = lendable(30, looked=1)
    lent, _ = asking(older, too_old, newer, freshness_days=10).when(looked_up()).following
    assert lent.payload.from_client_id == newer.claim.client_id
    lent, _ = asking(older, too_old, newer).when(looked_up()).following
    assert lent.payload.from_client_id == OTHER_CLIENT


def test_what_another_tenant_answers_about_the_client_s_company_is_not_the_client_s_own() -> None:
    stranger = {"client_id": named_id("client", "of another tenant"), "hours": 1}
    theirs = replace(unasked(ACME, **stranger), tenant_id=named_id("tenant", "another"))
    lent, ended = asking(lendable()).given(theirs).when(looked_up(hours=2)).following
    assert lent.payload.from_client_id == OTHER_CLIENT
    assert ended.payload.answer_id == lent.id != theirs.id


def test_that_the_client_itself_found_nothing_keeps_nothing_from_being_lent() -> None:
    batch = asking(lendable(), items=2).given(scheduled(1, step=1))
    (call,) = batch.state.dispatches.values()
    batch.given(answered(call, found=False))
    lent, ended = batch.when(looked_up()).following
    assert ended.payload == ItemCompleted(0, LOOKUP.workflow, answer_id=lent.id, found=True)
    batch.given(lent).when(scheduled(0, step=1))
    batch.then(ItemCompleted(1, FLOW, None, lent.id, True, "company_already_enriched", None))


def test_what_was_lent_stays_where_the_client_s_own_call_finds_nothing() -> None:
    batch = asking(lendable(), items=2).when(looked_up(0))
    lent = batch.following[0]
    batch.given(lent, configured(force_refresh=True, nth=3), scheduled(0, step=1))
    (call,) = batch.state.dispatches.values()
    batch.given(answered(call, found=False, hours=1)).when(looked_up(1))
    batch.then(ItemCompleted(0, LOOKUP.workflow, answer_id=lent.id, found=True))
    kept = batch.state.claims[company_id(ACME), FLOW]
    assert (kept.answer_id, kept.found) == (lent.id, True)


def test_ten_people_at_a_company_borrow_once() -> None:
    batch = asking(lendable(), items=3).when(looked_up(0), looked_up(1))
    assert [type(event.payload) for event in batch.following] == [AnswerReused, ItemCompleted, ItemCompleted]
    batch.given(*batch.following).when(looked_up(2))
    assert [type(event.payload) for event in batch.following] == [ItemCompleted]
    assert batch.following[0].payload.found


def test_every_workflow_that_was_answered_is_lent() -> None:
    batch = asking(lendable(), lendable(workflow="find_news")).when(looked_up())
    assert [e.payload.workflow for e in batch.following] == [FLOW, "find_news", LOOKUP.workflow]


def test_a_row_that_names_no_company_goes_on_without() -> None:
    leave = fact(TenantConfigured(True), client_id=None, batch_id=None)
    batch = dispatcher(leave, launched(LOOKUP), added(0, title="CEO")).when(looked_up())
    batch.then(ItemCompleted(0, LOOKUP.workflow, found=False))


def test_a_lent_answer_takes_the_place_of_no_newer_one_and_of_no_call_that_is_out() -> None:
    lent = asking(lendable()).when(looked_up()).following[0]
    batch = asking(lendable()).given(scheduled(0, step=1)).when(lent).then()
    assert batch.state.claims[company_id(ACME), FLOW].status == "IN_PROGRESS"
    newer = replace(lent, payload=replace(lent.payload, answered_at=START))
    batch = asking(lendable()).given(newer, lent)
    assert batch.state.claims[company_id(ACME), FLOW].answered_at == START


@pytest.mark.parametrize("found", [False, True])
def test_a_lent_answer_makes_no_older_what_the_client_has_asked_itself(found: bool) -> None:
    lent = asking(lendable()).when(looked_up()).following[0]
    batch = asking(lendable(), items=2).given(configured(freshness_days=1, nth=1), scheduled(0, step=1))
    (call,) = batch.state.dispatches.values()
    batch.given(looked(answered(call, found=found), "2025-01-01"), lent)
    batch.when(scheduled(1, step=1)).then(ItemCompleted(1, FLOW, None, lent.id, True, "company_already_enriched", None))
    batch.when(*next_batch(7, hours=24)).then(
        ItemCompleted(0, FLOW, None, lent.id, True, "company_already_enriched", None)
    )
    assert len(batch.state.dispatches) == 1


def test_a_lent_answer_forgets_no_call_that_is_out_for_a_cancelled_batch() -> None:
    lent = asking(lendable()).when(looked_up()).following[0]
    batch = asking(lendable()).given(scheduled(0, step=1))
    (call,) = batch.state.dispatches.values()
    batch.given(fact(BatchCancelled()), sent(call), lent, *next_batch(7, force_refresh=True))
    assert [each.status for each in batch.state.dispatches.values()] == ["SENT"]
