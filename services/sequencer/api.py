"""Progress over HTTP: batches, their steps, and where each item stands."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from sqlalchemy import func, select

from services.sequencer.store import BATCH, ITEM, STEP
from shared.runtime.http import Caller, Problem, application, caller_of, known_id, reading
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings


def build(settings: Settings, queries: Queries) -> FastAPI:
    """The sequencer's HTTP application."""
    app = application("sequencer", "Where every batch and every item stands.")
    who = Depends(caller_of(settings))
    fresh = Depends(reading(queries))

    @app.get("/v1/batches", dependencies=[fresh])
    async def batches(
        caller: Annotated[Caller, who],
        status: Annotated[str | None, Query(pattern="^(running|paused|completed|cancelled)$")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> list[dict[str, Any]]:
        """The tenant's batches, newest first."""
        query = select(BATCH).order_by(BATCH.c.launched_at.desc(), BATCH.c.batch_id).limit(limit)
        if status:
            query = query.where(BATCH.c.status == status)
        return await queries.rows(caller.tenant_id, query)

    @app.get("/v1/batches/{batch_id}", dependencies=[fresh])
    async def batch(caller: Annotated[Caller, who], batch_id: str) -> dict[str, Any]:
        """One batch with the counts of each step by status."""
        batch_id = known_id("batch", batch_id)
        found = await queries.rows(caller.tenant_id, select(BATCH).where(BATCH.c.batch_id == batch_id))
        if not found:
            raise Problem(404, "not_found", f"no batch {batch_id}")
        counts = (
            select(STEP.c.step, STEP.c.workflow, STEP.c.status, func.count().label("items"))
            .where(STEP.c.batch_id == batch_id)
            .group_by(STEP.c.step, STEP.c.workflow, STEP.c.status)
        )
        return found[0] | {"steps": _steps(found[0]["blueprint"], await queries.rows(caller.tenant_id, counts))}

    @app.get("/v1/batches/{batch_id}/items", dependencies=[fresh])
    async def items(
        caller: Annotated[Caller, who],
        batch_id: str,
        status: Annotated[str | None, Query(pattern="^(running|parked|completed|failed|cancelled)$")] = None,
        after_row: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """The items of a batch in row order, with the reason where one failed."""
        latest = (STEP.c.item_id == ITEM.c.item_id) & (STEP.c.step == ITEM.c.step)
        query = (
            select(ITEM, STEP.c.workflow, STEP.c.attempts, STEP.c.code, STEP.c.reason)
            .join(STEP, latest, isouter=True)
            .where(ITEM.c.batch_id == known_id("batch", batch_id), ITEM.c.row > after_row)
            .order_by(ITEM.c.row)
            .limit(limit)
        )
        if status:
            query = query.where(ITEM.c.status == status)
        return await queries.rows(caller.tenant_id, query)

    @app.get("/v1/items/{item_id}", dependencies=[fresh])
    async def item(caller: Annotated[Caller, who], item_id: str) -> dict[str, Any]:
        """One item and every step it took."""
        item_id = known_id("item", item_id)
        found = await queries.rows(caller.tenant_id, select(ITEM).where(ITEM.c.item_id == item_id))
        if not found:
            raise Problem(404, "not_found", f"no item {item_id}")
        steps = select(STEP).where(STEP.c.item_id == item_id).order_by(STEP.c.step)
        return found[0] | {"steps": await queries.rows(caller.tenant_id, steps)}

    return app


def _steps(blueprint: list[str], counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [{"step": n, "workflow": name, "counts": {}} for n, name in enumerate(blueprint)]
    for row in counts:
        steps[row["step"]]["counts"][row["status"]] = row["items"]
    return steps
