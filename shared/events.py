"""The vocabulary: every event the log can hold, with its wire name, version and writers.

Wire names and versions are literals and never change; a changed payload is a new version with an upcaster
(`shared.upcast`) and a new golden file (`tests/golden`). A payload is a frozen dataclass of JSON values; ids are
prefixed ULIDs as text, times are UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

Fields = dict[str, Any]
Kind = Literal["SYNC", "ASYNC"]
Scope = Literal["item", "company", "person"]
FailureCode = Literal["RATE_LIMIT", "API_ERROR", "VALIDATION", "AUTH", "TIMEOUT", "INTERNAL", "CONFIGURATION"]
SkipReason = Literal[
    "company_enrichment_in_progress",
    "company_already_enriched",
    "person_enrichment_in_progress",
    "person_already_enriched",
    "fields_already_there",
    "by_hand",
]


@dataclass(frozen=True, slots=True)
class EventType:
    """How one payload class stands in the log: its wire name and version, and the services that may write it."""

    name: str
    version: int
    writers: tuple[str, ...]
    payload: type


CATALOGUE: Final[dict[str, EventType]] = {}
_BY_CLASS: Final[dict[type, EventType]] = {}
_P = TypeVar("_P")


def event(name: str, version: int, *writers: str) -> Callable[[type[_P]], type[_P]]:
    """Class decorator: enters a payload class into the catalogue under its wire name."""

    def register(payload: type[_P]) -> type[_P]:
        entry = EventType(name, version, writers, payload)
        CATALOGUE[name] = entry
        _BY_CLASS[payload] = entry
        return payload

    return register


def event_type(payload: type) -> EventType:
    """The catalogue entry of a payload class. Raises KeyError for a class that is no event."""
    return _BY_CLASS[payload]


# ---- commands a person gives (ingest)


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


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a file that cannot become an item: 1-based data row number, column and reason."""

    row: int
    column: str
    value: str
    reason: str


@event("UploadReceived", 1, "ingest")
@dataclass(frozen=True, slots=True)
class UploadReceived:
    """A file was read whole and kept byte for byte under `artifact`; `rows` good rows follow in RowsStaged.

    `bad_rows` has the first thousand of the `bad_row_count` rows that cannot become items.
    """

    upload_id: str
    workstream: str
    filename: str
    bytes: int
    sha256: str
    artifact: str
    headers: list[str]
    mapping: dict[str, str]
    unmapped: list[str]
    rows: int
    bad_row_count: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)


@event("MappingChosen", 1, "ingest")
@dataclass(frozen=True, slots=True)
class MappingChosen:
    """A person said which header gives a field; it holds for the client's later files of the workstream too.

    `chosen`: field to header as the file has it; "" forgets what was chosen for the field before.
    """

    workstream: str
    chosen: dict[str, str]


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row: its 1-based number, every cell as the file has it, and the fields the mapping made of them."""

    row: int
    cells: list[str]
    fields: Fields


@event("RowsStaged", 1, "ingest")
@dataclass(frozen=True, slots=True)
class RowsStaged:
    """Some rows of an upload, in file order."""

    upload_id: str
    rows: list[StagedRow]


@dataclass(frozen=True, slots=True)
class BlueprintStep:
    """One step of a frozen blueprint: what the registry said of its workflow at launch, and the step's options."""

    workflow: str
    kind: Kind
    scope: Scope
    configuration: str = "default"
    unless: list[str] = field(default_factory=list)
    credits: float = 0.0
    sets: dict[str, list[str]] = field(default_factory=dict)
    reads_answers: bool = False


@event("BatchLaunched", 2, "ingest")
@dataclass(frozen=True, slots=True)
class BatchLaunched:
    """A blueprint starts over `items` rows of an upload; `rows` None means all of them.

    `config` overrides the client's configuration for this batch: workflow slug to settings. `max_credits`: what its
    calls may cost before it is paused.
    """

    upload_id: str
    workstream: str
    blueprint: list[BlueprintStep]
    items: int
    rows: list[int] | None = None
    pipeline_id: str | None = None
    config: dict[str, Fields] = field(default_factory=dict)
    max_credits: float | None = None


