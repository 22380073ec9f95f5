"""Is what a command names there? What is not is refused with a Problem that says what there is."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ARRAY, BigInteger, any_, literal, select, text

from services.ingest import listings, needed
from services.ingest.store import BATCH, CLIENT, CONFIG, PIPELINE, ROW, WORKFLOW
from shared.envelope import Event, from_json
from shared.events import ConfigurationRemoved, StepOptions
from shared.ids import from_hex, named_id, to_hex
from shared.runtime.http import Problem
from shared.runtime.queries import Queries, Row, UnknownPlace
from shared.runtime.repeats import conflict, given_before

# Before a command that was given before, under the same key: it was right then.
CANCELLED: Final = text(
    "SELECT 1 FROM log.events WHERE batch_id = CAST(:batch AS uuid) AND item_id IS NULL AND type = 'BatchCancelled'"
    " AND NOT EXISTS (SELECT FROM log.events WHERE id = CAST(:command AS uuid)) LIMIT 1"
)
LAUNCHED: Final = text(
    "SELECT position, body FROM log.events WHERE batch_id = CAST(:batch AS uuid) AND item_id IS NULL"
    " AND type = 'BatchLaunched'"
)
ITEMS: Final = text(
    "SELECT item_id::text FROM log.events WHERE item_id = ANY(CAST(:items AS uuid[])) AND type = 'ItemAdded'"
    " AND batch_id = CAST(:batch AS uuid)"
)
STAGED: Final = text(
    "SELECT max(position) AS position FROM log.events WHERE entity_id = CAST(:id AS uuid)"
    " AND type IN ('UploadReceived', 'RowsStaged')"
)


async def launched(queries: Queries, tenant_id: str, batch_id: str) -> Event | None:
    """The event that launched a batch, whatever its id: earlier versions made that of the client's id, too."""
    found = await queries.rows(tenant_id, LAUNCHED, {"batch": to_hex(batch_id)})
    return from_json(found[0]["body"], found[0]["position"]) if found else None


async def name_is_free(queries: Queries, tenant_id: str, name: str, command_id: str) -> None:
    """Refuse the name of one of the tenant's clients, but to a command that was given before."""
    if await given_before(queries, tenant_id, command_id):
        return
    for other in await listings.clients(queries, tenant_id):
        if folded(other["name"]) == folded(name):
            message = f"client {other['client_id']} is named {other['name']!r}; say `again` for another of that name"
            raise Problem(409, "client_exists", message)


def folded(name: str) -> str:
    """What names have in common that differ in case and spaces alone."""
    return " ".join(name.casefold().split())


async def client(queries: Queries, tenant_id: str, client_id: str) -> None:
    """Refuse a client that is not the tenant's."""
    if not await queries.rows(tenant_id, select(CLIENT.c.client_id).where(CLIENT.c.client_id == client_id)):
        raise Problem(404, "unknown_client", f"no client {client_id}; `leadstream client list` shows those there are")


async def logged(queries: Queries, tenant_id: str, *subjects: str) -> None:
    """Refuse what the log has nothing about."""
    for subject_id in subjects:
        if not await listings.history(queries, tenant_id, subject_id, 0, 1):
            raise Problem(404, "not_found", f"the log has nothing about {subject_id}")


async def upload(queries: Queries, tenant_id: str, client_id: str, upload_id: str) -> None:
    """Refuse an upload that is not the client's."""
    found = await listings.upload(queries, tenant_id, upload_id)
    if found is None or found["client_id"] != client_id:
        raise Problem(404, "not_found", f"{client_id} has no upload {upload_id}")


async def place(queries: Queries, tenant_id: str, client_id: str, after: str) -> None:
    """Refuse, as UnknownPlace, to go on after an upload that no page of the client's can have ended with."""
    found = await listings.upload(queries, tenant_id, after)
    if found is None or found["client_id"] != client_id:
        raise UnknownPlace(f"`after` is the upload_id of the last one of the page before; {client_id} has no {after}")


async def begun(queries: Queries, tenant_id: str, upload_id: str, event_id: str) -> Event | None:
    """The event of an upload that was received before, whether or not its rows are all staged.

    Refuses a file that came under the idempotency key of another; earlier versions made no event's id of that.
    """
    first = await given_before(queries, tenant_id, event_id)
    if first and first.payload.upload_id != upload_id:
        raise conflict(first)
    return first or await given_before(queries, tenant_id, named_id("evt", upload_id, "received"))


async def staged_at(queries: Queries, tenant_id: str, upload_id: str) -> int:
    """The position of the last event of an upload whose rows are all staged."""
    (found,) = await queries.rows(tenant_id, STAGED, {"id": to_hex(upload_id)})
    return int(found["position"])


