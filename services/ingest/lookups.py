"""Is what a command names there? What is not is refused with a Problem that says what there is."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import select, text

from services.ingest import listings
from services.ingest.store import BATCH, CLIENT, CONFIG, PIPELINE, ROW, WORKFLOW
from shared.envelope import Event, from_json
from shared.events import BatchLaunched, BlueprintStep
from shared.ids import to_hex
from shared.runtime.http import Problem
from shared.runtime.queries import Queries

Row = dict[str, Any]
LOGGED: Final = text("SELECT position, body FROM log.events WHERE id = CAST(:id AS uuid)")


async def first_said(queries: Queries, event: Event) -> int:
    """The position of a command under an idempotency key, which the log takes once; refuses another under that key."""
    found = await queries.rows(event.tenant_id, LOGGED, {"id": to_hex(event.id)})
    first = from_json(found[0]["body"])
    if _asked(first.payload) != _asked(event.payload):
        message = (
            f"this Idempotency-Key was used before, at {first.occurred_at:%Y-%m-%d %H:%M:%S} UTC, for a "
            f"{first.type} that says something else; nothing was changed. Send another command under another key"
        )
        raise Problem(409, "idempotency_conflict", message)
    return int(found[0]["position"])


def _asked(payload: Any) -> Any:
    """What of an event a person has asked for: in a launch not what the registry said of the steps that day."""
    if isinstance(payload, BatchLaunched):
        return asdict(payload) | {"blueprint": [step.workflow for step in payload.blueprint]}
    return payload


async def client(queries: Queries, tenant_id: str, client_id: str) -> None:
    """Refuse a client that is not the tenant's."""
    if not await queries.rows(tenant_id, select(CLIENT.c.client_id).where(CLIENT.c.client_id == client_id)):
        raise Problem(404, "unknown_client", f"no client {client_id}; `leadstream client list` shows those there are")


async def batch(queries: Queries, tenant_id: str, batch_id: str) -> Row:
    """A batch."""
    found = await queries.rows(tenant_id, select(BATCH).where(BATCH.c.batch_id == batch_id))
    if not found:
        raise Problem(404, "not_found", f"no batch {batch_id}")
    return found[0]


async def ready_upload(queries: Queries, tenant_id: str, upload_id: str) -> Row:
    """An upload whose rows are all staged."""
    found = await listings.upload(queries, tenant_id, upload_id)
    if found is None:
        raise Problem(404, "unknown_upload", f"no upload {upload_id}")
    if found["status"] != "ready":
        message = f"upload {upload_id} has {found['staged']} of {found['rows']} rows staged; send the file again"
        raise Problem(409, "upload_not_ready", message)
    return found


async def pipeline_steps(queries: Queries, tenant_id: str, pipeline_id: str, upload: Row) -> list[str]:
    """The steps of a pipeline that fits an upload: of the same client and workstream."""
    found = await queries.rows(tenant_id, select(PIPELINE).where(PIPELINE.c.pipeline_id == pipeline_id))
    if not found or found[0]["client_id"] != upload["client_id"]:
        raise Problem(404, "unknown_pipeline", f"client {upload['client_id']} has no pipeline {pipeline_id}")
    if found[0]["workstream"] != upload["workstream"]:
        message = f"the pipeline is for {found[0]['workstream']}, the upload for {upload['workstream']}"
        raise Problem(409, "other_workstream", message)
    return list(found[0]["steps"])


async def blueprint(queries: Queries, tenant_id: str, workstream: str, steps: list[str]) -> list[BlueprintStep]:
    """What each step is, by the registry."""
    repeated = sorted({step for step in steps if steps.count(step) > 1})
    if repeated:
        raise Problem(422, "repeated_step", f"each step may stand once; repeated: {', '.join(repeated)}")
    known = await workflows(queries, tenant_id, workstream, steps)
    return [BlueprintStep(step, known[step]["kind"], known[step]["scope"]) for step in steps]


async def workflows(queries: Queries, tenant_id: str, workstream: str, slugs: Iterable[str]) -> dict[str, Row]:
    """The workstream's workflows by slug, all of `slugs` among them."""
    rows = await queries.rows(tenant_id, select(WORKFLOW).where(WORKFLOW.c.workstream == workstream))
    known = {row["workflow"]: row for row in rows}
    for slug in slugs:
        if slug not in known:
            there = ", ".join(sorted(known)) or "none; register a client first"
            message = f"workstream {workstream} has no workflow {slug}; it has: {there}"
            raise Problem(404, "unknown_workflow", message)
    return known


async def count(queries: Queries, tenant_id: str, upload: Row, rows: list[int] | None) -> int:
    """How many items a launch makes: all good rows of the upload, or those named."""
    if not upload["rows"]:
        raise Problem(422, "no_rows", f"upload {upload['upload_id']} has no good rows to launch")
    if rows is None:
        return int(upload["rows"])
    if not rows:
        raise Problem(422, "no_rows", "`rows` is empty: leave it out for all rows, or name some")
    query = select(ROW.c.row).where(ROW.c.upload_id == upload["upload_id"], ROW.c.row.in_(rows))
    found = {row["row"] for row in await queries.rows(tenant_id, query)}
    missing = sorted(set(rows) - found)
    if missing:
        raise Problem(422, "unknown_rows", f"the upload has no good rows {missing[:10]}")
    return len(found)


async def unconfigured(
    queries: Queries, tenant_id: str, upload: Row, steps: list[BlueprintStep], config: dict[str, Row]
) -> list[str]:
    """A warning for each step at a provider that neither the client nor this launch has a configuration for."""
    query = select(CONFIG.c.workflow).where(
        CONFIG.c.client_id == upload["client_id"], CONFIG.c.workstream == upload["workstream"]
    )
    known = {row["workflow"] for row in await queries.rows(tenant_id, query)} | set(config)
    return [
        f"{step.workflow} has no configuration for this client: its step will fail"
        for step in steps
        if step.kind == "ASYNC" and step.workflow not in known
    ]
