"""Leads and work histories over HTTP."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, FastAPI, Query
from fastapi.responses import StreamingResponse

from services.projector import handlers
from services.projector.handlers import PAGE, Place, Wanted
from shared.runtime.http import Asking, Fresh, Problem, application, known_id
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings

ROUTES: Final = APIRouter()
ATTACHED: Final = {"content-disposition": 'attachment; filename="leads.csv"'}


def build(settings: Settings, queries: Queries) -> FastAPI:
    """The projector's HTTP application."""
    app = application("projector", "The leads, and who worked where.")
    app.state.settings, app.state.queries = settings, queries
    app.include_router(ROUTES)
    return app


@ROUTES.get("/v1/leads")
async def leads(
    queries: Fresh,
    caller: Asking,
    batch_id: str | None = None,
    client_id: str | None = None,
    after: Annotated[str | None, Query(description="the `next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
) -> dict[str, Any]:
    """Leads in the order of batch and row, a page at a time."""
    wanted = _wanted(batch_id, client_id)
    rows = await handlers.leads(queries, caller.tenant_id, wanted, _place(after) if after else None, limit)
    return {"leads": rows, "next": _cursor(rows[-1]) if len(rows) == limit else None}


@ROUTES.get("/v1/leads/export")
async def export_leads(
    queries: Fresh, caller: Asking, batch_id: str | None = None, client_id: str | None = None
) -> StreamingResponse:
    """All leads as CSV, safe to open in a spreadsheet."""
    wanted = _wanted(batch_id, client_id)  # a wrong id is refused before the stream begins
    body = handlers.exported(queries, caller.tenant_id, wanted)
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=ATTACHED)


@ROUTES.get("/v1/leads/{lead_id}")
async def lead(queries: Fresh, caller: Asking, lead_id: str) -> dict[str, Any]:
    """One lead, and for each of its columns where it comes from."""
    lead_id = known_id("lead", lead_id)
    found = await handlers.lead(queries, caller.tenant_id, lead_id)
    if found is None:
        raise Problem(404, "not_found", f"no lead {lead_id}")
    return found


@ROUTES.get("/v1/people/{person_id}/work-history")
async def work_history(queries: Fresh, caller: Asking, person_id: str) -> list[dict[str, Any]]:
    """Every job of a person (`person_...`, or the `lead_...` of one), the most recent first."""
    if person_id.startswith("lead_"):
        person_id = (await lead(queries, caller, person_id))["person_id"] or ""
    return await handlers.work_history(queries, caller.tenant_id, known_id("person", person_id))


@ROUTES.get("/v1/work-history")
async def worked_at(
    queries: Fresh,
    caller: Asking,
    company_domain: str,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> list[dict[str, Any]]:
    """Who works or worked at a company."""
    return await handlers.worked_at(queries, caller.tenant_id, company_domain, limit)


def _wanted(batch_id: str | None, client_id: str | None) -> Wanted:
    batch = known_id("batch", batch_id) if batch_id else None
    return Wanted(batch, known_id("client", client_id) if client_id else None)


def _place(cursor: str) -> Place:
    batch_id, _, row = cursor.partition(":")
    if not (row.isdecimal() and row.isascii() and len(row) < 19):
        raise Problem(422, "invalid_cursor", "`after` is the `next` of the page before, as it was given")
    return known_id("batch", batch_id), int(row)


def _cursor(lead: dict[str, Any]) -> str:
    batch_id, row = handlers.place(lead)
    return f"{batch_id}:{row}"
