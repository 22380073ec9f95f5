"""Reading back what commands made, from ingest's tables and the log. Of what is not there, the answer is None.

A page of what may be wide ends early where it would have more than PAGE_BYTES, and has one entry at least: the last
page is the one that is empty.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    cast,
    column,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.sql.base import ColumnCollection

from services.ingest.store import CHOSEN_COLUMN, CLIENT, CONFIG, PIPELINE, ROW, TENANT, UPLOAD, WORKFLOW
from shared.ids import kind_of_id, to_hex
from shared.runtime.queries import Queries, Row

PAGE_BYTES: Final = 4 * 1024 * 1024
# What was done to all items of a batch, and so to this one; each of these is a look-up by an index of the log.
_ITS = "SELECT position FROM log.events WHERE item_id = CAST(:id AS uuid)"
_ITS_BATCH = (
    "SELECT position FROM log.events WHERE item_id IS NULL AND type <> 'LaunchContinued' AND batch_id IN"
    " (SELECT batch_id FROM log.events WHERE item_id = CAST(:id AS uuid))"
)
_ITS_ANSWERS = (
    "SELECT position FROM log.events WHERE type = 'EnrichmentReceived' AND entity_id IN"
    " (SELECT entity_id FROM log.events WHERE item_id = CAST(:id AS uuid) AND entity_id IS NOT NULL)"
)
_ITS_LAUNCHES = (
    "SELECT position FROM log.events WHERE item_id IS NULL AND type = 'BatchLaunched' AND batch_id IN"
    " (SELECT batch_id FROM batch WHERE upload_id = CAST(:id AS uuid))"
)
# By the prefix of the id: the events about it. A lead has its item's bits, and is made of its entities' answers.
HISTORY: Final = {
    "item": f"position IN ({_ITS} UNION ALL {_ITS_BATCH})",
    "batch": "item_id IS NULL AND batch_id = CAST(:id AS uuid)",
    "company": "entity_id = CAST(:id AS uuid)",
    "person": "entity_id = CAST(:id AS uuid)",
    "import": (
        f"position IN (SELECT position FROM log.events WHERE entity_id = CAST(:id AS uuid) UNION ALL {_ITS_LAUNCHES})"
    ),
    "push": "entity_id = CAST(:id AS uuid)",
    "lead": f"position IN ({_ITS} UNION ALL {_ITS_BATCH} UNION ALL {_ITS_ANSWERS})",
    "client": "item_id IS NULL AND client_id = CAST(:id AS uuid)",
}
# Those about a batch and about its items: of either the next ones, which an index has in order.
_NEXT = (
    "(SELECT position FROM log.events WHERE batch_id = CAST(:id AS uuid) AND item_id {} NULL AND position > :after"
    " ORDER BY position LIMIT :limit)"
)
WITH_ITEMS: Final = f"position IN ({_NEXT.format('IS')} UNION ALL {_NEXT.format('IS NOT')})"


def _told(table: Table) -> list[Column[Any]]:
    """The columns of a table that a reader is shown: what was taken away is not there at all."""
    return [column for column in table.c if column.name != "removed"]


async def tenant(queries: Queries, tenant_id: str) -> Row:
    """What the tenant allows."""
    found = await queries.rows(tenant_id, select(TENANT.c.share_answers))
    return found[0] if found else {"share_answers": False}


async def clients(queries: Queries, tenant_id: str) -> list[Row]:
    """The tenant's clients."""
    return await queries.rows(tenant_id, select(CLIENT).order_by(CLIENT.c.name, CLIENT.c.client_id))


async def workflows(queries: Queries, tenant_id: str) -> list[Row]:
    """The registry, without what was retired."""
    query = select(*_told(WORKFLOW)).where(WORKFLOW.c.removed.is_(False))
    return await queries.rows(tenant_id, query.order_by(WORKFLOW.c.workstream, WORKFLOW.c.workflow))


async def ever_registered(queries: Queries, tenant_id: str) -> set[tuple[str, str]]:
    """Workstream and slug of every workflow that the registry has or had."""
    found = await queries.rows(tenant_id, select(WORKFLOW.c.workstream, WORKFLOW.c.workflow))
    return {(row["workstream"], row["workflow"]) for row in found}


