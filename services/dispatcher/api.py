"""Dispatches and claims over HTTP: what was sent, what is awaited, what is missing."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from sqlalchemy import func, select

from services.dispatcher.store import CLAIM, DISPATCH
from shared.runtime.http import Caller, application, caller_of, known_id, reading
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings


def build(settings: Settings, queries: Queries) -> FastAPI:
    """The dispatcher's HTTP application."""
    app = application("dispatcher", "What was sent to providers, and what is awaited.")
    who = Depends(caller_of(settings))
    fresh = Depends(reading(queries))

    @app.get("/v1/dispatches", dependencies=[fresh])
    async def dispatches(
        caller: Annotated[Caller, who],
        batch_id: str | None = None,
        status: Annotated[str | None, Query(pattern="^[A-Z_]{3,12}$")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[dict[str, Any]]:
        """Attempts, latest first; `status=TIMED_OUT` lists missing answers."""
        query = select(DISPATCH).order_by(DISPATCH.c.due_at.desc(), DISPATCH.c.dispatch_id).limit(limit)
        if batch_id:
            query = query.where(DISPATCH.c.batch_id == known_id("batch", batch_id))
        if status:
            query = query.where(DISPATCH.c.status == status)
        return await queries.rows(caller.tenant_id, query)

    @app.get("/v1/dispatches/counts", dependencies=[fresh])
    async def counts(caller: Annotated[Caller, who], batch_id: str) -> list[dict[str, Any]]:
        """How many attempts of a batch stand how, by workflow; `in_doubt` counts those possibly sent twice."""
        query = (
            select(
                DISPATCH.c.workflow,
                DISPATCH.c.status,
                func.count().label("dispatches"),
                func.count().filter(DISPATCH.c.in_doubt).label("in_doubt"),
            )
            .where(DISPATCH.c.batch_id == known_id("batch", batch_id))
            .group_by(DISPATCH.c.workflow, DISPATCH.c.status)
        )
        return await queries.rows(caller.tenant_id, query)

    @app.get("/v1/claims/{entity_id}", dependencies=[fresh])
    async def claims(caller: Annotated[Caller, who], entity_id: str) -> list[dict[str, Any]]:
        """The calls for one company, person or item, by workflow."""
        return await queries.rows(caller.tenant_id, select(CLAIM).where(CLAIM.c.entity_id == entity_id))

    return app
