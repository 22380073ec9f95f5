"""Leads and work histories, asked of the projector's tables. Of what is not there, the answer is None."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select, tuple_

from services.projector import export
from services.projector.tables import FINAL_LEADS, PERSON_WORK_HISTORY
from shared.runtime.queries import Queries

PAGE: Final = 1_000
Row = dict[str, Any]
Place = tuple[str, int]
_L = FINAL_LEADS.c
_W = PERSON_WORK_HISTORY.c


@dataclass(frozen=True)
class Wanted:
    """Which leads: all of the tenant, or those of one batch, one client or both."""

    batch_id: str | None = None
    client_id: str | None = None


async def leads(queries: Queries, tenant_id: str, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
    """Leads in the order of batch and row: the first of them, or those after a place."""
    return await queries.rows(tenant_id, _page(wanted, after, limit))


async def exported(queries: Queries, tenant_id: str, wanted: Wanted) -> AsyncIterator[str]:
    """All these leads as CSV, a page at a time."""
    yield export.header_line()
    after = None
    while True:
        rows = await leads(queries, tenant_id, wanted, after, PAGE)
        yield export.lines(rows)
        if len(rows) < PAGE:
            return
        after = place(rows[-1])


def place(lead: Row) -> Place:
    """Where a lead stands in the order of leads."""
    return lead["batch_id"], lead["row"]


async def lead(queries: Queries, tenant_id: str, lead_id: str) -> Row | None:
    """One lead, and for each of its columns where it comes from."""
    found = await queries.rows(tenant_id, select(FINAL_LEADS).where(_L.lead_id == lead_id))
    return found[0] if found else None


async def work_history(queries: Queries, tenant_id: str, person_id: str) -> list[Row]:
    """Every job of a person, the most recent first."""
    query = select(PERSON_WORK_HISTORY).where(_W.person_id == person_id)
    return await queries.rows(tenant_id, query.order_by(_W.ordinal))


async def worked_at(queries: Queries, tenant_id: str, company_domain: str, limit: int) -> list[Row]:
    """Who works or worked at a company."""
    query = select(PERSON_WORK_HISTORY).where(_W.company_domain == company_domain.lower())
    order = (_W.is_current.desc(), _W.start_date.desc().nulls_last(), _W.person_id)
    return await queries.rows(tenant_id, query.order_by(*order).limit(limit))


def _page(wanted: Wanted, after: Place | None, limit: int) -> Select[Any]:
    query = select(FINAL_LEADS).order_by(_L.batch_id, _L.row).limit(limit)
    if wanted.batch_id:
        query = query.where(_L.batch_id == wanted.batch_id)
    if wanted.client_id:
        query = query.where(_L.client_id == wanted.client_id)
    if after:
        query = query.where(tuple_(_L.batch_id, _L.row) > after)
    return query