@event("ItemAdded", 1, "ingest")
@dataclass(frozen=True, slots=True)
class ItemAdded:
    """One row became the item of the envelope's `item_id`."""

    row: int
    fields: Fields


@event("LaunchContinued", 1, "ingest")
@dataclass(frozen=True, slots=True)
class LaunchContinued:
    """The rows of a launch after `after_row` are still to be added; keeps each transaction small."""

    upload_id: str
    after_row: int


@event("BatchPaused", 1, "ingest", "dispatcher")
@dataclass(frozen=True, slots=True)
class BatchPaused:
    """No further step of the batch is scheduled; what is under way ends."""

    reason: str = ""


@event("BatchResumed", 2, "ingest")
@dataclass(frozen=True, slots=True)
class BatchResumed:
    """Scheduling goes on where it stood. `max_credits`: what the batch may spend from now on; None as before."""

    reason: str = ""
    max_credits: float | None = None


@event("BatchCancelled", 1, "ingest")
@dataclass(frozen=True, slots=True)
class BatchCancelled:
    """Every open item of the batch ends as cancelled; answers already paid for are still kept."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """One company of a customer list, as the list writes it."""

    name: str | None = None
    domain: str | None = None
    linkedin_url: str | None = None


@event("CustomersListed", 1, "ingest")
@dataclass(frozen=True, slots=True)
class CustomersListed:
    """Some of the client's own customers, as an upload lists them; `complete`: the upload's last ones."""

    upload_id: str
    customers: list[ListedCustomer]
    complete: bool


@event("FailedItemsRetried", 1, "ingest")
@dataclass(frozen=True, slots=True)
class FailedItemsRetried:
    """Failed items of the batch take the step they failed at once more or, with `skip`, go on without it.

    Those that fit everything given: `items`, the `workflow` that failed, the failure `codes`. With nothing given it is
    none, unless `everything` says all.
    """

    items: list[str] = field(default_factory=list)
    workflow: str | None = None
    codes: list[FailureCode] = field(default_factory=list)
    everything: bool = False
    skip: bool = False
    reason: str = ""


# ---- the engine (sequencer, dispatcher)


@event("StepScheduled", 1, "sequencer")
@dataclass(frozen=True, slots=True)
class StepScheduled:
    """The item may take step number `step` (from 0). Said once for each item and step, and once for each retry."""

    step: int
    workflow: str


@event("BatchCompleted", 1, "sequencer")
@dataclass(frozen=True, slots=True)
class BatchCompleted:
    """Every item of the batch has ended."""

    completed: int
    failed: int


@event("StepDispatched", 2, "dispatcher")
@dataclass(frozen=True, slots=True)
class StepDispatched:
    """The provider accepted the POST of one dispatch; its answer is expected before `deadline_at`.

    `in_doubt`: an earlier POST of the same dispatch may have arrived before a crash, so the provider may have
    seen it twice, both times with this `dispatch_id`. `webhook_id`: what took it (from version 2 on).
    """

    dispatch_id: str
    workflow: str
    step: int
    attempt: int
    deadline_at: datetime
    in_doubt: bool = False
    webhook_id: str | None = None


@event("DispatchRefused", 1, "dispatcher")
@dataclass(frozen=True, slots=True)
class DispatchRefused:
    """The POST of one dispatch did not succeed. `retry_at` None: it will not be tried again."""

    dispatch_id: str
    workflow: str
    attempt: int
    code: FailureCode
    reason: str
    retry_at: datetime | None = None
    in_doubt: bool = False


@event("DispatchTimedOut", 1, "dispatcher")
@dataclass(frozen=True, slots=True)
class DispatchTimedOut:
    """No answer came before the deadline: a *missing answer*. `retry_at` None: it will not be tried again."""

    dispatch_id: str
    workflow: str
    attempt: int
    retry_at: datetime | None = None


@event("ItemCompleted", 1, "dispatcher", "sequencer")
@dataclass(frozen=True, slots=True)
class ItemCompleted:
    """The item completed one step.

    `output`: the fields that the workflow, or the answer, set. `answer_id`: the answer that an ASYNC step ended with.
    `skipped`: no call of its own was made; `claimant_item_id` is the item whose call it shared, if it was an item's.
    """

    step: int
    workflow: str
    output: Fields | None = None
    answer_id: str | None = None
    found: bool | None = None
    skipped: SkipReason | None = None
    claimant_item_id: str | None = None


@event("AnswerReused", 1, "dispatcher")
@dataclass(frozen=True, slots=True)
class AnswerReused:
    """What another client of the tenant was answered counts as an answer about this client's entity.

    `answer_id` is that client's event and `answered_at` when it was answered; `basis` and `entity_key` are what told
    that both entities are one company or person.
    """

    workflow: str
    answer_id: str
    from_client_id: str
    basis: str
    entity_key: str
    answered_at: datetime
    answer: Any


@event("StepFailed", 1, "dispatcher")
@dataclass(frozen=True, slots=True)
class StepFailed:
    """The item's step ended without success; `retryable`: the same step may succeed at another time."""

    step: int
    workflow: str
    code: FailureCode
    reason: str
    retryable: bool
    attempts: int = 0


