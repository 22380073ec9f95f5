"""What a person sets up: clients, the registry of workflows, settings, pipelines."""

from dataclasses import dataclass, field

from shared.events.catalogue import Fields, Kind, Scope, event


@event("ClientRegistered", 1, "ingest")
@dataclass(frozen=True, slots=True)
class ClientRegistered:
    """A customer of the agency exists; its id is the envelope's `client_id`."""

    name: str
    domain: str | None = None


@event("TenantConfigured", 1, "ingest")
@dataclass(frozen=True, slots=True)
class TenantConfigured:
    """What a tenant allows. `share_answers`: what one client was answered may be looked up for another."""

    share_answers: bool


@event("BudgetSet", 1, "ingest")
@dataclass(frozen=True, slots=True)
class BudgetSet:
    """What all calls for the envelope's client may cost together, from the first on; None: as much as they do."""

    max_credits: float | None


@event("WorkflowRegistered", 2, "ingest")
@dataclass(frozen=True, slots=True)
class WorkflowRegistered:
    """A workflow can be used in pipelines of one workstream. SYNC ones run here, ASYNC ones at a provider.

    `credits` is the price of one call. `sets`: the item's fields that an answer sets, each with the answer's paths, the
    first with a value. `reads_answers`: a SYNC function is given what providers answered, too. `settings`: the JSON
    Schema of each setting of its own.
    """

    workflow: str
    workstream: str
    kind: Kind
    scope: Scope
    title: str
    description: str = ""
    credits: float = 0.0
    sets: dict[str, list[str]] = field(default_factory=dict)
    reads_answers: bool = False
    settings: Fields = field(default_factory=dict)


@event("WorkflowRetired", 1, "ingest")
@dataclass(frozen=True, slots=True)
class WorkflowRetired:
    """A workflow can be used in no new pipeline and no new launch; batches that have it go on."""

    workflow: str
    workstream: str


@event("WorkflowConfigured", 2, "ingest")
@dataclass(frozen=True, slots=True)
class WorkflowConfigured:
    """A client's settings for one workflow of one workstream, whole: it replaces the earlier ones of that name.

    Secrets are never in it: `webhook_auth` names a secret, `callback_secret_sha256` is a digest in hexadecimal.
    """

    workflow: str
    workstream: str
    config: Fields
    name: str = "default"


@event("ConfigurationRemoved", 1, "ingest")
@dataclass(frozen=True, slots=True)
class ConfigurationRemoved:
    """A client's settings of that name are no more: steps that want them fail, for they are not configured."""

    workflow: str
    workstream: str
    name: str


@dataclass(frozen=True, slots=True)
class StepOptions:
    """By which of the client's configurations a step is done; an item that has all fields of `unless` skips it."""

    configuration: str = "default"
    unless: list[str] = field(default_factory=list)


@event("PipelineSaved", 2, "ingest")
@dataclass(frozen=True, slots=True)
class PipelineSaved:
    """A client's named, ordered list of workflow slugs; saving again under the same id replaces it.

    `options`: those of the steps that have any, by slug.
    """

    pipeline_id: str
    name: str
    workstream: str
    steps: list[str]
    options: dict[str, StepOptions] = field(default_factory=dict)


@event("PipelineRemoved", 1, "ingest")
@dataclass(frozen=True, slots=True)
class PipelineRemoved:
    """A pipeline is no more; batches that were launched with it go on."""

    pipeline_id: str