async def configs(queries: Queries, tenant_id: str, client_id: str) -> list[Row]:
    """A client's configurations."""
    query = select(*_told(CONFIG)).where(CONFIG.c.client_id == client_id, CONFIG.c.removed.is_(False))
    return await queries.rows(tenant_id, query.order_by(CONFIG.c.workstream, CONFIG.c.workflow, CONFIG.c.name))


async def pipelines(queries: Queries, tenant_id: str, client_id: str) -> list[Row]:
    """A client's pipelines."""
    query = select(*_told(PIPELINE)).where(PIPELINE.c.client_id == client_id, PIPELINE.c.removed.is_(False))
    return await queries.rows(tenant_id, query.order_by(PIPELINE.c.name))


async def chosen_columns(queries: Queries, tenant_id: str, client_id: str) -> list[Row]:
    """What a client's files call fields, as a person said: workstream, field, header."""
    told = (CHOSEN_COLUMN.c.workstream, CHOSEN_COLUMN.c.field, CHOSEN_COLUMN.c.header)
    query = select(*told).where(CHOSEN_COLUMN.c.client_id == client_id, CHOSEN_COLUMN.c.header != "")
    return await queries.rows(tenant_id, query.order_by(*told))


async def uploads(queries: Queries, tenant_id: str, client_id: str, after: str | None, limit: int) -> list[Row]:
    """A client's uploads, newest first; those `after` an upload of the page before."""
    query = select(UPLOAD).where(UPLOAD.c.client_id == client_id)
    place = (UPLOAD.c.received_at, UPLOAD.c.upload_id)
    if after:
        query = query.where(tuple_(*place) < select(*place).where(UPLOAD.c.upload_id == after).scalar_subquery())
    wide = ("headers", "mapping", "unmapped", "bad_rows")
    return await queries.rows(tenant_id, _page(query, ("received_at", "upload_id"), wide, limit, descending=True))


async def upload(queries: Queries, tenant_id: str, upload_id: str) -> Row | None:
    """One upload."""
    found = await queries.rows(tenant_id, select(UPLOAD).where(UPLOAD.c.upload_id == upload_id))
    return found[0] if found else None


async def upload_rows(queries: Queries, tenant_id: str, upload_id: str, after_row: int, limit: int) -> list[Row]:
    """Rows of an upload, in their order."""
    query = select(ROW).where(ROW.c.upload_id == upload_id, ROW.c.row > after_row)
    return await queries.rows(tenant_id, _page(query, ("row",), ("cells", "fields"), limit))


async def history(
    queries: Queries, tenant_id: str, subject_id: str, after: int, limit: int, items: bool = False
) -> list[Row]:
    """Every event of one subject, in log order. Its prefix is one of HISTORY. `items`: of a batch, theirs too."""
    about = text(WITH_ITEMS if items else HISTORY[kind_of_id(subject_id)])
    position = column("position", BigInteger)
    query = select(position, column("body", Text)).select_from(text("log.events")).where(about, position > after)
    wanted = {"id": to_hex(subject_id), "after": after, "limit": limit}
    rows = await queries.rows(tenant_id, _page(query, ("position",), ("body",), limit), wanted)
    return [{"position": row["position"], **orjson.loads(row["body"])} for row in rows]


def _page(
    query: Select[*tuple[Any, ...]], place: Sequence[str], wide: Sequence[str], limit: int, descending: bool = False
) -> Select[*tuple[Any, ...]]:
    """The first rows of a query, up to `limit` and as far as their `wide` columns have PAGE_BYTES together."""

    def order(columns: ColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
        return [columns[name].desc() if descending else columns[name] for name in place]

    rows = query.order_by(*order(query.selected_columns)).limit(limit).subquery()
    size = sum((func.octet_length(cast(rows.c[name], Text)) for name in wide), start=literal(0))
    counted = select(
        rows,
        func.row_number().over(order_by=order(rows.c)).label("number_in_page"),
        func.sum(size).over(order_by=order(rows.c)).label("length_of_page"),
    ).subquery()
    fits = (counted.c.number_in_page == 1) | (counted.c.length_of_page <= PAGE_BYTES)
    told = [counted.c[column.name] for column in rows.c]
    return select(*told).where(fits).order_by(counted.c.number_in_page)