async def not_cancelled(queries: Queries, tenant_id: str, batch_id: str, command_id: str) -> None:
    """Refuse a batch that was cancelled: its items have ended, and nothing of it goes on."""
    about = {"batch": to_hex(batch_id), "command": to_hex(command_id)}
    if await queries.rows(tenant_id, CANCELLED, about):
        message = f"batch {batch_id} was cancelled, so its items take no step again; launch the rows in another batch"
        raise Problem(409, "batch_cancelled", message)


async def goes_on(queries: Queries, tenant_id: str, batch_id: str, command_id: str) -> None:
    """Refuse a batch that was cancelled or has ended, but to a command that was given before."""
    await not_cancelled(queries, tenant_id, batch_id, command_id)
    if await given_before(queries, tenant_id, command_id):
        return
    if await needed.over(queries, tenant_id, {batch_id}):
        message = f"all items of batch {batch_id} have ended; what failed of it can be retried"
        raise Problem(409, "batch_ended", message)


async def parts_of(queries: Queries, tenant_id: str, batch_id: str, items: Sequence[str], slug: str | None) -> None:
    """Refuse items that are not the batch's, and a step that its blueprint has not."""
    if slug is not None:
        first = await launched(queries, tenant_id, batch_id)
        steps = [step.workflow for step in first.payload.blueprint] if first else []
        if slug not in steps:
            raise Problem(422, "unknown_step", f"batch {batch_id} has no step {slug}; it has: {', '.join(steps)}")
    if items:
        about = {"batch": to_hex(batch_id), "items": [to_hex(item) for item in items]}
        there = {from_hex("item", row["item_id"]) for row in await queries.rows(tenant_id, ITEMS, about)}
        if others := [item for item in items if item not in there]:
            raise Problem(404, "unknown_items", f"batch {batch_id} has no item {', '.join(others[:10])}")


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


async def pipeline(queries: Queries, tenant_id: str, pipeline_id: str, *, removed: bool = False) -> Row:
    """A pipeline that was not removed; with `removed` one that was, too."""
    query = select(PIPELINE).where(PIPELINE.c.pipeline_id == pipeline_id)
    found = await queries.rows(tenant_id, query)
    if not found or (found[0]["removed"] and not removed):
        raise Problem(
            404, "unknown_pipeline", f"no pipeline {pipeline_id}; `leadstream pipeline list` shows a client's"
        )
    return found[0]


async def pipeline_steps(
    queries: Queries, tenant_id: str, pipeline_id: str, upload: Row
) -> list[tuple[str, StepOptions]]:
    """The steps of a pipeline that fits an upload: of the same client and workstream."""
    found = await pipeline(queries, tenant_id, pipeline_id)
    if found["client_id"] != upload["client_id"]:
        raise Problem(404, "unknown_pipeline", f"client {upload['client_id']} has no pipeline {pipeline_id}")
    if found["workstream"] != upload["workstream"]:
        message = f"the pipeline is for {found['workstream']}, the upload for {upload['workstream']}"
        raise Problem(409, "other_workstream", message)
    return [(slug, StepOptions(**found["options"].get(slug, {}))) for slug in found["steps"]]


async def configured(queries: Queries, tenant_id: str, client_id: str, payload: ConfigurationRemoved) -> None:
    """Refuse settings that the client does not have."""
    query = select(CONFIG.c.name).where(
        CONFIG.c.client_id == client_id, CONFIG.c.workflow == payload.workflow, CONFIG.c.name == payload.name,
        CONFIG.c.workstream == payload.workstream, CONFIG.c.removed.is_(False),
    )  # fmt: skip
    if not await queries.rows(tenant_id, query):
        message = f"the client has no configuration {payload.name!r} of {payload.workflow} for {payload.workstream}"
        raise Problem(404, "unknown_configuration", message)


async def workflows(queries: Queries, tenant_id: str, workstream: str, slugs: Iterable[str]) -> dict[str, Row]:
    """The workstream's workflows by slug, all of `slugs` among them."""
    query = select(WORKFLOW).where(WORKFLOW.c.workstream == workstream, WORKFLOW.c.removed.is_(False))
    rows = await queries.rows(tenant_id, query)
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
    numbers = any_(literal(rows, ARRAY(BigInteger)))
    query = select(ROW.c.row).where(ROW.c.upload_id == upload["upload_id"], ROW.c.row == numbers)
    found = {row["row"] for row in await queries.rows(tenant_id, query)}
    missing = sorted(set(rows) - found)
    if missing:
        raise Problem(422, "unknown_rows", f"the upload has no good rows {missing[:10]}")
    return len(found)
