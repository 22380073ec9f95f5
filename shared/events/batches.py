"""A batch: the blueprint it runs, its items, and what a person does with it."""

from dataclasses import dataclass, field

from shared.events.catalogue import FailureCode, Fields, Kind, Scope, event


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


@event("BatchPaused", 3, "ingest", "dispatcher")
@dataclass(frozen=True, slots=True)
class BatchPaused:
    """No further step of the batch is scheduled; what is under way ends.

    `since`: where a call would cost too much, the BatchResumed, else the BatchLaunched, after which it was. A batch
    that was resumed again before this was said stays so (from version 2 on).
    `calls`: none is made that is not out (from version 3 on). Where one would cost too much, those that fit are made.
    """

    reason: str = ""
    since: str | None = None
    calls: bool = False


@event("BatchResumed", 2, "ingest")
@dataclass(frozen=True, slots=True)
class BatchResumed:
    """Steps and calls go on where they stood. `max_credits`: what the batch may spend from now on; None as before."""

    reason: str = ""
    max_credits: float | None = None


@event("BatchCancelled", 1, "ingest")
@dataclass(frozen=True, slots=True)
class BatchCancelled:
    """Every open item of the batch ends as cancelled; answers already paid for are still kept.

    Nothing of the batch is retried from then on, also where it had ended by itself before.
    """

    reason: str = ""


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

    def fits(self, item_id: str, workflow: str, code: str | None) -> bool:
        """Whether an item that failed at this workflow, with this code, is one of those."""
        return bool(self.everything or self.items or self.workflow or self.codes) and (
            (not self.items or item_id in self.items)
            and (not self.workflow or workflow == self.workflow)
            and (not self.codes or code in self.codes)
        )


@event("BatchCompleted", 1, "sequencer")
@dataclass(frozen=True, slots=True)
class BatchCompleted:
    """Every item of the batch has ended. Said anew after each retry, at once where no failed item fits it."""

    completed: int
    failed: int
