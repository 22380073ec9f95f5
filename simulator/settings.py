"""The simulator's knobs: which misbehaviour of Clay to show, how much of it, and how fast.

Every knob but those in `FIXED` may change while it runs; a value that is not valid changes nothing.
All shares are fractions from 0 to 1, all times say their unit in the name.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import DirectoryPath, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Share = Annotated[float, Field(ge=0, le=1)]

FIXED = frozenset({"host", "port", "answers"})


class KnobRefused(ValueError):
    """A change of settings that cannot be made: the knob's name and the reason."""

    def __init__(self, knob: str, reason: str) -> None:
        super().__init__(f"{knob}: {reason}")
        self.knob = knob
        self.reason = reason


class SimulatorSettings(BaseSettings):
    """Read from `LEADSTREAM_SIMULATOR_*`; arguments win over the environment."""

    model_config = SettingsConfigDict(
        env_prefix="LEADSTREAM_SIMULATOR_", env_ignore_empty=True, frozen=True, allow_inf_nan=False
    )

    host: str = Field("127.0.0.1", description="address it listens on")
    port: int = Field(8200, ge=0, le=65535, description="0 takes a free port")
    answers: DirectoryPath | None = Field(None, description="folder of *.json and *.jsonl answers; none: made up")
    as_of: date = Field(date(2026, 3, 1), description="made-up answers were refreshed shortly before")
    shapes: Literal["nested", "flat", "mixed"] = Field("nested", description="mixed: every second one flat")
    webhook_auth: SecretStr | None = Field(None, description="required in x-clay-webhook-auth")
    seed: int = Field(1, description="of its dice")

    delay_ms: float = Field(0, ge=0, description="until it answers")
    jitter_ms: float = Field(0, ge=0, description="added to the delay, evenly spread from 0 to this")
    reorder: Share = Field(0, description="answered `reorder_by_ms` late, so behind later submissions")
    reorder_by_ms: float = Field(500, ge=0, description="how late those are")
    loss: Share = Field(0, description="accepted and never answered")
    duplicate: Share = Field(0, description="answered twice")
    malformed: Share = Field(0, description="answered with a body that is not JSON")

    status_429: Share = Field(0, description="refused with 429 and Retry-After")
    status_5xx: Share = Field(0, description="refused with 503")
    rate_per_second: float = Field(0, ge=0, description="of all webhooks together; 0: unlimited")
    burst: int = Field(20, ge=1, description="submissions that may exceed the rate at once")
    submission_limit: int = Field(50_000, ge=0, description="per webhook; past it nothing is answered")

    max_callbacks_in_flight: int = Field(64, ge=1, description="answers it sends at once")
    callback_retries: int = Field(5, ge=0, description="after 429, 5xx or no connection")
    callback_backoff_ms: float = Field(250, ge=0, description="before the first retry; doubles each time")

    def changed(self, knobs: Mapping[str, Any]) -> Self:
        """These settings with other values for some knobs; `KnobRefused` names the first that cannot be."""
        if fixed := sorted(FIXED & knobs.keys()):
            raise KnobRefused(fixed[0], "is set when the simulator starts")
        try:
            return type(self)(**{**self.model_dump(), **knobs})
        except ValidationError as error:
            first = error.errors()[0]
            raise KnobRefused(str(first["loc"][0]), first["msg"]) from error
