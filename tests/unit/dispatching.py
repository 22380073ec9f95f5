"""The dispatcher's words for specifications: what is scheduled, sent, answered, refused and missed."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.dispatcher.domain import decide, evolve
from services.dispatcher.state import Claim, Dispatch, State
from shared.entities import resolve
from shared.envelope import Event
from shared.events import (
    BlueprintStep,
    DispatchRefused,
    DispatchTimedOut,
    EnrichmentReceived,
    FailureCode,
    ItemCompleted,
    StepDispatched,
    StepScheduled,
    WorkflowConfigured,
)
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, NEXT_BATCH, START, added, fact, item_id, launched
from tests.unit.specification import Specification

FLOW = COMPANY_STEP.workflow
PROGRESS, ALREADY = "company_enrichment_in_progress", "company_already_enriched"
ACME, BETA, GAMMA = "acme.com", "beta.com", "gamma.com"
LATER = START + timedelta(hours=2)


def tidy(fields: dict[str, Any]) -> dict[str, Any]:
    return {"company_domain": fields["company_domain"].lower()}


def dispatcher(*given: Event, workflows: dict[str, Any] | None = None) -> Specification:
    known = {"tidy": tidy} if workflows is None else workflows
    return Specification(State(), evolve, partial(decide, workflows=known)).given(*given)


def configured(workflow: str = FLOW, client_id: str = CLIENT, nth: int = 0, **config: Any) -> Event:
    payload = WorkflowConfigured(workflow, "apollo_scrape", config)
    return fact(payload, client_id=client_id, batch_id=None, nth=nth)


def at_company(*domains: str, hours: float = 0, batch_id: str = BATCH, **config: Any) -> list[Event]:
    """A configured batch of one company step, with item 0, 1, ... at these companies."""
    rows = [added(n, hours, batch_id, company_domain=domain) for n, domain in enumerate(domains)]
    return [configured(**config), launched(COMPANY_STEP, items=len(rows), batch_id=batch_id), *rows]


def scheduled(item: int, step: int = 0, blueprint: BlueprintStep = COMPANY_STEP, **about: Any) -> Event:
    return fact(StepScheduled(step, blueprint.workflow), item=item, **about)


def company_id(domain: str, client_id: str = CLIENT) -> str:
    entity = resolve("company", client_id, "", {"company_domain": domain})
    assert entity is not None
    return entity.entity_id


def claim(batch: Specification, domain: str) -> Claim:
    return batch.state.claims[company_id(domain), FLOW]


def current(batch: Specification, domain: str) -> Dispatch:
    """The dispatch that the claim counts on."""
    return batch.state.dispatches[claim(batch, domain).dispatch_id]


def sent(dispatch: Dispatch, webhook_id: str | None = None, **about: Any) -> Event:
    call = (dispatch.dispatch_id, dispatch.workflow, dispatch.step, dispatch.attempt)
    payload = StepDispatched(*call, LATER, webhook_id=webhook_id)
    return _about(dispatch, payload, **about)


def answered(dispatch: Dispatch, found: bool = True, **about: Any) -> Event:
    payload = EnrichmentReceived(dispatch.workflow, dispatch.dispatch_id, found, {"name": "Acme"})
    return _about(dispatch, payload, **about)


def unasked(domain: str, **about: Any) -> Event:
    """An answer that names a company and no dispatch."""
    about = {"entity_id": company_id(domain), "batch_id": None} | about
    return fact(EnrichmentReceived(FLOW, None, True, {"name": "Acme"}), **about)


def timed_out(dispatch: Dispatch, retry_at: datetime | None = None, **about: Any) -> Event:
    payload = DispatchTimedOut(dispatch.dispatch_id, dispatch.workflow, dispatch.attempt, retry_at)
    return _about(dispatch, payload, **about)


def refused(
    dispatch: Dispatch,
    code: FailureCode = "API_ERROR",
    retry_at: datetime | None = None,
    webhook_id: str | None = None,
    reason: str = "no",
    **about: Any,
) -> Event:
    """`webhook_id`: it may have been taken there all the same."""
    call = (dispatch.dispatch_id, dispatch.workflow, dispatch.attempt)
    payload = DispatchRefused(*call, code, reason, retry_at, webhook_id is not None, webhook_id)
    return _about(dispatch, payload, **about)


def completion(answer: Event, item: int, claimant: int, skipped: str | None = None, step: int = 0) -> ItemCompleted:
    payload = ItemCompleted(step, answer.payload.workflow, answer_id=answer.id, found=answer.payload.found)
    if skipped:
        payload = replace(payload, skipped=skipped, claimant_item_id=item_id(claimant))
    return payload


def _about(dispatch: Dispatch, payload: Any, **about: Any) -> Event:
    whose = {"client_id": dispatch.client_id, "batch_id": dispatch.batch_id, "entity_id": dispatch.entity_id}
    return fact(payload, **(whose | {"item_id": dispatch.item_id} | about))


def open_dispatches(batch: Specification) -> list:
    return [d for d in batch.state.dispatches.values() if d.status in {"DUE", "SENT"}]


def one_waits(*more, **config) -> Specification:
    """Item 0 at Acme has claimed it."""
    return dispatcher(*at_company(ACME, **config), scheduled(0), *more)


def next_batch(item: int, domain: str = ACME, hours: float = 24, **config) -> list:
    """Another batch with one item at this company, which is scheduled."""
    return [
        launched(COMPANY_STEP, batch_id=NEXT_BATCH, config={FLOW: config} if config else None, hours=hours),
        added(item, hours, NEXT_BATCH, company_domain=domain),
        scheduled(item, hours=hours, batch_id=NEXT_BATCH),
    ]
