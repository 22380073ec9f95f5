"""Clients, registry, settings, pipelines, uploads and launches, and what follows from each event. Pure.

Always true: an upload is ready once as many rows are staged as its file has good ones; every row of a launch becomes
exactly one item, whose id follows from batch and row.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final, assert_never

from services.ingest.state import Batch, ChosenColumn, Client, Config, Pipeline, Row, State, Tenant, Upload, Workflow
from shared.canonical import company_domain
from shared.envelope import Emit, Event
from shared.events import (
    BatchLaunched,
    ClientRegistered,
    ConfigurationRemoved,
    CustomersListed,
    ItemAdded,
    LaunchContinued,
    ListedCustomer,
    MappingChosen,
    PipelineRemoved,
    PipelineSaved,
    RowsStaged,
    TenantConfigured,
    UploadReceived,
    WorkflowConfigured,
    WorkflowRegistered,
    WorkflowRetired,
    wire_names,
)
from shared.ids import derive_id
from shared.record import replace

LAUNCH_CHUNK: Final = 500
CUSTOMERS: Final = "customer_companies"  # the workstream whose rows are a client's own customers
Consumed = (
    TenantConfigured
    | ClientRegistered
    | WorkflowRegistered
    | WorkflowRetired
    | WorkflowConfigured
    | ConfigurationRemoved
    | PipelineSaved
    | PipelineRemoved
    | MappingChosen
    | UploadReceived
    | RowsStaged
    | BatchLaunched
    | LaunchContinued
)
CONSUMES: Final = wire_names(Consumed)


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state."""
    payload: Consumed = event.payload
    tenant, client = event.tenant_id, event.client_id or ""
    match payload:
        case ClientRegistered():
            state.clients[client] = Client(client, tenant, payload.name, payload.domain, event.occurred_at)
            if _tenant(state, tenant).first_event is None:
                state.tenants[tenant] = replace(_tenant(state, tenant), first_event=event.id)
        case TenantConfigured():
            state.tenants[tenant] = replace(_tenant(state, tenant), share_answers=payload.share_answers)
        case WorkflowRegistered() | WorkflowRetired():
            _register(state, tenant, payload)
        case WorkflowConfigured() | ConfigurationRemoved():
            _configure(state, tenant, client, payload)
        case PipelineSaved() | PipelineRemoved():
            _save_pipeline(state, tenant, client, payload)
        case MappingChosen():
            for field, header in payload.chosen.items():
                key = (client, payload.workstream, field)
                state.chosen_columns[key] = ChosenColumn(*key, tenant, header)
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
        case BatchLaunched() | LaunchContinued():
            yield from _add_items(event, payload.upload_id, state.next_rows.pop(event.id, []))
        case RowsStaged():
            yield from _list_customers(state.uploads[payload.upload_id], payload)
        case ClientRegistered() | WorkflowRegistered() | WorkflowConfigured() | PipelineSaved() | UploadReceived():
            return
        case TenantConfigured() | WorkflowRetired() | ConfigurationRemoved() | PipelineRemoved() | MappingChosen():
            return
        case _:
            assert_never(payload)


def _tenant(state: State, tenant_id: str) -> Tenant:
    return state.tenants.get(tenant_id) or Tenant(tenant_id, None, share_answers=False)


def _register(state: State, tenant: str, payload: WorkflowRegistered | WorkflowRetired) -> None:
    key = (tenant, payload.workflow, payload.workstream)
    if isinstance(payload, WorkflowRegistered):
        about = {name: value for name, value in asdict(payload).items() if name not in ("workflow", "workstream")}
        state.workflows[key] = Workflow(*key, **about, removed=False)
    elif (known := state.workflows.get(key)) is not None:
        state.workflows[key] = replace(known, removed=True)


def _configure(state: State, tenant: str, client: str, payload: WorkflowConfigured | ConfigurationRemoved) -> None:
    key = (client, payload.workflow, payload.workstream, payload.name)
    kept = payload.config if isinstance(payload, WorkflowConfigured) else None
    state.configs[key] = Config(*key, tenant, kept or {}, removed=kept is None)


def _save_pipeline(state: State, tenant: str, client: str, payload: PipelineSaved | PipelineRemoved) -> None:
    if isinstance(payload, PipelineSaved):
        options = {step: asdict(chosen) for step, chosen in payload.options.items()}
        state.pipelines[payload.pipeline_id] = Pipeline(
            payload.pipeline_id, tenant, client, payload.name, payload.workstream, payload.steps, options, removed=False
        )
    elif (known := state.pipelines.get(payload.pipeline_id)) is not None:
        state.pipelines[payload.pipeline_id] = replace(known, removed=True)


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
    return next(filter(company_domain, (fields.get("company_domain"), fields.get("company_website"))), None)


def _add_items(event: Event, upload_id: str, rows: list[Row]) -> Iterator[Emit]:
    """The next items of a launch, and word that there are more: each transaction stays small."""
    assert event.batch_id
    for row in rows:
        item_id = derive_id("item", event.batch_id, str(row.row))
        yield Emit(ItemAdded(row.row, row.fields), item_id=item_id, role=str(row.row))
    if len(rows) == LAUNCH_CHUNK:
        yield Emit(LaunchContinued(upload_id, rows[-1].row), role="continued")
