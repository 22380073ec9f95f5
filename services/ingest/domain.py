"""Clients, registry, settings, pipelines, uploads and launches, and what follows from each event. Pure.

Always true: an upload is ready once as many rows are staged as its file has good ones; every row of a launch becomes
exactly one item, whose id follows from batch and row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, assert_never

from services.ingest.registry import SHIPPED
from shared.envelope import Emit, Event
from shared.events import (
    BatchLaunched,
    ClientRegistered,
    CustomersListed,
    ItemAdded,
    LaunchContinued,
    ListedCustomer,
    PipelineSaved,
    RowsStaged,
    UploadReceived,
    WorkflowConfigured,
    WorkflowRegistered,
)
from shared.ids import derive_id
from shared.record import record
from shared.state import Tracked

CONSUMES: Final = (
    "ClientRegistered",
    "WorkflowRegistered",
    "WorkflowConfigured",
    "PipelineSaved",
    "UploadReceived",
    "RowsStaged",
    "BatchLaunched",
    "LaunchContinued",
)
LAUNCH_CHUNK: Final = 500
CUSTOMERS: Final = "customer_companies"  # the workstream whose rows are a client's own customers
Consumed = (
    ClientRegistered
    | WorkflowRegistered
    | WorkflowConfigured
    | PipelineSaved
    | UploadReceived
    | RowsStaged
    | BatchLaunched
    | LaunchContinued
)


@record
class Tenant:
    """An agency's organisation; `first_event` registered its first client, and with it the shipped workflows."""

    tenant_id: str
    first_event: str


@record
class Client:
    """A customer of the agency."""

    client_id: str
    tenant_id: str
    name: str
    domain: str | None
    registered_at: datetime


@record
class Workflow:
    """An entry of the registry."""

    tenant_id: str
    workflow: str
    workstream: str
    kind: str
    scope: str
    title: str
    description: str


@record
class Config:
    """A client's settings for one workflow of one workstream."""

    client_id: str
    workflow: str
    workstream: str
    tenant_id: str
    config: dict[str, Any]


@record
class Pipeline:
    """A client's saved steps."""

    pipeline_id: str
    tenant_id: str
    client_id: str
    name: str
    workstream: str
    steps: list[str]


@record
class Upload:
    """One file received. `rows` good rows were found, `staged` of them are in `row`."""

    upload_id: str
    tenant_id: str
    client_id: str
    workstream: str
    filename: str
    bytes: int
    sha256: str
    artifact: str
    headers: list[str]
    mapping: dict[str, str]
    unmapped: list[str]
    bad_row_count: int
    bad_rows: list[dict[str, Any]]
    rows: int
    staged: int
    status: Literal["staging", "ready"]
    received_at: datetime


@record
class Row:
    """One staged row."""

    upload_id: str
    row: int
    tenant_id: str
    client_id: str
    cells: list[str]
    fields: dict[str, Any]


@record
class Batch:
    """A launch: which rows of which upload; None means all."""

    batch_id: str
    tenant_id: str
    client_id: str
    upload_id: str
    rows: list[int] | None


