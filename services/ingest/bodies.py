"""What the bodies of requests may say."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.ingest.letters import LetterFilter
from services.ingest.writable import unwritable
from shared.canonical import registrable_domain
from shared.events import FailureCode, Kind, Scope, StepOptions

Slug = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,79}$")]


Name = Annotated[str, Field(min_length=1, max_length=200)]
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
SELECTED_ROWS: Final = 100_000  # their numbers are one event


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, body: Any) -> Any:
        if wrong := unwritable(body):
            raise ValueError(wrong)
        return body


class NewTenant(_Body):
    """`share_answers`: what one client was answered may be looked up for another."""

    share_answers: bool


def _domain(told: str) -> str | None:
    if told and registrable_domain(told) is None:
        raise ValueError(f"{told!r} is no domain: it has to be one such as acme.com")
    return told or None


class NewClient(_Body):
    """`again`: another client of a name that there is, in whatever case."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    domain: Annotated[str, Field(max_length=253), AfterValidator(_domain)] | None = None
    again: bool = False


class NewWorkflow(_Body):
    """`sets`: fields of the item to the paths in an answer that set them. `settings`: JSON Schemas by setting."""

    workflow: Slug
    workstream: Slug
    kind: Kind
    scope: Scope = "item"
    title: str = ""
    description: str = ""
    credits: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    sets: dict[Slug, Annotated[list[str], Field(min_length=1, max_length=20)]] = {}
    reads_answers: bool = False
    settings: dict[Slug, dict[str, Any]] = {}


class NewConfig(_Body):
    """Settings, as the workflow's `settings_schema` has them, under a name: a client may have several."""

    workstream: Slug
    config: dict[str, Any]
    name: Name = "default"


class NewStep(_Body):
    """A step that is done by another configuration than `default`, or skipped by items that have all of `unless`."""

    workflow: Slug
    configuration: Name = "default"
    unless: Annotated[list[Slug], Field(max_length=20)] = []


Steps = Annotated[list[Slug | NewStep], Field(min_length=1, max_length=100)]


def steps_of(steps: list[Slug | NewStep]) -> list[tuple[str, StepOptions]]:
    """Each step's slug and options."""
    given = [NewStep(workflow=step) if isinstance(step, str) else step for step in steps]
    return [(step.workflow, StepOptions(step.configuration, step.unless)) for step in given]


class NewPipeline(_Body):
    name: Name
    workstream: Slug
    steps: Steps


class NewBatch(_Body):
    """`config`: settings of its steps for this batch only. `max_credits`: what its calls may cost before it pauses."""

    upload_id: str
    pipeline_id: str | None = None
    steps: Steps | None = None
    rows: Annotated[list[RowNumber], Field(max_length=SELECTED_ROWS)] | None = None
    config: dict[Slug, dict[str, Any]] = {}
    max_credits: Annotated[float, Field(ge=0)] | None = None


class Control(_Body):
    """`max_credits` goes with resume: what the batch may spend from now on."""

    reason: str = ""
    max_credits: Annotated[float, Field(ge=0)] | None = None


class NewBudget(_Body):
    """What all calls for a client may cost together; null: as much as they do."""

    max_credits: Annotated[float, Field(ge=0)] | None


class Removed(_Body):
    """One customer, by anything that a list may tell of it."""

    name: Annotated[str, Field(max_length=500)] | None = None
    domain: Annotated[str, Field(max_length=500)] | None = None
    linkedin_url: Annotated[str, Field(max_length=500)] | None = None


class FewerCustomers(_Body):
    """Which customers go: those named, those that only `upload_id` lists, those that `kept_upload_id` does not list.

    For all of them say `everything`.
    """

    customers: Annotated[list[Removed], Field(max_length=10_000)] = []
    upload_id: str | None = None
    kept_upload_id: str | None = None
    everything: bool = False
    reason: Annotated[str, Field(max_length=500)] = ""


class Failed(_Body):
    """Which failed items: those that fit everything given. For all of them say `everything`."""

    items: Annotated[list[str], Field(max_length=10_000)] = []
    workflow: Slug | None = None
    codes: list[FailureCode] = []
    everything: bool = False
    reason: str = ""


class Settle(_Body):
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
