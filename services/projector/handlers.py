"""Leads and work histories, asked of the projector's tables. Of what is not there, the answer is None."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Text, cast, distinct, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from services.projector.filters import LeadFilter, Order, Place, page, place
from services.projector.formats import Format
from services.projector.tables import ANSWER, CUSTOMER, FINAL_LEADS, ITEM, PERSON_WORK_HISTORY, PUSH
from shared.envelope import from_json
from shared.evidence import evidence
from shared.ids import from_hex, to_hex
from shared.runtime.http import Problem
from shared.runtime.queries import Queries, Row

PAGE: Final = 1_000
OF_ITEM: Final = text(
    "SELECT position, body FROM log.events WHERE item_id = CAST(:item AS uuid)"
    " AND type IN ('ItemAdded', 'StepScheduled', 'ItemCompleted', 'StepFailed') ORDER BY position"
)
ANSWERED: Final = text(
    "SELECT body FROM log.events WHERE id = CAST(:id AS uuid) AND type IN ('EnrichmentReceived', 'AnswerReused')"
)
LAUNCHED: Final = text(
    "SELECT 1 FROM log.events WHERE batch_id = CAST(:batch AS uuid) AND item_id IS NULL AND type = 'BatchLaunched'"
)
_L = FINAL_LEADS.c
_W = PERSON_WORK_HISTORY.c
_C = CUSTOMER.c


async def batch_is_there(queries: Queries, tenant_id: str, wanted: LeadFilter) -> None:
    """Refuses a filter by a batch that the log does not have; one that is there need not have leads yet."""
    if not wanted.batch_id:
        return
    if not await queries.rows(tenant_id, LAUNCHED, {"batch": to_hex(wanted.batch_id)}):
        raise Problem(404, "not_found", f"no batch {wanted.batch_id}")


async def leads(
    queries: Queries,
    tenant_id: str,
    wanted: LeadFilter,
    order: Order,
    after: Place | None,
    limit: int,
    names: Sequence[str],
) -> tuple[list[Row], Place | None]:
    """A page of leads in this order, these columns of each, and the place to go on from if there may be more."""
    needed = dict.fromkeys((*names, "batch_id", "row", *([order.by] if order.by else [])))
    rows = await queries.rows(tenant_id, page(wanted, order, after, limit, *(_L[name] for name in needed)))
    following = place(rows[-1], order) if len(rows) == limit else None
    return [shown({name: row[name] for name in names}) for row in rows], following


async def exported(
    queries: Queries, tenant_id: str, wanted: LeadFilter, form: Format, names: Sequence[str]
) -> AsyncIterator[bytes]:
    """All these leads as a file, a page at a time; the first is read before there is anything to give."""
    needed = [_L[name] for name in dict.fromkeys((*names, "batch_id", "row"))]

    async def following(after: Place | None) -> list[Row]:
        return list(map(shown, await queries.rows(tenant_id, page(wanted, Order(), after, PAGE, *needed))))

    return _written(await following(None), following, form, names)


async def _written(
    rows: list[Row], following: Callable[[Place], Awaitable[list[Row]]], form: Format, names: Sequence[str]
) -> AsyncIterator[bytes]:
    writer = await asyncio.to_thread(form.writer, names)
    try:
        while True:
            if rows and (ready := await asyncio.to_thread(writer.rows, rows)):
                yield ready
            if len(rows) < PAGE:
                break
            rows = await following(place(rows[-1], Order()))
        rest = writer.end()
        while part := await asyncio.to_thread(next, rest, b""):
            yield part
    finally:
        await asyncio.to_thread(writer.close)


async def lead(queries: Queries, tenant_id: str, lead_id: str) -> Row | None:
    """One lead, for each of its columns where it comes from, and what told of its company and person."""
    found = await queries.rows(tenant_id, select(FINAL_LEADS).where(_L.lead_id == lead_id))
    if not found:
        return None
    return shown(found[0]) | {"entities": await entities(queries, tenant_id, found[0]["item_id"])}


async def entities(queries: Queries, tenant_id: str, item_id: str) -> list[Row] | None:
    """What told that an item is about its company and its person, as its events say."""
    rows = await queries.rows(tenant_id, OF_ITEM, {"item": to_hex(item_id)})
    return None if not rows else evidence([from_json(row["body"], row["position"]) for row in rows])


async def work_history(queries: Queries, tenant_id: str, person_id: str) -> list[Row]:
    """Every job of a person, the most recent first; where none are, those of before it was known by a surer key."""
    query = select(PERSON_WORK_HISTORY).order_by(_W.ordinal)
    jobs = await queries.rows(tenant_id, query.where(_W.person_id == person_id))
    if jobs:
        return jobs
    was = select(ITEM.c.earlier).distinct().where(ITEM.c.person_id == person_id, ITEM.c.outcome.is_not(None))
    names = (name for item in await queries.rows(tenant_id, was) for name in reversed(item["earlier"]))
    for name in dict.fromkeys(name for name in names if name.startswith("person_")):
        if jobs := await queries.rows(tenant_id, query.where(_W.person_id == name)):
            break
    return jobs


async def customers(queries: Queries, tenant_id: str, client_id: str, after: str, limit: int) -> list[Row]:
    """A client's customers after one of them: `customer`, what else each is known by, and the lists that have it."""
    known_by, uploads = func.array_agg(distinct(_C.key)), func.array_agg(distinct(cast(_C.upload_id, Text)))
    told = (func.min(_C.name).label("name"), known_by.label("known_by"), uploads.label("uploads"))
    query = (
        select(_C.customer, *told)
        .where(_C.client_id == client_id, _C.customer > after)
        .group_by(_C.customer)
        .order_by(_C.customer)
    )
    rows = await queries.rows(tenant_id, query.limit(limit))
    return [row | {"uploads": [from_hex("import", name) for name in row["uploads"]]} for row in rows]


