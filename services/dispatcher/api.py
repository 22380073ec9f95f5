"""Dispatches and claims over HTTP: what was sent, what is awaited, what is missing."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import AfterValidator, Field

from services.dispatcher import handlers
from services.dispatcher.shapes import SHAPES
from services.dispatcher.state import DispatchStatus, kept
from services.dispatcher.steps import Workflow
from services.dispatcher.webhooks import Webhooks
from shared.events import BlueprintStep, Kind, Scope
from shared.ids import kind_of_id, optional, parse_id
from shared.runtime.bodies import Body, Credits, Name, Price, RowNumber, Slug
from shared.runtime.http import AfterId, Asking, Caller, Fresh, Problem, application
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from shared.runtime.shapes import answers, many, named

ROUTES: Final = APIRouter()
MOST_PLANS: Final = 8


class PlannedStep(Body):
    """A step of a blueprint: what the registry says of its workflow, and the step's options."""

    workflow: Slug
    kind: Kind
    scope: Scope
    configuration: Name = "default"
    unless: Annotated[list[Slug], Field(max_length=20)] = Field(default_factory=list)
    credits: Price = 0.0
    sets: dict[Slug, list[str]] = Field(default_factory=dict)
    reads_answers: bool = False


def _once_each(steps: list[PlannedStep]) -> list[PlannedStep]:
    counts = Counter(step.workflow for step in steps)
    if repeated := sorted(slug for slug, count in counts.items() if count > 1):
        raise ValueError(f"each step may stand once; repeated: {', '.join(repeated)}")
    return steps


class NewPlan(Body):
    """A blueprint to be planned, whole, as `POST /v1/blueprints` of ingest gives it: each step once."""

    client_id: str
    upload_id: str
    workstream: Slug
    blueprint: Annotated[list[PlannedStep], Field(max_length=100), AfterValidator(_once_each)]
    rows: Annotated[list[RowNumber], Field(max_length=100_000)] | None = None
    config: dict[Slug, dict[str, Any]] = Field(default_factory=dict)
    items: int | None = Field(None, description="a blueprint has these four; a plan asks for none of them")
    pipeline_id: str | None = None
    max_credits: Credits | None = None
    missing: list[str] = Field(default_factory=list)


def build(settings: Settings, queries: Queries, webhooks: Webhooks, workflows: Mapping[str, Workflow]) -> FastAPI:
    """The dispatcher's HTTP application. `webhooks`: what the sender knows of them while this replica leads."""
    app = application("dispatcher", "What was sent to providers, and what is awaited.", SHAPES)
    app.state.settings, app.state.queries = settings, queries
    app.state.webhooks, app.state.workflows = webhooks, workflows
    app.state.planning, app.state.planned = asyncio.Lock(), 0
    app.include_router(ROUTES)
    return app


@ROUTES.get("/v1/dispatches", **answers(many(named("Dispatch"))))
async def dispatches(
    queries: Fresh,
    caller: Asking,
    batch_id: str | None = None,
    status: DispatchStatus | None = None,
    client_id: str | None = None,
    workflow: str | None = None,
    after: AfterId = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[dict[str, Any]]:
    """Attempts, latest first; `status=TIMED_OUT` lists missing answers."""
    batch_id, client_id = optional(parse_id, "batch", batch_id), optional(parse_id, "client", client_id)
    wanted = {"batch_id": batch_id, "status": status, "client_id": client_id, "workflow": workflow}
    place = optional(parse_id, "disp", after)
    found = await handlers.dispatches(queries, caller.tenant_id, wanted, place, limit)
    return found if batch_id is None else await _of_batch(queries, caller, batch_id, found)


@ROUTES.get("/v1/dispatches/counts", **answers(many(named("DispatchCount"))))
async def counts(queries: Fresh, caller: Asking, batch_id: str) -> list[dict[str, Any]]:
    """How many attempts of a batch stand how, by workflow; `in_doubt`: those that may have arrived unanswered."""
    batch_id = parse_id("batch", batch_id)
    return await _of_batch(queries, caller, batch_id, await handlers.counts(queries, caller.tenant_id, batch_id))


async def _of_batch(
    queries: Queries, caller: Caller, batch_id: str, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What was found of a batch, which may be nothing; but there has to be such a batch."""
    if not found and not await handlers.is_launched(queries, caller.tenant_id, batch_id):
        raise Problem(404, "not_found", f"no batch {batch_id}")
    return found


async def _about(queries: Queries, caller: Caller, entity_id: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was found of a company, person or item, which may be nothing; but somebody has to know it."""
    if not found and not await handlers.is_logged(queries, caller.tenant_id, entity_id):
        raise Problem(404, "not_found", f"no {kind_of_id(entity_id)} {entity_id}")
    return found


@ROUTES.get("/v1/claims/{entity_id}", **answers(many(named("Claim"))))
async def claims(queries: Fresh, caller: Asking, entity_id: str) -> list[dict[str, Any]]:
    """The calls for one company, person or item, by workflow."""
    kind = kind_of_id(entity_id).lower()
    if kind not in ("company", "person", "item"):
        raise Problem(422, "invalid_id", f"{entity_id[:80]!r} is no id of a company, person or item")
    entity_id = parse_id(kind, entity_id)
    return await _about(queries, caller, entity_id, await handlers.claims(queries, caller.tenant_id, entity_id))


@ROUTES.get("/v1/items/{item_id}/waiting", **answers(many(named("WaitingStep"))))
async def waiting(queries: Fresh, caller: Asking, request: Request, item_id: str) -> list[dict[str, Any]]:
    """What the open steps of an item wait for: the claim, the attempts at it, and whether its webhook is left alone."""
    item_id = parse_id("item", item_id)
    found = await handlers.waiting(queries, caller.tenant_id, item_id, request.app.state.webhooks)
    return await _about(queries, caller, item_id, found)


@ROUTES.get("/v1/webhooks", **answers(many(named("Webhook"))))
async def webhooks(queries: Fresh, caller: Asking, request: Request) -> list[dict[str, Any]]:
    """Submissions by webhook, against how many it takes in its life, and whether it is left alone at the moment."""
    return await handlers.webhooks(queries, caller.tenant_id, request.app.state.webhooks)


@ROUTES.get("/v1/costs/{batch_id}", **answers(named("Costs")))
async def costs(queries: Fresh, caller: Asking, batch_id: str) -> dict[str, Any]:
    """What a batch has cost so far, what is held, and what it and its client may spend."""
    found = await handlers.costs(queries, caller.tenant_id, parse_id("batch", batch_id))
    if found is None:
        raise Problem(404, "not_found", f"no batch {batch_id}")
    return found


@ROUTES.post("/v1/plans", **answers(named("Plan")))
async def plan(request: Request, queries: Fresh, caller: Asking, body: NewPlan) -> dict[str, Any]:
    """What a launch would do: items, entities new, known and stale, calls and credits of each step. Nothing is sent.

    Plans are made one at a time, and few wait: the same process sends.
    """
    state = request.app.state
    wanted = handlers.PlannedLaunch(
        parse_id("client", body.client_id), parse_id("import", body.upload_id), body.workstream,
        [kept(BlueprintStep(**step.model_dump())) for step in body.blueprint], body.rows, body.config,
    )  # fmt: skip
    if state.planned > MOST_PLANS:
        raise Problem(503, "busy", "other plans are being made; ask again in some seconds")
    state.planned += 1
    try:
        async with state.planning:
            return await handlers.plan(queries, caller.tenant_id, wanted, state.workflows)
    finally:
        state.planned -= 1
