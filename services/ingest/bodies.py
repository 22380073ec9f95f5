"""What the bodies of requests may say."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from services.ingest.letters import LetterFilter
from shared.canonical import registrable_domain
from shared.events import FailureCode, Kind, Scope, StepOptions
from shared.runtime.bodies import Body, Credits, Name, Price, RowNumber, Slug

SELECTED_ROWS: Final = 100_000  # their numbers are one event


class NewTenant(Body):
    """`share_answers`: what one client was answered may be looked up for another."""

    share_answers: bool


def _domain(told: str) -> str | None:
    if told and registrable_domain(told) is None:
        raise ValueError(f"{told!r} is no domain: it has to be one such as acme.com")
    return told or None


class NewClient(Body):
    """`again`: another client of a name that there is, in whatever case."""

    name: Name
    domain: Annotated[str, Field(max_length=253), AfterValidator(_domain)] | None = None
    again: bool = False


class NewWorkflow(Body):
    """`sets`: fields of the item to the paths in an answer that set them. `settings`: JSON Schemas by setting."""

    workflow: Slug
    workstream: Slug
    kind: Kind
    scope: Scope = "item"
    title: str = ""
    description: str = ""
    credits: Price = 0.0
    sets: dict[Slug, Annotated[list[str], Field(min_length=1, max_length=20)]] = Field(default_factory=dict)
    reads_answers: bool = False
    settings: dict[Slug, dict[str, Any]] = Field(default_factory=dict)


class NewConfig(Body):
    """Settings, as the workflow's `settings_schema` has them, under a name: a client may have several."""

    workstream: Slug
    config: dict[str, Any]
    name: Name = "default"


class NewStep(Body):
    """A step that is done by another configuration than `default`, or skipped by items that have all of `unless`."""

    workflow: Slug
    configuration: Name = "default"
    unless: Annotated[list[Slug], Field(max_length=20)] = Field(default_factory=list)


Steps = Annotated[list[Slug | NewStep], Field(min_length=1, max_length=100)]


def steps_of(steps: list[Slug | NewStep]) -> list[tuple[str, StepOptions]]:
    """Each step's slug and options."""
    given = [NewStep(workflow=step) if isinstance(step, str) else step for step in steps]
    return [(step.workflow, StepOptions(step.configuration, step.unless)) for step in given]


class NewPipeline(Body):
    name: Name
    workstream: Slug
    steps: Steps


class NewBatch(Body):
    """`config`: settings of its steps for this batch only. `max_credits`: what its calls may cost before it pauses."""

    upload_id: str
    pipeline_id: str | None = None
    steps: Steps | None = None
    rows: Annotated[list[RowNumber], Field(max_length=SELECTED_ROWS)] | None = None
    config: dict[Slug, dict[str, Any]] = Field(default_factory=dict)
    max_credits: Credits | None = None


class Control(Body):
    """`max_credits` goes with resume: what the batch may spend from now on."""

    reason: str = ""
    max_credits: Credits | None = None


class NewBudget(Body):
    """What all calls for a client may cost together; null: as much as they do."""

    max_credits: Credits | None


class Removed(Body):
    """One customer, by anything that a list may tell of it."""

    name: Annotated[str, Field(max_length=500)] | None = None
    domain: Annotated[str, Field(max_length=500)] | None = None
    linkedin_url: Annotated[str, Field(max_length=500)] | None = None


class FewerCustomers(Body):
    """Which customers go: those named, those that only `upload_id` lists, those that `kept_upload_id` does not list.

    For all of them say `everything`.
    """

    customers: Annotated[list[Removed], Field(max_length=10_000)] = Field(default_factory=list)
    upload_id: str | None = None
    kept_upload_id: str | None = None
    everything: bool = False
    reason: Annotated[str, Field(max_length=500)] = ""


class Failed(Body):
    """Which failed items: those that fit everything given. For all of them say `everything`."""

    items: Annotated[list[str], Field(max_length=10_000)] = Field(default_factory=list)
    workflow: Slug | None = None
    codes: list[FailureCode] = Field(default_factory=list)
    everything: bool = False
    reason: str = ""


class Settle(Body):
    """Which dead letters: those that agree with everything given; `error` is a part of what it says."""

    service: Slug | None = None
    position: Annotated[int, Field(ge=1)] | None = None
    event_type: str | None = None
    batch_id: str | None = None
    item_id: str | None = None
    error: str | None = None
    everything: bool = False
    reason: Annotated[str, Field(max_length=500)] = ""

    def wanted(self) -> LetterFilter:
        """The filter. Raises InvalidId."""
        return LetterFilter.of(**self.model_dump(exclude={"everything", "reason"}))
