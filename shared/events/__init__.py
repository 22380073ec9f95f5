"""The vocabulary: every event the log can hold, with its wire name, version and writers.

Wire names and versions are literals and never change; a changed payload is a new version with an upcaster
(`shared.upcast`) and a new golden file (`tests/golden`). A payload is a frozen dataclass of JSON values; ids are
prefixed ULIDs as text, times are UTC.

A new event goes into the module of what it changes together with, and is named here.
"""

from shared.events.answers import (
    AnswerReused,
    CallbackRejected,
    EnrichmentReceived,
    ReprojectionDue,
)
from shared.events.batches import (
    BatchCancelled,
    BatchCompleted,
    BatchLaunched,
    BatchPaused,
    BatchResumed,
    BlueprintStep,
    FailedItemsRetried,
    ItemAdded,
    LaunchContinued,
)
from shared.events.catalogue import (
    CATALOGUE,
    EventType,
    FailureCode,
    Fields,
    Kind,
    Scope,
    SkipReason,
    event,
    event_type,
    wire_names,
)
from shared.events.dead_letters import (
    DeadLetterResolved,
    DeadLetterRetried,
    EventDeadLettered,
)
from shared.events.intake import (
    BadRow,
    CustomersListed,
    CustomersRemoved,
    ListedCustomer,
    MappingChosen,
    RowsStaged,
    StagedRow,
    UploadReceived,
)
from shared.events.pushes import (
    ParcelPushed,
    ParcelRefused,
    PushCancelled,
    PushCompleted,
    PushRequested,
    PushResumed,
)
from shared.events.setup import (
    BudgetSet,
    ClientRegistered,
    ConfigurationRemoved,
    PipelineRemoved,
    PipelineSaved,
    StepOptions,
    TenantConfigured,
    WorkflowConfigured,
    WorkflowRegistered,
    WorkflowRetired,
)
from shared.events.steps import (
    DispatchRefused,
    DispatchTimedOut,
    ItemCompleted,
    StepDispatched,
    StepFailed,
    StepScheduled,
)

__all__ = [
    "CATALOGUE",
    "AnswerReused",
    "BadRow",
    "BatchCancelled",
    "BatchCompleted",
    "BatchLaunched",
    "BatchPaused",
    "BatchResumed",
    "BlueprintStep",
    "BudgetSet",
    "CallbackRejected",
    "ClientRegistered",
    "ConfigurationRemoved",
    "CustomersListed",
    "CustomersRemoved",
    "DeadLetterResolved",
    "DeadLetterRetried",
    "DispatchRefused",
    "DispatchTimedOut",
    "EnrichmentReceived",
    "EventDeadLettered",
    "EventType",
    "FailedItemsRetried",
    "FailureCode",
    "Fields",
    "ItemAdded",
    "ItemCompleted",
    "Kind",
    "LaunchContinued",
    "ListedCustomer",
    "MappingChosen",
    "ParcelPushed",
    "ParcelRefused",
    "PipelineRemoved",
    "PipelineSaved",
    "PushCancelled",
    "PushCompleted",
    "PushRequested",
    "PushResumed",
    "ReprojectionDue",
    "RowsStaged",
    "Scope",
    "SkipReason",
    "StagedRow",
    "StepDispatched",
    "StepFailed",
    "StepOptions",
    "StepScheduled",
    "TenantConfigured",
    "UploadReceived",
    "WorkflowConfigured",
    "WorkflowRegistered",
    "WorkflowRetired",
    "event",
    "event_type",
    "wire_names",
]
