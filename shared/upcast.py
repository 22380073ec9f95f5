"""Old versions of payloads, made new: one function for each step of one event type, kept for ever.

An upcaster takes the raw payload of version n and gives that of version n + 1; a chain of them leads from any
version ever written to today's.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]


def _with_defaults(payload: Payload) -> Payload:
    """The next version only has more fields: reading gives them their defaults."""
    return payload


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("EventDeadLettered", 1): lambda letter: letter | {"tried_at": 0},
    ("StepDispatched", 1): _with_defaults,
    ("StepDispatched", 2): _with_defaults,
    ("DispatchRefused", 1): _with_defaults,
    ("CallbackRejected", 1): _with_defaults,
    ("AnswerReused", 1): _with_defaults,
    ("WorkflowRegistered", 1): _with_defaults,
    ("WorkflowConfigured", 1): _with_defaults,
    ("PipelineSaved", 1): _with_defaults,
    ("BatchLaunched", 1): _with_defaults,
    ("BatchPaused", 1): _with_defaults,
    ("BatchPaused", 2): _with_defaults,
    ("BatchResumed", 1): _with_defaults,
}


def upcast(name: str, version: int, newest: int, payload: Payload) -> Payload:
    """`payload` of `version`, as the `newest` version has it. Raises ValueError where no chain leads there."""
    if version > newest:
        raise ValueError(f"{name} version {version} was written by a newer program; this one knows {newest}")
    for step in range(version, newest):
        if (name, step) not in UPCASTERS:
            raise ValueError(f"no upcaster from {name} version {step}")
        payload = UPCASTERS[name, step](payload)
    return payload
