"""What all bodies of requests have in common: nothing unknown, each value of its own type, nothing unstorable."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.writable import unwritable

LARGEST: Final = 2**63 - 1  # of the whole numbers that the database takes
Slug = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{1,79}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
RowNumber = Annotated[int, Field(ge=1, le=LARGEST)]
Credits = Annotated[float, Field(ge=0)]
Price = Annotated[float, Field(ge=0, le=1_000_000)]


class Body(BaseModel):
    """A whole number is a number, and no text, no false and no 0 is taken for another: money may hang on it."""

    model_config = ConfigDict(strict=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, body: Any) -> Any:
        if wrong := unwritable(body):
            raise ValueError(wrong)
        return body
