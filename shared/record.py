"""Rows and events as records: never changed once made, and cheap to make.

The type checker treats a record as frozen. At run time it is a plain slotted dataclass, because a frozen one sets each
field by way of `object.__setattr__`, which makes it seven times as slow to construct (1.3 against 0.2 µs for 14
fields), and some fifty of them are made for every item.
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class a record."""
    return dataclass(slots=True)(cls)
