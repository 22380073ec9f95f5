"""Where batches and items stand, asked of the sequencer's tables. Of what is not there, the answer is None."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from services.sequencer.store import BATCH, ITEM, STEP
from shared.runtime.queries import Queries, Row


@dataclass(frozen=True)
class Wanted:
    """Which batches; None: any. `since` and `until`: the first and last day, in UTC, on which they were launched."""

    status: str | None = None
    client_id: str | None = None
    workstream: str | None = None
    since: date | None = None
    until: date | None = None


async def batches(queries: Queries, tenant_id: str, wanted: Wanted, after: str | None, limit: int) -> list[Row]:
    """The tenant's batches, newest first; those `after` one of the page before."""
    query, launched = select(BATCH), BATCH.c.launched_at
    for name in ("status", "client_id", "workstream"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(BATCH.c[name] == value)
    if wanted.since:
        query = query.where(launched >= _midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        query = query.where(launched < _midnight(wanted.until + timedelta(days=1)))
    return await queries.newest(tenant_id, query, launched, BATCH.c.batch_id, after, limit)


async def batch(queries: Queries, tenant_id: str, batch_id: str) -> Row | None:
    """One batch with the counts of each step by status, and of what was skipped by reason."""
    found = await queries.rows(tenant_id, select(BATCH).where(BATCH.c.batch_id == batch_id))
    if not found:
        return None
    counts = (
        select(STEP.c.step, STEP.c.status, STEP.c.skipped, func.count().label("items"))
        .where(STEP.c.batch_id == batch_id)
        .group_by(STEP.c.step, STEP.c.status, STEP.c.skipped)
    )
    return found[0] | {"steps": _steps(found[0]["blueprint"], await queries.rows(tenant_id, counts))}


async def items(
    queries: Queries, tenant_id: str, batch_id: str, status: str | None, after_row: int, limit: int
) -> list[Row] | None:
    """The items of a batch in row order, each with the latest of its steps."""
    latest = (STEP.c.item_id == ITEM.c.item_id) & (STEP.c.step == ITEM.c.step)
    query = (
        select(ITEM, STEP.c.workflow, STEP.c.attempts, STEP.c.code, STEP.c.reason)
        .join(STEP, latest, isouter=True)
        .where(ITEM.c.batch_id == batch_id, ITEM.c.row > after_row)
        .order_by(ITEM.c.row)
        .limit(limit)
    )
    if status:
        query = query.where(ITEM.c.status == status)
    found = await queries.rows(tenant_id, query)
    there = found or await queries.rows(tenant_id, select(BATCH.c.batch_id).where(BATCH.c.batch_id == batch_id))
    return found if there else None


async def item(queries: Queries, tenant_id: str, item_id: str) -> Row | None:
    """One item and every step it took."""
    found = await queries.rows(tenant_id, select(ITEM).where(ITEM.c.item_id == item_id))
    if not found:
        return None
    steps = select(STEP).where(STEP.c.item_id == item_id).order_by(STEP.c.step)
    return found[0] | {"steps": await queries.rows(tenant_id, steps)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _steps(blueprint: list[str], counts: list[Row]) -> list[Row]:
    steps: list[Row] = [{"step": n, "workflow": name, "counts": {}, "skipped": {}} for n, name in enumerate(blueprint)]
    for row in counts:
        step, status, reason = steps[row["step"]], row["status"], row["skipped"] or "batch_cancelled"
        step["counts"][status] = step["counts"].get(status, 0) + row["items"]
        if status == "SKIPPED":
            step["skipped"][reason] = row["items"]
    return steps