# ---- answers (callbacks)


@event("EnrichmentReceived", 1, "callbacks")
@dataclass(frozen=True, slots=True)
class EnrichmentReceived:
    """A provider's answer, kept whole in `body`; `answer` is the enrichment object found in it.

    The envelope's `entity_id` is the company or person it is about, where that is known.
    """

    workflow: str
    dispatch_id: str | None
    found: bool
    answer: Any
    body: Any = None


@event("CallbackRejected", 2, "callbacks")
@dataclass(frozen=True, slots=True)
class CallbackRejected:
    """A callback that cannot be used: why, and how large it was.

    Of a sender that proved who it is, the body is kept whole, as it came: as text, or in base64 where it is no UTF-8.
    It can be read again once the configuration of its `workflow` says where things are (`answer_mapping`).
    """

    code: str
    reason: str
    bytes: int
    dispatch_id: str | None = None
    workflow: str | None = None
    body: str | None = None
    encoding: Literal["utf-8", "base64"] = "utf-8"
    content_type: str | None = None


# ---- leads (projector)


@event("ReprojectionDue", 1, "projector")
@dataclass(frozen=True, slots=True)
class ReprojectionDue:
    """Something at large has changed for a client: the leads of these rows of a batch are to be made again."""

    after_row: int
    upto_row: int


# ---- every service


@event("EventDeadLettered", 2, "ingest", "sequencer", "dispatcher", "callbacks", "projector")
@dataclass(frozen=True, slots=True)
class EventDeadLettered:
    """`service` could not handle the event at `position` and went on without it; later events about the same item wait
    behind it, in replay too.

    `tried_at`: the position it stood at, the event's own or that of a retry; 0 by the first release, which let later
    events pass. `attempts`: tries so far. `retry_at` None: it is not tried again until a person says so.
    """

    service: str
    position: int
    event_id: str
    event_type: str
    attempts: int
    error: str
    tried_at: int
    retry_at: datetime | None = None


@event("DeadLetterRetried", 1, "ingest", "sequencer", "dispatcher", "callbacks", "projector")
@dataclass(frozen=True, slots=True)
class DeadLetterRetried:
    """`service` takes the event at `position` now, and after it, in order, what waited behind it."""

    service: str
    position: int
    event_id: str
    reason: str = ""


@event("DeadLetterResolved", 1, "ingest")
@dataclass(frozen=True, slots=True)
class DeadLetterResolved:
    """A person decided that `service` goes on without the event at `position`; what waited behind it is taken now."""

    service: str
    position: int
    event_id: str
    reason: str
