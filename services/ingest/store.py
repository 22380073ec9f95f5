"""Ingest's tables, and which rows of them a list of events needs."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.ingest.domain import LAUNCH_CHUNK
from services.ingest.state import Batch, ChosenColumn, Client, Config, Pipeline, Row, State, Tenant, Upload, Workflow
from shared.envelope import Event
from shared.events import (
    BatchLaunched,
    ClientRegistered,
    LaunchContinued,
    PipelineRemoved,
    RowsStaged,
    TenantConfigured,
    WorkflowRetired,
)
from shared.ids import to_hex
from shared.runtime.database import Connection, Rows
from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_column, tenant_columns

METADATA = MetaData()
checkpoint_table(METADATA)

TENANT = Table(
    "tenant",
    METADATA,
    Column("tenant_id", Id("tenant"), primary_key=True),
    Column("first_event", Id("evt")),  # no query reads it; it has to be what the first release made of its log
    Column("share_answers", Boolean, nullable=False),
)
CLIENT = Table(
    "client",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    tenant_column(),
    Column("name", Text, nullable=False),
    Column("domain", Text),
    Column("registered_at", TIME, nullable=False),
)
WORKFLOW = Table(
    "workflow",
    METADATA,
    Column("tenant_id", Id("tenant"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("kind", "scope", "title", "description")),
    Column("credits", Double, nullable=False),
    Column("sets", JSONB, nullable=False),
    Column("reads_answers", Boolean, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False),
)
CONFIG = Table(
    "config",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    tenant_column(),
    Column("config", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False),
)
CHOSEN_COLUMN = Table(
    "chosen_column",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    tenant_column(),
    Column("header", Text, nullable=False),
)
PIPELINE = Table(
    "pipeline",
    METADATA,
    Column("pipeline_id", Id("pipe"), primary_key=True),
    *tenant_columns(),
    Column("name", Text, nullable=False),
    Column("workstream", Text, nullable=False),
    Column("steps", JSONB, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("removed", Boolean, nullable=False),
    Index("pipeline_client", "client_id"),
)
UPLOAD = Table(
    "upload",
    METADATA,
    Column("upload_id", Id("import"), primary_key=True),
    *tenant_columns(),
    Column("workstream", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("artifact", Text, nullable=False),
    *(Column(name, JSONB, nullable=False) for name in ("headers", "mapping", "unmapped", "bad_rows")),
    Column("bad_row_count", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("staged", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("received_at", TIME, nullable=False),
    Index("upload_client", "client_id"),
)
ROW = Table(
    "row",
    METADATA,
    Column("upload_id", Id("import"), primary_key=True),
    Column("row", BigInteger, primary_key=True),
    *tenant_columns(),
    Column("cells", JSONB, nullable=False),
    Column("fields", JSONB, nullable=False),
)
BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", Id("batch"), primary_key=True),
    *tenant_columns(),
    Column("upload_id", Id("import"), nullable=False),
    Column("rows", JSONB),
)
_tenants, _clients, _workflows = Rows(TENANT, Tenant), Rows(CLIENT, Client), Rows(WORKFLOW, Workflow)
_configs, _pipelines, _uploads = Rows(CONFIG, Config), Rows(PIPELINE, Pipeline), Rows(UPLOAD, Upload)
_rows, _batches, _chosen_columns = Rows(ROW, Row), Rows(BATCH, Batch), Rows(CHOSEN_COLUMN, ChosenColumn)

# The next rows of a launch, after a row number, of a selection or of all.
NEXT_ROWS = f"""
SELECT {_rows.names} FROM "row"
WHERE upload_id = %s::uuid AND "row" > %s AND (%s::bigint[] IS NULL OR "row" = ANY(%s::bigint[]))
ORDER BY "row" LIMIT {LAUNCH_CHUNK}
"""


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Bring in the tenants, uploads and launches of these events, and the rows that launches add next."""
    tenants = {e.tenant_id for e in events if isinstance(e.payload, ClientRegistered | TenantConfigured)}
    await _tenants.load(connection, state.tenants, tenants)
    await _load_removed(connection, state, events)
    uploads = {e.payload.upload_id for e in events if isinstance(e.payload, RowsStaged)}
    await _uploads.load(connection, state.uploads, uploads)
    for event in events:
        if isinstance(event.payload, BatchLaunched | LaunchContinued):
            await _load_next_rows(connection, state, event, event.payload)


async def _load_removed(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """The workflows and pipelines that these events take away."""
    retired = {e.payload.workflow for e in events if isinstance(e.payload, WorkflowRetired)}
    _workflows.enter(state.workflows, await _workflows.read(connection, "workflow", retired))
    pipelines = {e.payload.pipeline_id for e in events if isinstance(e.payload, PipelineRemoved)}
    _pipelines.enter(state.pipelines, await _pipelines.read(connection, "pipeline_id", pipelines))


async def save(connection: Connection, state: State) -> None:
    """Write what changed. Staged rows are not kept in memory."""
    await _tenants.save(connection, state.tenants)
    await _clients.save(connection, state.clients)
    await _workflows.save(connection, state.workflows)
    await _configs.save(connection, state.configs)
    await _chosen_columns.save(connection, state.chosen_columns)
    await _pipelines.save(connection, state.pipelines)
    await _uploads.save(connection, state.uploads)
    await _rows.save(connection, state.rows)
    await _batches.save(connection, state.batches)
    state.rows.clear()
    state.next_rows.clear()


async def _load_next_rows(
    connection: Connection, state: State, event: Event, payload: BatchLaunched | LaunchContinued
) -> None:
    if isinstance(payload, BatchLaunched):
        after, chosen = 0, payload.rows
    else:
        assert event.batch_id
        batches = await _batches.read(connection, "batch_id", [event.batch_id])
        after, chosen = payload.after_row, batches[0].rows if batches else None
    parameters = (to_hex(payload.upload_id), after, chosen, chosen)
    state.next_rows[event.id] = await _rows.select(connection, NEXT_ROWS, parameters)