@dataclass
class State:
    """The rows that the events at hand touch. `next_rows`: for each launching event, the rows it adds."""

    tenants: Tracked[str, Tenant] = field(default_factory=Tracked)
    clients: Tracked[str, Client] = field(default_factory=Tracked)
    workflows: Tracked[tuple[str, str, str], Workflow] = field(default_factory=Tracked)
    configs: Tracked[tuple[str, str, str], Config] = field(default_factory=Tracked)
    pipelines: Tracked[str, Pipeline] = field(default_factory=Tracked)
    uploads: Tracked[str, Upload] = field(default_factory=Tracked)
    rows: Tracked[tuple[str, int], Row] = field(default_factory=Tracked)
    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    next_rows: dict[str, list[Row]] = field(default_factory=dict)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    tenant, client = event.tenant_id, event.client_id or ""
    match payload:
        case ClientRegistered():
            state.clients[client] = Client(client, tenant, payload.name, payload.domain, event.occurred_at)
            if tenant not in state.tenants:
                state.tenants[tenant] = Tenant(tenant, event.id)
        case WorkflowRegistered():
            key = (tenant, payload.workflow, payload.workstream)
            about = (payload.kind, payload.scope, payload.title, payload.description)
            state.workflows[key] = Workflow(*key, *about)
        case WorkflowConfigured():
            key = (client, payload.workflow, payload.workstream)
            state.configs[key] = Config(*key, tenant, payload.config)
        case PipelineSaved():
            state.pipelines[payload.pipeline_id] = Pipeline(
                payload.pipeline_id, tenant, client, payload.name, payload.workstream, payload.steps
            )
        case UploadReceived():
            _receive(state, event, payload)
        case RowsStaged():
            _stage(state, event, payload)
        case BatchLaunched():
            assert event.batch_id
            state.batches[event.batch_id] = Batch(event.batch_id, tenant, client, payload.upload_id, payload.rows)
        case LaunchContinued():
            pass
        case _:
            assert_never(payload)


def decide(state: State, event: Event) -> Iterator[Emit]:
    """What follows from the event, given the state after it."""
    payload: Consumed = event.payload
    match payload:
        case ClientRegistered():
            if state.tenants[event.tenant_id].first_event == event.id:
                yield from (Emit(shipped, role=f"{shipped.workflow}/{shipped.workstream}") for shipped in SHIPPED)
        case BatchLaunched() | LaunchContinued():
            yield from _add_items(event, payload.upload_id, state.next_rows.pop(event.id, []))
        case RowsStaged():
            yield from _list_customers(state.uploads[payload.upload_id], payload)
        case WorkflowRegistered() | WorkflowConfigured() | PipelineSaved() | UploadReceived():
            return
        case _:
            assert_never(payload)


def _receive(state: State, event: Event, payload: UploadReceived) -> None:
    assert event.client_id
    bad = [{"row": b.row, "column": b.column, "value": b.value, "reason": b.reason} for b in payload.bad_rows]
    state.uploads[payload.upload_id] = Upload(
        payload.upload_id, event.tenant_id, event.client_id, payload.workstream, payload.filename, payload.bytes,
        payload.sha256, payload.artifact, payload.headers, payload.mapping, payload.unmapped, payload.bad_row_count,
        bad, payload.rows, 0, "staging" if payload.rows else "ready", event.occurred_at,
    )  # fmt: skip


def _stage(state: State, event: Event, payload: RowsStaged) -> None:
    upload = state.uploads[payload.upload_id]
    for row in payload.rows:
        key = (upload.upload_id, row.row)
        state.rows[key] = Row(*key, upload.tenant_id, upload.client_id, row.cells, row.fields)
    staged = upload.staged + len(payload.rows)
    state.uploads[upload.upload_id] = replace(
        upload, staged=staged, status="ready" if staged == upload.rows else "staging"
    )


def _list_customers(upload: Upload, payload: RowsStaged) -> Iterator[Emit]:
    if upload.workstream == CUSTOMERS:
        customers = [
            ListedCustomer(row.fields.get("company_name"), _site(row.fields), row.fields.get("company_linkedin_url"))
            for row in payload.rows
        ]
        yield Emit(CustomersListed(upload.upload_id, customers, upload.status == "ready"))


def _site(fields: dict[str, Any]) -> str | None:
    return fields.get("company_domain") or fields.get("company_website")


def _add_items(event: Event, upload_id: str, rows: list[Row]) -> Iterator[Emit]:
    """The next items of a launch, and word that there are more: each transaction stays small."""
    assert event.batch_id
    for row in rows:
        item_id = derive_id("item", event.batch_id, str(row.row))
        yield Emit(ItemAdded(row.row, row.fields), item_id=item_id, role=str(row.row))
    if len(rows) == LAUNCH_CHUNK:
        yield Emit(LaunchContinued(upload_id, rows[-1].row), role="continued")
