"""The steps of items: scheduled, sent to providers, refused or missed, ended."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.catalogue import FailureCode, Fields, SkipReason, event


@event("StepScheduled", 1, "sequencer")
@dataclass(frozen=True, slots=True)
class StepScheduled:
    """The item may take step number `step` (from 0). Said once for each item and step, and once for each retry."""

    step: int
    workflow: str


@event("StepDispatched", 3, "dispatcher")
@dataclass(frozen=True, slots=True)
class StepDispatched:
    """The provider accepted the POST of one dispatch; its answer is expected before `deadline_at`.

    `in_doubt`: an earlier POST of the same dispatch may have arrived before a crash, so the provider may have
    seen it twice, both times with this `dispatch_id`. `webhook_id`: what took it (from version 2 on). `left_out`: the
    fields that were not sent, the longest, because a webhook takes no body of that size (from version 3 on).
    """

    dispatch_id: str
    workflow: str
    step: int
    attempt: int
    deadline_at: datetime
    in_doubt: bool = False
    webhook_id: str | None = None
    left_out: list[str] | None = None


@event("DispatchRefused", 2, "dispatcher")
@dataclass(frozen=True, slots=True)
class DispatchRefused:
    """The POST of one dispatch did not succeed. `retry_at` None: it will not be tried again.

    `in_doubt`: this POST, which had no answer, or an earlier one of the dispatch may have arrived all the same, and
    counts as made. `webhook_id`: what may have taken it then (from version 2 on).
    """

    dispatch_id: str
    workflow: str
    attempt: int
    code: FailureCode
    reason: str
    retry_at: datetime | None = None
    in_doubt: bool = False
    webhook_id: str | None = None


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
