"""What was sent and what is awaited, asked of the dispatcher's tables; and what a launch would do."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select, text

from services.dispatcher.configuration import effective, told_credits
from services.dispatcher.plans import StepPlan, Walk
from services.dispatcher.state import Claim, Config, Step
from services.dispatcher.steps import Workflow
from services.dispatcher.tables import (
    BATCH,
    BUDGET,
    CLAIM,
    CONFIG,
    DISPATCH,
    SETTINGS,
    SETTINGS_JOIN,
    WAITER,
    WEBHOOK,
    WEBHOOKS_NAMED,
)
from services.dispatcher.webhooks import NEARLY_FULL, Limits, Webhooks
from shared.envelope import from_json
from shared.ids import from_hex, to_hex
from shared.provider_settings import AT_A_PROVIDER, mistakes
from shared.runtime import clock
from shared.runtime.http import Problem
from shared.runtime.queries import Queries, Row

SENT_BY: Final = text(
    f"SELECT {SETTINGS} AS settings FROM dispatch d {SETTINGS_JOIN} WHERE d.dispatch_id = CAST(:dispatch_id AS uuid)"
)
AT_ONCE: Final = 5_000
# The staged rows of an upload, as the log has them, some events at a time.
STAGED: Final = text(
    "SELECT position, body FROM log.events WHERE entity_id = CAST(:upload AS uuid) AND type = 'RowsStaged'"
    " AND position > :after ORDER BY position LIMIT 20"
)
NAMED: Final = text(WEBHOOKS_NAMED)
# Counted: looking for one alone, the planner may walk the whole log.
ABOUT: Final = text(
    "SELECT (SELECT count(*) FROM log.events WHERE entity_id = CAST(:id AS uuid))"
    " + (SELECT count(*) FROM log.events WHERE item_id = CAST(:id AS uuid)) AS events"
)
RECEIVED: Final = text(
    "SELECT 1 FROM log.events WHERE entity_id = CAST(:upload AS uuid) AND type = 'UploadReceived'"
    " AND client_id = CAST(:client AS uuid)"
)
# What a plan goes by; a launch looks at all of them.
SETTINGS_OF_PLANS: Final = {name: AT_A_PROVIDER[name] for name in ("freshness_days", "force_refresh", "credits")}


@dataclass(frozen=True)
class PlannedLaunch:
    """A launch to be planned: as `POST /v1/blueprints` of ingest gives it."""

    client_id: str
    upload_id: str
    workstream: str
    steps: Sequence[Step]
    rows: list[int] | None
    config: Mapping[str, dict[str, Any]]


async def dispatches(
    queries: Queries, tenant_id: str, wanted: Mapping[str, str | None], after: str | None, limit: int
) -> list[Row]:
    """Attempts, latest first, those `after` one of the page before. `wanted`: by column, what it is; None: anything."""
    query = select(DISPATCH)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(DISPATCH.c[name] == value)
    return await queries.newest(tenant_id, query, DISPATCH.c.due_at, DISPATCH.c.dispatch_id, after, limit)


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


async def is_launched(queries: Queries, tenant_id: str, batch_id: str) -> bool:
    """Whether there is such a batch."""
    return bool(await queries.rows(tenant_id, select(BATCH.c.batch_id).where(BATCH.c.batch_id == batch_id)))


async def is_logged(queries: Queries, tenant_id: str, entity_id: str) -> bool:
    """Whether the log has anything about a company, person or item."""
    (found,) = await queries.rows(tenant_id, ABOUT, {"id": to_hex(entity_id)})
    return bool(found["events"])


async def claims(queries: Queries, tenant_id: str, entity_id: str) -> list[Row]:
    """The calls for one company, person or item, by workflow."""
    return await queries.rows(tenant_id, select(CLAIM).where(CLAIM.c.entity_id == entity_id))


async def costs(queries: Queries, tenant_id: str, batch_id: str) -> Row | None:
    """What a batch's calls have cost, those in doubt too, by workflow, and what it and its client may spend."""
    found = await queries.rows(tenant_id, select(BATCH).where(BATCH.c.batch_id == batch_id))
    if not found:
        return None
    made = or_(DISPATCH.c.sent_at.is_not(None), DISPATCH.c.in_doubt, DISPATCH.c.status == "ANSWERED")
    held = DISPATCH.c.status == "HELD"
    spent = func.coalesce(func.sum(DISPATCH.c.credits).filter(made), 0.0)
    query = (
        select(
            DISPATCH.c.workflow, func.count().filter(made).label("calls"), spent.label("credits"),
            func.count().filter(held).label("held"),
        )
        .where(DISPATCH.c.batch_id == batch_id)
        .group_by(DISPATCH.c.workflow)
        .order_by(DISPATCH.c.workflow)
    )  # fmt: skip
    steps = [_rounded(row) for row in await queries.rows(tenant_id, query)]
    batch = _rounded({name: found[0][name] for name in ("batch_id", "client_id", "max_credits", "reserved")})
    budgets = await queries.rows(tenant_id, select(BUDGET).where(BUDGET.c.client_id == batch["client_id"]))
    client = _rounded({name: budgets[0][name] for name in ("max_credits", "reserved")}) if budgets else {}
    return batch | {"credits": told_credits(sum(s["credits"] for s in steps)), "steps": steps, "client": client}


