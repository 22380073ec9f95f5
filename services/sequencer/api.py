"""Progress over HTTP: batches, their steps, and where each item stands."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query

from services.sequencer import handlers
from services.sequencer.shapes import SHAPES
from services.sequencer.state import BatchStatus, ItemStatus
from shared.ids import optional, parse_id
from shared.runtime.bodies import LARGEST
from shared.runtime.http import AfterId, Asking, Fresh, Problem, application
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from shared.runtime.shapes import answers, many, named

ROUTES: Final = APIRouter()


def build(settings: Settings, queries: Queries) -> FastAPI:
    """The sequencer's HTTP application."""
    app = application("sequencer", "Where every batch and every item stands.", SHAPES)
    app.state.settings, app.state.queries = settings, queries
    app.include_router(ROUTES)
    return app


@ROUTES.get("/v1/batches", **answers(many(named("Batch"))))
async def batches(
    queries: Fresh,
    caller: Asking,
    status: BatchStatus | None = None,
    client_id: str | None = None,
    workstream: str | None = None,
    since: Annotated[date | None, Query(description="launched on this day or later (UTC)")] = None,
    until: Annotated[date | None, Query(description="launched on this day or before (UTC)")] = None,
    after: AfterId = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[dict[str, Any]]:
    """The tenant's batches, newest first."""
    client, place = optional(parse_id, "client", client_id), optional(parse_id, "batch", after)
    wanted = handlers.Wanted(status, client, workstream, since, until)
    return await handlers.batches(queries, caller.tenant_id, wanted, place, limit)


@ROUTES.get("/v1/batches/{batch_id}", **answers(named("BatchAndSteps")))
async def batch(queries: Fresh, caller: Asking, batch_id: str) -> dict[str, Any]:
    """One batch with the counts of each step by status, and of what was skipped by reason.

    `final`: it was cancelled, if only after its end, and nothing of it is retried.
    """
    batch_id = parse_id("batch", batch_id)
    found = await handlers.batch(queries, caller.tenant_id, batch_id)
    if found is None:
        raise Problem(404, "not_found", f"no batch {batch_id}")
    return found


@ROUTES.get("/v1/batches/{batch_id}/items", **answers(many(named("Item"))))
async def items(
    queries: Fresh,
    caller: Asking,
    batch_id: str,
    status: ItemStatus | None = None,
    after_row: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[dict[str, Any]]:
    """The items of a batch in row order, with the reason where one failed."""
    batch_id = parse_id("batch", batch_id)
    found = await handlers.items(queries, caller.tenant_id, batch_id, status, after_row, limit)
    if found is None:
        raise Problem(404, "not_found", f"no batch {batch_id}")
    return found


@ROUTES.get("/v1/items/{item_id}", **answers(named("ItemAndSteps")))
async def item(queries: Fresh, caller: Asking, item_id: str) -> dict[str, Any]:
    """One item and every step it took."""
    item_id = parse_id("item", item_id)
    found = await handlers.item(queries, caller.tenant_id, item_id)
    if found is None:
        raise Problem(404, "not_found", f"no item {item_id}")
    return found
