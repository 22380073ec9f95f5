"""What was sent and what is awaited, asked of the dispatcher's tables."""

import time
from typing import Any

from sqlalchemy import func, select

from services.dispatcher.store import CLAIM, CONFIG, DISPATCH, WEBHOOK
from services.dispatcher.webhooks import NEARLY_FULL, Limits, Webhooks, webhook_id
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


async def webhooks(queries: Queries, tenant_id: str, met: Webhooks) -> list[Row]:
    """The webhooks in force and those that have taken anything, fullest first. `met`: what the leader knows of them."""
    taken = {row["webhook_id"]: row["taken"] for row in await queries.rows(tenant_id, select(WEBHOOK))}
    configs = await queries.rows(tenant_id, select(CONFIG))
    found: dict[str, Row] = {name: _webhook(name, taken[name]) for name in taken}
    for config in configs:
        if url := config["config"].get("webhook_url"):
            name = webhook_id(url)
            row = found.setdefault(name, _webhook(name, 0))
            row |= _limits(config["config"], row["taken"]) | {"webhook_url": url}
            row["used_by"].append({key: config[key] for key in ("client_id", "workflow", "workstream")})
            row["left_alone_seconds"] = met[url].left_alone(time.monotonic()) if url in met else 0
    return sorted(found.values(), key=lambda row: (-row["taken"], row["webhook_id"]))


def _webhook(name: str, taken: int) -> Row:
    return {
        "webhook_id": name,
        "webhook_url": None,
        "taken": taken,
        "limit": None,
        "nearly_full": False,
        "left_alone_seconds": 0,
        "used_by": [],
    }


def _limits(config: Row, taken: int) -> Row:
    try:
        limit = Limits.of(config).submissions
    except (TypeError, ValueError):
        return {}
    return {"limit": limit, "nearly_full": taken >= limit * NEARLY_FULL}