async def unread(queries: Queries, tenant_id: str, client_id: str | None, after: str | None, limit: int) -> list[Row]:
    """The answers in force that no column was read from, nor a field by the step that asked; the newest first.

    One that named another than whom it was asked about stands with both, and is listed once.
    """
    query = select(ANSWER).where(ANSWER.c.columns == 0, ANSWER.c.fields == 0)
    query = query.ext(distinct_on(ANSWER.c.received_at, ANSWER.c.answer_id))
    if client_id:
        query = query.where(ANSWER.c.client_id == client_id)
    return await queries.newest(tenant_id, query, ANSWER.c.received_at, ANSWER.c.answer_id, after, limit)


async def answer(queries: Queries, tenant_id: str, answer_id: str) -> Any:
    """What an answer said, whole, as its event has it; one from the warehouse too."""
    found = await queries.rows(tenant_id, ANSWERED, {"id": to_hex(answer_id)})
    return orjson.loads(found[0]["body"]) if found else None


async def pushes(queries: Queries, tenant_id: str, status: str | None, after: str | None, limit: int) -> list[Row]:
    """The tenant's pushes, the newest first; those `after` one of the page before."""
    query = select(PUSH).where(PUSH.c.status == status) if status else select(PUSH)
    return await queries.newest(tenant_id, query, PUSH.c.requested_at, PUSH.c.push_id, after, limit)


async def push(queries: Queries, tenant_id: str, push_id: str) -> Row | None:
    """How a push stands."""
    found = await queries.rows(tenant_id, select(PUSH).where(PUSH.c.push_id == push_id))
    return found[0] if found else None


def shown(lead: Row) -> Row:
    """A lead as a reader is shown it: with the provenance by column, which is kept by source."""
    if "provenance" in lead:
        groups = [
            ({k: v for k, v in group.items() if k != "columns"}, group["columns"]) for group in lead["provenance"]
        ]
        lead["provenance"] = {column: source for source, columns in groups for column in columns}
    return lead
