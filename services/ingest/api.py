"""Uploads, launches and control of batches over HTTP; the rest of what can be set up is in setup_api."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from starlette.responses import JSONResponse, StreamingResponse

from services.ingest import letters, listings, lookups, setup_api
from services.ingest.artifacts import TooLarge
from services.ingest.blueprints import LaunchRequest
from services.ingest.bodies import Control, Failed, NewBatch, Settle, steps_of
from services.ingest.columns.mapping import MissingColumn, UnknownChoice, chosen
from services.ingest.files.reading import Busy, UnreadableFile
from services.ingest.handlers import Handlers
from services.ingest.requests import Commands, GivenCommand, writable
from services.ingest.shapes import OF_BATCH, SHAPES
from services.ingest.uploads import Sent, Taken
from services.ingest.workstreams import UnknownWorkstream
from shared.events import BatchCancelled, BatchPaused, BatchResumed, FailedItemsRetried
from shared.ids import kind_of_id, optional, parse_id
from shared.runtime.bodies import LARGEST
from shared.runtime.http import Asking, Fresh, Problem, Stored, application, files
from shared.runtime.http_errors import error_response
from shared.runtime.shapes import answers, many, named

ROUTES: Final = APIRouter()
UPLOADS: Final = "/v1/clients/{client_id}/uploads"
PREVIEW: Final = "/v1/preview"
FILE: Final = {"required": True, "description": "The file, as it is."} | files("application/octet-stream")
CSV: Final = "text/csv; charset=utf-8"
REFUSED: Final[dict[type[Exception], tuple[int, str]]] = {
    Busy: (503, "busy"),
    UnreadableFile: (422, "unreadable_file"),
    MissingColumn: (422, "missing_column"),
    UnknownChoice: (422, "unknown_choice"),
    UnknownWorkstream: (404, "unknown_workstream"),
    TooLarge: (413, "too_large"),
}
Position = Annotated[int, Path(ge=1, le=LARGEST)]
Mapped = Annotated[
    Sequence[str],
    Query(alias="map", description="FIELD=HEADER: this column is this field; FIELD= means none. Repeat for more."),
]


def build(handlers: Handlers) -> FastAPI:
    """Ingest's HTTP application."""
    about = "Clients, workflows, settings, pipelines, uploads and launches."
    app = application("ingest", about, SHAPES, streamed=(UPLOADS, PREVIEW))
    app.state.settings, app.state.queries, app.state.handlers = handlers.settings, handlers.queries, handlers
    for kind in REFUSED:
        app.add_exception_handler(kind, _refused)
    for routes in (setup_api.ROUTES, ROUTES):
        app.include_router(routes, dependencies=[Depends(writable)])
    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    status, code = REFUSED[type(error)]
    return error_response(status, code, str(error.args[0]))


@ROUTES.post(UPLOADS, status_code=201, **answers(named("Taken"), requestBody=FILE))
async def upload(
    request: Request,
    handlers: Commands,
    command: GivenCommand,
    client_id: str,
    workstream: Annotated[str, Query()],
    filename: Annotated[str, Query(min_length=1, max_length=200)],
    mapped: Mapped = (),
    again: bool = False,
) -> Taken:
    """Upload a file: the request body is the file, as it is. What `map` says is remembered for the client."""
    sent = Sent(workstream, filename, _chosen(mapped), again)
    return await handlers.upload(command, parse_id("client", client_id), sent, request.stream())


@ROUTES.post(PREVIEW, **answers(named("Preview"), requestBody=FILE))
async def preview(
    request: Request,
    handlers: Commands,
    command: GivenCommand,
    workstream: str | None = None,
    client_id: str | None = None,
    mapped: Mapped = (),
) -> dict[str, Any]:
    """What an upload of the file in the body would do: mapping with scores and reasons, rows, bad rows, a sample.

    Without a workstream one is proposed; with a client, what was chosen for its earlier files counts.
    """
    known = optional(parse_id, "client", client_id)
    return await handlers.preview(command, known, workstream, _chosen(mapped), request.stream())


def _chosen(mapped: Sequence[str]) -> dict[str, str]:
    try:
        return chosen(mapped)
    except ValueError as error:
        raise Problem(422, "unknown_choice", f"`map` {error}") from None


