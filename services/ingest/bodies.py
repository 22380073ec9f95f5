"""What the bodies of requests may say."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.ingest.letters import Wanted
from shared.events import Kind, Scope

Slug = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,79}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewClient(_Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    domain: Annotated[str, Field(max_length=253)] | None = None


class NewWorkflow(_Body):
    workflow: Slug
    workstream: Slug
    kind: Kind
    scope: Scope = "item"
    title: str = ""
    description: str = ""


class NewConfig(_Body):
    """Settings: webhook_url, webhook_auth, callback_secret, timeout_seconds, max_attempts, freshness_days, ..."""

    workstream: Slug
    config: dict[str, Any]


class NewPipeline(_Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    workstream: Slug
    steps: Annotated[list[Slug], Field(min_length=1, max_length=100)]


class NewBatch(_Body):
    upload_id: str
    pipeline_id: str | None = None
    steps: list[Slug] | None = None
    rows: list[int] | None = None
    config: dict[str, dict[str, Any]] = {}


class Control(_Body):
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

    def wanted(self) -> Wanted:
        """The filter. Raises InvalidId."""
        return Wanted.of(**self.model_dump(exclude={"everything", "reason"}))