def _rounded(row: Row) -> Row:
    return row | {name: told_credits(row[name]) for name in ("credits", "reserved") if name in row}


async def waiting(queries: Queries, tenant_id: str, item_id: str, met: Webhooks) -> list[Row]:
    """For each step of an item that waits: the claim it waits for, every attempt at it, and how its webhook stands."""
    open_steps = select(WAITER).where(WAITER.c.item_id == item_id, WAITER.c.released_by.is_(None))
    return [
        await _waiting(queries, tenant_id, waiter, met)
        for waiter in await queries.rows(tenant_id, open_steps.order_by(WAITER.c.step))
    ]


async def _waiting(queries: Queries, tenant_id: str, waiter: Row, met: Webhooks) -> Row:
    about = {name: waiter[name] for name in ("entity_id", "workflow")}
    claimed = select(CLAIM).filter_by(**about)
    (claim,) = await queries.rows(tenant_id, claimed)
    (current,) = await queries.rows(tenant_id, select(DISPATCH).where(DISPATCH.c.dispatch_id == claim["dispatch_id"]))
    attempts = select(DISPATCH).filter_by(**about, batch_id=current["batch_id"]).order_by(DISPATCH.c.attempt.desc())
    (settings,) = await queries.rows(tenant_id, SENT_BY, {"dispatch_id": to_hex(current["dispatch_id"])})
    return {
        "step": waiter["step"],
        "workflow": waiter["workflow"],
        "claim": claim,
        "attempts": await queries.rows(tenant_id, attempts.limit(20)),
        **_stands(met, tenant_id, str(settings["settings"].get("webhook_url"))),
    }


def _stands(met: Webhooks, tenant_id: str, url: str) -> Row:
    """How a webhook stands now, which only the replica that leads knows: None from any other."""
    if not met.leading:
        return {"left_alone_seconds": None, "left_alone_as_asked": None, "webhook_full": None}
    if (webhook := met.get((tenant_id, url))) is None:
        return {"left_alone_seconds": 0, "left_alone_as_asked": False, "webhook_full": False}
    seconds = webhook.left_alone(time.monotonic())
    asked = seconds > 0 and webhook.circuit.asked
    return {"left_alone_seconds": seconds, "left_alone_as_asked": asked, "webhook_full": webhook.full}


async def webhooks(queries: Queries, tenant_id: str, met: Webhooks) -> list[Row]:
    """The webhooks in force and those that have taken anything, fullest first. `met`: what the leader knows of them."""
    taken = {row["webhook_id"]: row["taken"] for row in await queries.rows(tenant_id, select(WEBHOOK))}
    found: dict[str, Row] = {name: _webhook(name, taken[name]) for name in taken}
    naming: dict[str, list[Row]] = {}
    for row in await queries.rows(tenant_id, NAMED):
        settings, name = row.pop("settings"), from_hex("wh", str(row.pop("webhook_id")))
        del row["tenant_id"]
        naming.setdefault(name, []).append(settings)
        webhook = found.setdefault(name, _webhook(name, 0))
        webhook["webhook_url"] = url = settings["webhook_url"]
        webhook["used_by"].append({key: _id_of(key, value) for key, value in row.items()})
        stands = _stands(met, tenant_id, url)
        webhook |= {name: stands[name] for name in ("left_alone_seconds", "left_alone_as_asked")}
    for name, all_settings in naming.items():
        found[name] |= _limit(all_settings, found[name]["taken"])
    return sorted(found.values(), key=lambda row: (-row["taken"], row["webhook_id"]))


