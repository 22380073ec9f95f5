"""Commands over HTTP, and reading back what they made."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, FastAPI, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, text

from services.ingest.artifacts import TooLarge
from services.ingest.handlers import Command, Handlers
from services.ingest.mapping import MissingColumn
from services.ingest.reading import UnreadableFile
from services.ingest.store import CLIENT, CONFIG, PIPELINE, ROW, UPLOAD, WORKFLOW
from services.ingest.workstreams import UnknownWorkstream
from shared.events import Kind, Scope, WorkflowConfigured, WorkflowRegistered
from shared.ids import to_hex
from shared.runtime.http import Caller, Problem, application, caller_of, known_id, reading

Slug = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,79}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewClient(_Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    domain: Annotated[str, Field(max_length=253)] | None = None


class NewWorkflow(_Body):
    workflow: Slug
    workstream: Slug
    kind: Kind
    scope: Scope = "item"
    title: str = ""
    description: str = ""


class NewConfig(_Body):
    """Settings: webhook_url, webhook_auth, callback_secret, timeout_seconds, max_attempts, freshness_days, ..."""

    workstream: Slug
    config: dict[str, Any]


class NewPipeline(_Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    workstream: Slug
    steps: Annotated[list[Slug], Field(min_length=1, max_length=100)]


class NewBatch(_Body):
    upload_id: str
    pipeline_id: str | None = None
    steps: list[Slug] | None = None
    rows: list[int] | None = None
    config: dict[str, dict[str, Any]] = {}


class Control(_Body):
    reason: str = ""


REFUSED: dict[type[Exception], tuple[int, str]] = {
    UnreadableFile: (422, "unreadable_file"),
    MissingColumn: (422, "missing_column"),
    UnknownWorkstream: (404, "unknown_workstream"),
    TooLarge: (413, "too_large"),
}


def build(handlers: Handlers) -> FastAPI:
    """Ingest's HTTP application."""
    app = application("ingest", "Clients, workflows, settings, pipelines, uploads and launches.")
    caller_dependency = Depends(caller_of(handlers.settings))
    fresh = Depends(reading(handlers.queries))
    queries = handlers.queries

    def command_of(
        caller: Annotated[Caller, caller_dependency],
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> Command:
        return Command(caller, idempotency_key)

    who, asked = caller_dependency, Depends(command_of)

    @app.post("/v1/clients", status_code=201)
    async def add_client(command: Annotated[Command, asked], body: NewClient) -> dict[str, Any]:
        """Register a customer of the agency."""
        return await handlers.register_client(command, body.name, body.domain)

    @app.get("/v1/clients", dependencies=[fresh])
    async def clients(caller: Annotated[Caller, who]) -> list[dict[str, Any]]:
        """The tenant's clients."""
        return await queries.rows(caller.tenant_id, select(CLIENT).order_by(CLIENT.c.name, CLIENT.c.client_id))

    @app.post("/v1/workflows", status_code=201)
    async def add_workflow(command: Annotated[Command, asked], body: NewWorkflow) -> dict[str, Any]:
        """Register a workflow: an ASYNC one needs nothing but configuration, a SYNC one an installed entry point."""
        payload = WorkflowRegistered(**body.model_dump() | {"title": body.title or body.workflow})
        return await handlers.register_workflow(command, payload)

    @app.get("/v1/workflows", dependencies=[fresh])
    async def workflows(caller: Annotated[Caller, who]) -> list[dict[str, Any]]:
        """The registry."""
        order = (WORKFLOW.c.workstream, WORKFLOW.c.workflow)
        return await queries.rows(caller.tenant_id, select(WORKFLOW).order_by(*order))

    @app.put("/v1/clients/{client_id}/configs/{workflow}")
    async def configure(
        command: Annotated[Command, asked], client_id: str, workflow: str, body: NewConfig
    ) -> dict[str, Any]:
        """Set a client's configuration for one workflow, whole."""
        payload = WorkflowConfigured(workflow, body.workstream, body.config)
        return await handlers.configure(command, known_id("client", client_id), payload)

    @app.get("/v1/clients/{client_id}/configs", dependencies=[fresh])
    async def configs(caller: Annotated[Caller, who], client_id: str) -> list[dict[str, Any]]:
        """A client's configurations."""
        query = select(CONFIG).where(CONFIG.c.client_id == known_id("client", client_id))
        return await queries.rows(caller.tenant_id, query.order_by(CONFIG.c.workstream, CONFIG.c.workflow))

    @app.post("/v1/clients/{client_id}/pipelines", status_code=201)
    async def save_pipeline(command: Annotated[Command, asked], client_id: str, body: NewPipeline) -> dict[str, Any]:
        """Save a named, ordered list of unique steps; the same name again replaces it."""
        client_id = known_id("client", client_id)
        return await handlers.save_pipeline(command, client_id, body.name, body.workstream, body.steps)

    @app.get("/v1/clients/{client_id}/pipelines", dependencies=[fresh])
    async def pipelines(caller: Annotated[Caller, who], client_id: str) -> list[dict[str, Any]]:
        """A client's pipelines."""
        query = select(PIPELINE).where(PIPELINE.c.client_id == known_id("client", client_id))
        return await queries.rows(caller.tenant_id, query.order_by(PIPELINE.c.name))

    @app.post("/v1/clients/{client_id}/uploads", status_code=201)
    async def upload(
        request: Request,
        command: Annotated[Command, asked],
        client_id: str,
        workstream: Annotated[str, Query()],
        filename: Annotated[str, Query(min_length=1, max_length=200)],
        again: bool = False,
    ) -> dict[str, Any]:
        """Upload a file: the request body is the file, as it is."""
        client_id = known_id("client", client_id)
        try:
            return await handlers.upload(command, client_id, workstream, filename, request.stream(), again)
        except tuple(REFUSED) as error:
            status, code = REFUSED[type(error)]
            raise Problem(status, code, str(error.args[0])) from None

    @app.get("/v1/clients/{client_id}/uploads", dependencies=[fresh])
    async def uploads(caller: Annotated[Caller, who], client_id: str) -> list[dict[str, Any]]:
        """A client's uploads, newest first."""
        query = select(UPLOAD).where(UPLOAD.c.client_id == known_id("client", client_id))
        return await queries.rows(caller.tenant_id, query.order_by(UPLOAD.c.received_at.desc()))

    @app.get("/v1/uploads/{upload_id}", dependencies=[fresh])
    async def one_upload(caller: Annotated[Caller, who], upload_id: str) -> dict[str, Any]:
        """One upload: its mapping, what is left over, its bad rows with reasons."""
        upload_id = known_id("import", upload_id)
        found = await queries.rows(caller.tenant_id, select(UPLOAD).where(UPLOAD.c.upload_id == upload_id))
        if not found:
            raise Problem(404, "not_found", f"no upload {upload_id}")
        return found[0]

    @app.get("/v1/uploads/{upload_id}/rows", dependencies=[fresh])
    async def upload_rows(
        caller: Annotated[Caller, who],
        upload_id: str,
        after_row: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 25,
    ) -> list[dict[str, Any]]:
        """Rows of an upload, every cell as the file has it."""
        query = select(ROW).where(ROW.c.upload_id == known_id("import", upload_id), ROW.c.row > after_row)
        return await queries.rows(caller.tenant_id, query.order_by(ROW.c.row).limit(limit))

    @app.post("/v1/batches", status_code=201)
    async def launch(command: Annotated[Command, asked], body: NewBatch) -> dict[str, Any]:
        """Start a batch."""
        return await handlers.launch(
            command, known_id("import", body.upload_id),
            known_id("pipe", body.pipeline_id) if body.pipeline_id else None, body.steps, body.rows, body.config,
        )  # fmt: skip

    @app.post("/v1/batches/{batch_id}/{action}")
    async def control(
        command: Annotated[Command, asked],
        batch_id: str,
        action: Literal["pause", "resume", "cancel"],
        body: Control | None = None,
    ) -> dict[str, Any]:
        """Pause, resume or cancel a batch."""
        from services.ingest.store import BATCH

        batch_id = known_id("batch", batch_id)
        found = await queries.rows(command.caller.tenant_id, select(BATCH).where(BATCH.c.batch_id == batch_id))
        if not found:
            raise Problem(404, "not_found", f"no batch {batch_id}")
        return await handlers.control(command, batch_id, found[0]["client_id"], action, body.reason if body else "")

    @app.get("/v1/history/{subject_id}")
    async def history(
        caller: Annotated[Caller, who],
        subject_id: str,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[dict[str, Any]]:
        """Every event of one item, batch, company, person, upload or client, in log order."""
        column = _HISTORY.get(subject_id.partition("_")[0])
        if column is None:
            raise Problem(422, "invalid_id", f"history is kept of {', '.join(sorted(_HISTORY))}; {subject_id} is none")
        statement = text(
            f"SELECT position, body FROM log.events WHERE {column} AND position > :after ORDER BY position LIMIT :limit"
        )
        values = {
            "id": to_hex(known_id(subject_id.partition("_")[0], subject_id)),
            "after": after,
            "limit": limit,
        }
        rows = await queries.rows(caller.tenant_id, statement, values)
        return [{"position": row["position"], **orjson.loads(row["body"])} for row in rows]

    return app


_HISTORY = {
    "item": "item_id = CAST(:id AS uuid)",
    "batch": "item_id IS NULL AND batch_id = CAST(:id AS uuid)",
    "company": "entity_id = CAST(:id AS uuid)",
    "person": "entity_id = CAST(:id AS uuid)",
    "import": "entity_id = CAST(:id AS uuid)",
    "client": "item_id IS NULL AND client_id = CAST(:id AS uuid)",
}
