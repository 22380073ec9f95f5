"""Dispatches and claims over HTTP: what was sent, what is awaited, what is missing."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query, Request

from services.dispatcher import handlers
from services.dispatcher.webhooks import Webhooks
from shared.runtime.http import Asking, Fresh, application, known_id
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings

ROUTES: Final = APIRouter()


def build(settings: Settings, queries: Queries, webhooks: Webhooks) -> FastAPI:
    """The dispatcher's HTTP application. `webhooks`: what the sender knows of them while this replica leads."""
    app = application("dispatcher", "What was sent to providers, and what is awaited.")
    app.state.settings, app.state.queries, app.state.webhooks = settings, queries, webhooks
    app.include_router(ROUTES)
    return app


@ROUTES.get("/v1/dispatches")
async def dispatches(
    queries: Fresh,
    caller: Asking,
    batch_id: str | None = None,
    status: Annotated[str | None, Query(pattern="^[A-Z_]{3,12}$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[dict[str, Any]]:
    """Attempts, latest first; `status=TIMED_OUT` lists missing answers."""
    batch_id = known_id("batch", batch_id) if batch_id else None
    return await handlers.dispatches(queries, caller.tenant_id, batch_id, status, limit)


@ROUTES.get("/v1/dispatches/counts")
async def counts(queries: Fresh, caller: Asking, batch_id: str) -> list[dict[str, Any]]:
    """How many attempts of a batch stand how, by workflow; `in_doubt` counts those possibly sent twice."""
    return await handlers.counts(queries, caller.tenant_id, known_id("batch", batch_id))


@ROUTES.get("/v1/claims/{entity_id}")
async def claims(queries: Fresh, caller: Asking, entity_id: str) -> list[dict[str, Any]]:
    """The calls for one company, person or item, by workflow."""
    return await handlers.claims(queries, caller.tenant_id, entity_id)


@ROUTES.get("/v1/webhooks")
async def webhooks(queries: Fresh, caller: Asking, request: Request) -> list[dict[str, Any]]:
    """Submissions by webhook, against how many it takes in its life, and whether it is left alone at the moment."""
    return await handlers.webhooks(queries, caller.tenant_id, request.app.state.webhooks)