@ROUTES.get("/v1/clients/{client_id}/mappings", **answers(many(named("ChosenColumn"))))
async def mappings(queries: Fresh, caller: Asking, client_id: str) -> list[dict[str, Any]]:
    """Which header gives which field in a client's files, as people said."""
    client_id = parse_id("client", client_id)
    await lookups.client(queries, caller.tenant_id, client_id)
    return await listings.chosen_columns(queries, caller.tenant_id, client_id)


@ROUTES.get(UPLOADS, **answers(many(named("Upload"))))
async def uploads(
    queries: Fresh,
    caller: Asking,
    client_id: str,
    after: Annotated[str | None, Query(description="the last upload of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> list[dict[str, Any]]:
    """A client's uploads, newest first. A page ends early where they are wide; the last is empty."""
    client_id, after = parse_id("client", client_id), parse_id("import", after) if after else None
    await lookups.client(queries, caller.tenant_id, client_id)
    if after:
        await lookups.place(queries, caller.tenant_id, client_id, after)
    return await listings.uploads(queries, caller.tenant_id, client_id, after, limit)


@ROUTES.get("/v1/uploads/{upload_id}", **answers(named("Upload")))
async def one_upload(queries: Fresh, caller: Asking, upload_id: str) -> dict[str, Any]:
    """One upload: its mapping, what is left over, its bad rows with reasons."""
    upload_id = parse_id("import", upload_id)
    found = await listings.upload(queries, caller.tenant_id, upload_id)
    if found is None:
        raise Problem(404, "not_found", f"no upload {upload_id}")
    return found


@ROUTES.get(
    "/v1/uploads/{upload_id}/bad-rows", response_class=StreamingResponse, responses={200: files(CSV)}
)  # fmt: skip
async def upload_bad_rows(handlers: Commands, queries: Fresh, caller: Asking, upload_id: str) -> StreamingResponse:
    """The bad rows as CSV: why each is bad, then every cell as the file has it; mended, it can be uploaded."""
    upload = await one_upload(queries, caller, upload_id)
    rows = await handlers.bad_rows(upload)
    return StreamingResponse(
        rows,
        media_type=CSV,
        headers={"Content-Disposition": f'attachment; filename="bad_rows_of_{upload["upload_id"]}.csv"'},
    )


@ROUTES.get("/v1/uploads/{upload_id}/rows", **answers(many(named("UploadRow"))))
async def upload_rows(
    queries: Fresh,
    caller: Asking,
    upload_id: str,
    after_row: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 25,
) -> list[dict[str, Any]]:
    """Rows of an upload, every cell as the file has it. A page ends early where they are wide; the last is empty."""
    upload = await one_upload(queries, caller, upload_id)
    return await listings.upload_rows(queries, caller.tenant_id, upload["upload_id"], after_row, limit)


@ROUTES.post("/v1/blueprints", **answers(named("Blueprint")))
async def blueprint(handlers: Commands, command: GivenCommand, _: Fresh, body: NewBatch) -> dict[str, Any]:
    """What `POST /v1/batches` with this body would freeze; nothing is launched. `POST /v1/plans` says what it costs."""
    return await handlers.blueprint(command, _wanted(body))


@ROUTES.post("/v1/batches", status_code=201, **answers(named("Launched")))
async def launch(handlers: Commands, command: GivenCommand, body: NewBatch) -> dict[str, Any]:
    """Start a batch."""
    return await handlers.launch(command, _wanted(body))


def _wanted(body: NewBatch) -> LaunchRequest:
    return LaunchRequest(
        parse_id("import", body.upload_id), parse_id("pipe", body.pipeline_id) if body.pipeline_id else None,
        steps_of(body.steps) if body.steps else None, body.rows, body.config, body.max_credits,
    )  # fmt: skip


@ROUTES.post("/v1/batches/{batch_id}/retry", **answers(OF_BATCH))
async def retry(handlers: Commands, command: GivenCommand, batch_id: str, body: Failed) -> dict[str, Any]:
    """Take the step again that items failed at: only of those that failed, and of those only what the body says."""
    return await handlers.retry(command, parse_id("batch", batch_id), _failed(body, skip=False))


@ROUTES.post("/v1/batches/{batch_id}/skip", **answers(OF_BATCH))
async def skip(handlers: Commands, command: GivenCommand, batch_id: str, body: Failed) -> dict[str, Any]:
    """Let failed items go on without the step they failed at."""
    return await handlers.retry(command, parse_id("batch", batch_id), _failed(body, skip=True))


def _failed(body: Failed, skip: bool) -> FailedItemsRetried:
    items = [parse_id("item", item) for item in body.items]
    return FailedItemsRetried(items, body.workflow, body.codes, body.everything, skip, body.reason)


@ROUTES.post("/v1/batches/{batch_id}/{action}", **answers(OF_BATCH))
async def control(
    handlers: Commands,
    command: GivenCommand,
    batch_id: str,
    action: Literal["pause", "resume", "cancel"],
    body: Control | None = None,
) -> dict[str, Any]:
    """Pause, resume or cancel a batch. One that has ended, or was cancelled, is neither paused nor resumed.

    What was cancelled is not retried, also where it had ended by itself before.
    """
    body = body or Control()
    if action != "resume" and body.max_credits is not None:
        raise Problem(422, "no_resume", f"`max_credits` is of a batch that is resumed: leave it out to {action} one")
    if action == "resume":
        payload: BatchResumed | BatchPaused | BatchCancelled = BatchResumed(body.reason, body.max_credits)
    else:
        payload = BatchPaused(body.reason, calls=True) if action == "pause" else BatchCancelled(body.reason)
    return await handlers.control(command, parse_id("batch", batch_id), action, payload)


@ROUTES.get("/v1/dead-letters", **answers(many(named("DeadLetter"))))
async def dead_letters(
    queries: Stored,
    caller: Asking,
    status: letters.Status | None = None,
    service: str | None = None,
    event_type: str | None = None,
    batch_id: str | None = None,
    item_id: str | None = None,
    error: Annotated[str | None, Query(description="a part of the error, in any case")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[dict[str, Any]]:
    """Events that a service could not handle, each with its latest error and how it stands."""
    wanted = letters.LetterFilter.of(batch_id, item_id, service=service, event_type=event_type, error=error)
    await lookups.logged(queries, caller.tenant_id, *wanted.subjects)
    return await letters.listing(queries, caller.tenant_id, status, wanted, limit)


@ROUTES.get("/v1/dead-letters/{service}/{position}", **answers(named("DeadLetterWhole")))
async def dead_letter(queries: Stored, caller: Asking, service: str, position: Position) -> dict[str, Any]:
    """One of them: the event itself, every try, and what came later about the same subject that the service takes.

    `later` has the first of these, and `later_count` says how many there are, as far as the next 10,000 events go.
    """
    return await letters.shown(queries, caller.tenant_id, service, position)


@ROUTES.post("/v1/dead-letters/{action}", **answers(named("Settled")))
async def settle_dead_letters(
    handlers: Commands, command: GivenCommand, action: Literal["retry", "resolve"], body: Settle
) -> dict[str, Any]:
    """Take open letters again, or go on without them for good; a filter is needed, and to resolve a reason."""
    if action == "resolve" and not body.reason:
        raise Problem(422, "no_reason", "`reason` is missing: say why the services may go on without these events")
    queries, wanted, retry = handlers.queries, body.wanted(), action == "retry"
    await lookups.logged(queries, command.tenant_id, *wanted.subjects)
    return await letters.settle(queries, handlers.appender, command.caller, wanted, body.everything, body.reason, retry)


@ROUTES.get("/v1/history/{subject_id}", **answers(many(named("Event"))))
async def history(
    queries: Stored,
    caller: Asking,
    subject_id: str,
    after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    items: Annotated[bool, Query(description="Of a batch, what is about its items too.")] = False,
) -> list[dict[str, Any]]:
    """Every event of one item, lead, batch, company, person, upload, push or client, in log order.

    Of a batch or client those about it as a whole, unless `items` are wanted. A page ends early where events are wide:
    go on `after` its last position, until one is empty.
    """
    kind = kind_of_id(subject_id)
    if kind not in listings.HISTORY:
        known = ", ".join(sorted(listings.HISTORY))
        raise Problem(422, "invalid_id", f"history is kept of {known}; {subject_id} is none")
    if items and kind != "batch":
        raise Problem(422, "no_batch", f"`items` are those of a batch, and {subject_id} is none: leave it out")
    subject_id = parse_id(kind, subject_id)
    found = await listings.history(queries, caller.tenant_id, subject_id, after, limit, items)
    if not found:
        await lookups.logged(queries, caller.tenant_id, subject_id)
    return found
