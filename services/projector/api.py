"""Leads and work histories over HTTP."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from fastapi.responses import StreamingResponse
from sqlalchemy import Select, select, tuple_

from services.projector import export
from services.projector.store import FINAL_LEADS, PERSON_WORK_HISTORY
from shared.runtime.http import Caller, Problem, application, caller_of, known_id, reading
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings

PAGE = 1_000
_L = FINAL_LEADS.c


def build(settings: Settings, queries: Queries) -> FastAPI:
    """The projector's HTTP application."""
    app = application("projector", "The leads, and who worked where.")
    who = Depends(caller_of(settings))
    fresh = Depends(reading(queries))

    @app.get("/v1/leads", dependencies=[fresh])
    async def leads(
        caller: Annotated[Caller, who],
        batch_id: str | None = None,
        client_id: str | None = None,
        after: Annotated[str | None, Query(description="the `next` of the page before")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
    ) -> dict[str, Any]:
        """Leads in the order of batch and row, a page at a time."""
        rows = await queries.rows(caller.tenant_id, _page(batch_id, client_id, after, limit))
        return {"leads": rows, "next": _cursor(rows[-1]) if len(rows) == limit else None}

    @app.get("/v1/leads/export", dependencies=[fresh])
    async def export_leads(
        caller: Annotated[Caller, who], batch_id: str | None = None, client_id: str | None = None
    ) -> StreamingResponse:
        """All leads as CSV, safe to open in a spreadsheet."""
        _page(batch_id, client_id, None, 1)  # a wrong id is refused before the stream begins

        async def body() -> AsyncIterator[str]:
            yield export.header_line()
            after = None
            while True:
                rows = await queries.rows(caller.tenant_id, _page(batch_id, client_id, after, PAGE))
                yield export.lines(rows)
                if len(rows) < PAGE:
                    return
                after = _cursor(rows[-1])

        headers = {"content-disposition": 'attachment; filename="leads.csv"'}
        return StreamingResponse(body(), media_type="text/csv; charset=utf-8", headers=headers)

    @app.get("/v1/leads/{lead_id}", dependencies=[fresh])
    async def lead(caller: Annotated[Caller, who], lead_id: str) -> dict[str, Any]:
        """One lead, and for each of its columns where it comes from."""
        lead_id = known_id("lead", lead_id)
        found = await queries.rows(caller.tenant_id, select(FINAL_LEADS).where(_L.lead_id == lead_id))
        if not found:
            raise Problem(404, "not_found", f"no lead {lead_id}")
        return found[0]

    @app.get("/v1/people/{person_id}/work-history", dependencies=[fresh])
    async def work_history(caller: Annotated[Caller, who], person_id: str) -> list[dict[str, Any]]:
        """Every job of a person (`person_...`, or the `lead_...` of one), the most recent first."""
        if person_id.startswith("lead_"):
            person_id = (await lead(caller, person_id))["person_id"] or ""
        query = select(PERSON_WORK_HISTORY).where(PERSON_WORK_HISTORY.c.person_id == known_id("person", person_id))
        return await queries.rows(caller.tenant_id, query.order_by(PERSON_WORK_HISTORY.c.ordinal))

    @app.get("/v1/work-history", dependencies=[fresh])
    async def worked_at(
        caller: Annotated[Caller, who],
        company_domain: str,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    ) -> list[dict[str, Any]]:
        """Who works or worked at a company."""
        history = PERSON_WORK_HISTORY.c
        query = select(PERSON_WORK_HISTORY).where(history.company_domain == company_domain.lower())
        order = (history.is_current.desc(), history.start_date.desc().nulls_last(), history.person_id)
        return await queries.rows(caller.tenant_id, query.order_by(*order).limit(limit))

    return app


def _page(batch_id: str | None, client_id: str | None, after: str | None, limit: int) -> Select[Any]:
    query = select(FINAL_LEADS).order_by(_L.batch_id, _L.row).limit(limit)
    if batch_id:
        query = query.where(_L.batch_id == known_id("batch", batch_id))
    if client_id:
        query = query.where(_L.client_id == known_id("client", client_id))
    if after:
        batch, _, row = after.partition(":")
        if not row.isdigit():
            raise Problem(422, "invalid_cursor", "`after` is the `next` of the page before, as it was given")
        query = query.where(tuple_(_L.batch_id, _L.row) > (known_id("batch", batch), int(row)))
    return query


def _cursor(row: dict[str, Any]) -> str:
    return f"{row['batch_id']}:{row['row']}"
