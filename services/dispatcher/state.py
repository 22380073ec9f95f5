"""The dispatcher's rows: what `domain` and `claims` work on. Pure."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from shared.entities import Entity
from shared.events import BlueprintStep, FailureCode, Kind, Scope
from shared.record import record, replace
from shared.state import Tracked

ClaimKey = tuple[str, str]
ClaimStatus = Literal["IN_PROGRESS", "ANSWERED", "FAILED"]
DispatchStatus = Literal["HELD", "DUE", "SENT", "ANSWERED", "REFUSED", "TIMED_OUT", "SUPERSEDED", "CANCELLED"]


class Step(TypedDict):
    """One step of a frozen blueprint, as a batch's row has it: see `BlueprintStep`."""

    workflow: str
    kind: Kind
    scope: Scope
    configuration: str
    unless: list[str]
    credits: float
    sets: dict[str, list[str]]
    reads_answers: bool


def kept(step: BlueprintStep) -> Step:
    """A step of a launch, as a batch's row has it."""
    return cast("Step", asdict(step))


@record
class Batch:
    """What the dispatcher needs of a batch: its frozen blueprint and its overrides of configuration.

    `paused`: a person has paused it, and none of its calls is made. `ended`: all of its items have, and none was
    retried since. `reserved` of `max_credits` are spent or about to be; `held_by` is the event at which a call was too
    much, until the batch is resumed or all of it has ended. `since`: the event since which it runs, its launch or its
    last resumption.
    `webhooks`: by workflow, those that its own configuration names, as `uuid` digits.
    """

    batch_id: str
    tenant_id: str
    client_id: str
    workstream: str
    blueprint: list[Step]
    config: dict[str, Any]
    status: Literal["running", "paused", "cancelled"]
    ended: bool
    max_credits: float | None
    reserved: float
    held_by: str | None
    launched_at: datetime
    since: str
    webhooks: dict[str, str]


@record
class Item:
    """An item and what SYNC workflows set of it, over the fields of its row."""

    item_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    output: dict[str, Any]


@record
class Config:
    """A client's settings, under a name, for one workflow of one workstream."""

    client_id: str
    workflow: str
    workstream: str
    name: str
    tenant_id: str
    config: dict[str, Any]
    webhook_id: str | None
    removed: bool


@record
class Claim:
    """The one call for an entity and workflow: who asked first, how it stands, what answered it.

    `basis` is what told the entity apart (`domain`, `linkedin`, `email`, `name`, `item`); by name is a weak match.
    Where an answer came that nobody had asked for, there is neither claimant nor dispatch, and the basis is `answer`.

    An answer stays while a newer one is asked for, and for good where none comes (then `code` and `reason` say why) or
    that finds nothing: `answered_at` is when the last one came, kept or not. `answered_for` is the claimant whose call
    the kept one answered; `refreshed_at` when its provider last looked, as it says (see `shared.dates`): of two answers
    the newer by that is kept, of two as new that which came later.
    """

    entity_id: str
    workflow: str
    tenant_id: str
    client_id: str
    scope: Scope
    entity_key: str
    basis: str
    status: ClaimStatus
    claimant_item_id: str | None
    dispatch_id: str | None
    attempt: int
    answer_id: str | None
    found: bool | None
    answered_at: datetime | None
    code: FailureCode | None
    reason: str | None
    answered_for: str | None
    refreshed_at: str | None

    @property
    def key(self) -> ClaimKey:
        return self.entity_id, self.workflow


@record
class Waiter:
    """An item's step that ends with its entity's answer; `released_by` is the event it ended with."""

    item_id: str
    step: int
    tenant_id: str
    client_id: str
    batch_id: str
    entity_id: str
    workflow: str
    released_by: str | None

    @property
    def key(self) -> ClaimKey:
        """Of the claim that it waits for."""
        return self.entity_id, self.workflow


@record
class Dispatch:
    """One attempt: for whom, when it is due, and until when its answer is expected.

    `missing`: how many of the attempts before it had no answer. `since`: from when on the call is to be made, which
    is that of the first of several attempts that were refused.
    `settings`: which of the client's for workflow and workstream it is sent by, see `settings_of`.
    """

    dispatch_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    item_id: str
    step: int
    entity_id: str
    workflow: str
    workstream: str
    settings: str
    attempt: int
    status: DispatchStatus
    due_at: datetime
    sent_at: datetime | None
    deadline_at: datetime | None
    in_doubt: bool
    code: FailureCode | None
    reason: str | None
    missing: int
    credits: float
    since: datetime

    @property
    def key(self) -> ClaimKey:
        """Of the claim that it is for."""
        return self.entity_id, self.workflow


