"""Ingest's rows: what `domain` works on. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.events import Kind, Scope
from shared.record import record
from shared.state import Tracked


@record
class Tenant:
    """An agency's organisation; `first_event` registered its first client.

    `share_answers`: what one client was answered may be looked up for another.
    """

    tenant_id: str
    first_event: str | None
    share_answers: bool


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
    """An entry of the registry; `removed` when it was retired."""

    tenant_id: str
    workflow: str
    workstream: str
    kind: Kind
    scope: Scope
    title: str
    description: str
    credits: float
    sets: dict[str, list[str]]
    reads_answers: bool
    settings: dict[str, Any]
    removed: bool


@record
class Config:
    """A client's settings, under a name, for one workflow of one workstream."""

    client_id: str
    workflow: str
    workstream: str
    name: str
    tenant_id: str
    config: dict[str, Any]
    removed: bool


@record
class ChosenColumn:
    """What a client's files of a workstream call a field, as a person said; "" when that was taken back."""

    client_id: str
    workstream: str
    field: str
    tenant_id: str
    header: str


@record
class Pipeline:
    """A client's saved steps."""

    pipeline_id: str
    tenant_id: str
    client_id: str
    name: str
    workstream: str
    steps: list[str]
    options: dict[str, Any]
    removed: bool


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
    configs: Tracked[tuple[str, str, str, str], Config] = field(default_factory=Tracked)
    chosen_columns: Tracked[tuple[str, str, str], ChosenColumn] = field(default_factory=Tracked)
    pipelines: Tracked[str, Pipeline] = field(default_factory=Tracked)
    uploads: Tracked[str, Upload] = field(default_factory=Tracked)
    rows: Tracked[tuple[str, int], Row] = field(default_factory=Tracked)
    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    next_rows: dict[str, list[Row]] = field(default_factory=dict)