def _id_of(key: str, value: Any) -> Any:
    return from_hex(key.removesuffix("_id"), str(value)) if key.endswith("_id") and value else value


def _webhook(name: str, taken: int) -> Row:
    return {
        "webhook_id": name,
        "webhook_url": None,
        "taken": taken,
        "limit": None,
        "nearly_full": False,
        "left_alone_seconds": 0,
        "left_alone_as_asked": False,
        "used_by": [],
    }


def _limit(settings: Sequence[Row], taken: int) -> Row:
    limits = Limits.strictest(settings)
    return {"limit": limits.submissions, "nearly_full": taken >= limits.submissions * NEARLY_FULL} if limits else {}


async def plan(queries: Queries, tenant_id: str, wanted: PlannedLaunch, workflows: Mapping[str, Workflow]) -> Row:
    """How many items, entities, calls and credits a launch would come to now, step by step; `missing`: what is not
    installed here.

    Refuses an upload that is not the client's, and settings that no call could be made by.
    """
    about = {"upload": to_hex(wanted.upload_id), "client": to_hex(wanted.client_id)}
    if not await queries.rows(tenant_id, RECEIVED, about):
        raise Problem(404, "unknown_upload", f"client {wanted.client_id} has no upload {wanted.upload_id}")
    walk = Walk(wanted.client_id, wanted.steps, workflows)
    chosen = set(wanted.rows) if wanted.rows is not None else None
    async for bodies in _staged(queries, tenant_id, wanted.upload_id):
        await asyncio.to_thread(_take, walk, bodies, chosen)
    query = select(CONFIG).where(CONFIG.c.client_id == wanted.client_id, CONFIG.c.workstream == wanted.workstream)
    configs = {(row["workflow"], row["name"]): Config(**row) for row in await queries.rows(tenant_id, query)}
    now = clock.now()
    steps = []
    for step in walk.plans:
        slug = step.step["workflow"]
        settings = effective(configs.get((slug, step.step["configuration"])), wanted.config.get(slug)) or {}
        if wrong := mistakes(SETTINGS_OF_PLANS, settings):
            raise Problem(422, "invalid_settings", f"{slug}: {'; '.join(wrong)}")
        steps.append(step.told(await _claims_of(queries, tenant_id, step), settings, now))
    return {
        "items": steps[0]["items"] if steps else 0,
        "calls": sum(step["calls"] for step in steps),
        "credits": told_credits(sum(step["credits"] for step in steps)),
        "steps": steps,
        "missing": walk.missing,
    }


async def _staged(queries: Queries, tenant_id: str, upload_id: str) -> AsyncIterator[list[str]]:
    after = 0
    while found := await queries.rows(tenant_id, STAGED, {"upload": to_hex(upload_id), "after": after}):
        yield [row["body"] for row in found]
        after = found[-1]["position"]


def _take(walk: Walk, bodies: list[str], chosen: set[int] | None) -> None:
    rows = (row for body in bodies for row in from_json(body).payload.rows)
    walk.take((row.row, row.fields) for row in rows if chosen is None or row.row in chosen)


async def _claims_of(queries: Queries, tenant_id: str, step: StepPlan) -> list[Claim]:
    """The calls that were made for the entities of a step."""
    if step.step["scope"] == "item":
        return []
    entities, found = sorted(step.entities), []
    for start in range(0, len(entities), AT_ONCE):
        some = entities[start : start + AT_ONCE]
        query = select(CLAIM).where(CLAIM.c.entity_id.in_(some), CLAIM.c.workflow == step.step["workflow"])
        found += [Claim(**row) for row in await queries.rows(tenant_id, query)]
    return found