@record
class Budget:
    """What all calls for a client may cost together (None: anything), and what of it is spent or about to be."""

    client_id: str
    tenant_id: str
    max_credits: float | None
    reserved: float


@record
class Webhook:
    """How many of a tenant's submissions a webhook has taken in its life, and when the last, says the log."""

    webhook_id: str
    tenant_id: str
    taken: int
    taken_at: datetime | None


@record
class Tenant:
    """What a tenant allows."""

    tenant_id: str
    share_answers: bool


@record
class Lendable:
    """What another client was answered about a company or person, when, by whom, and the claim that keeps it."""

    claim: Claim
    answer: Any
    answered_at: datetime
    provider: str | None


@dataclass
class State:
    """The rows that the events at hand touch. `waiting` finds the open waiters of a claim, `steps_of` by item and
    workflow the waiter of a step.

    `fields`, those of an item's row, are in the log (ItemAdded), and no table repeats them; `answers`, by their events,
    and `told`, by item (see `recall`), are the answers that steps at hand take fields from; `lendable`, by item and
    step, what other clients of the tenant were answered; `lent`, by event and workflow, what of it was lent and is not
    folded yet. `asked_for`: by event, the entities that those loaded for ask for.
    """

    batches: Tracked[str, Batch] = field(default_factory=Tracked)
    items: Tracked[str, Item] = field(default_factory=Tracked)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: Tracked[tuple[str, str, str, str], Config] = field(default_factory=Tracked)
    claims: Tracked[ClaimKey, Claim] = field(default_factory=Tracked)
    waiters: Tracked[tuple[str, int], Waiter] = field(default_factory=Tracked)
    dispatches: Tracked[str, Dispatch] = field(default_factory=Tracked)
    webhooks: Tracked[tuple[str, str], Webhook] = field(default_factory=Tracked)
    answers: dict[str, Any] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    budgets: Tracked[str, Budget] = field(default_factory=Tracked)
    tenants: Tracked[str, Tenant] = field(default_factory=Tracked)
    lendable: dict[tuple[str, int], list[Lendable]] = field(default_factory=dict)
    lent: set[tuple[str, str]] = field(default_factory=set)
    waiting: dict[ClaimKey, set[tuple[str, int]]] = field(default_factory=dict)
    steps_of: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)
    asked_for: dict[str, Entity | None] = field(default_factory=dict)
    _last_release: tuple[str, ClaimKey, list[tuple[str, int]]] = ("", ("", ""), [])

    def fields_of(self, item: Item) -> dict[str, Any]:
        """All fields of an item as they stand now."""
        return self.fields[item.item_id] | item.output

    def wait(self, waiter: Waiter) -> None:
        """Enter a waiter, open or not."""
        self.waiters[waiter.item_id, waiter.step] = waiter
        self.index(waiter)

    def index(self, waiter: Waiter) -> None:
        """Make a waiter findable by its item, an open one by its claim."""
        self.steps_of[waiter.item_id, waiter.workflow] = waiter.item_id, waiter.step
        if waiter.released_by is None:
            self.waiting.setdefault(waiter.key, set()).add((waiter.item_id, waiter.step))

    def begin(self) -> None:
        """An event is about to be folded: it has released nobody yet, even if it was folded before."""
        self._last_release = ("", ("", ""), [])

    def release(self, key: ClaimKey, event_id: str) -> None:
        """End the wait of everyone who waits for this claim."""
        places = sorted(self.waiting.get(key, ()))
        for place in places:
            self.waiters[place] = replace(self.waiters[place], released_by=event_id)
        self.waiting[key] = set()
        self._last_release = (event_id, key, places)

    def released(self, key: ClaimKey, event_id: str) -> list[Waiter]:
        """Those whose wait this event, the last one folded, has ended."""
        if self._last_release[:2] != (event_id, key):
            return []
        return [self.waiters[place] for place in self._last_release[2]]


def settings_of(batch: Batch, step: int) -> str:
    """By which settings a batch's step is done: the client's under this name, or those of the batch of this id."""
    planned = batch.blueprint[step]
    return batch.batch_id if planned["workflow"] in batch.config else str(planned["configuration"])
