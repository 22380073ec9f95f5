"""What was sent and what is awaited, asked of the dispatcher's tables."""

from typing import Any

from sqlalchemy import func, select

from services.dispatcher.store import CLAIM, DISPATCH
from shared.runtime.queries import Queries

Row = dict[str, Any]


async def dispatches(
    queries: Queries, tenant_id: str, batch_id: str | None, status: str | None, limit: int
) -> list[Row]:
    """Attempts, latest first."""
    query = select(DISPATCH).order_by(DISPATCH.c.due_at.desc(), DISPATCH.c.dispatch_id).limit(limit)
    if batch_id:
        query = query.where(DISPATCH.c.batch_id == batch_id)
    if status:
        query = query.where(DISPATCH.c.status == status)
    return await queries.rows(tenant_id, query)


async def counts(queries: Queries, tenant_id: str, batch_id: str) -> list[Row]:
    """How many attempts of a batch stand how, by workflow."""
    query = (
        select(
            DISPATCH.c.workflow,
            DISPATCH.c.status,
            func.count().label("dispatches"),
            func.count().filter(DISPATCH.c.in_doubt).label("in_doubt"),
        )
        .where(DISPATCH.c.batch_id == batch_id)
        .group_by(DISPATCH.c.workflow, DISPATCH.c.status)
    )
    return await queries.rows(tenant_id, query)


async def claims(queries: Queries, tenant_id: str, entity_id: str) -> list[Row]:
    """The calls for one company, person or item, by workflow."""
    return await queries.rows(tenant_id, select(CLAIM).where(CLAIM.c.entity_id == entity_id))
