"""Traces, made from events: off unless an OTEL_ variable asks for them.

An item is a trace and each taking of one of its events by a service a span; what is about no item is traced by its
correlation. All ids are derived from those of the events, so that nothing has to be carried in them, services agree
without talking, and an old log gives the same traces.
"""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from shared.envelope import Event
from shared.ids import to_hex

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

# Which span a trace hangs on: the first that every trace of its kind has.
ROOTS: Final = {("sequencer", "ItemAdded"), ("sequencer", "BatchLaunched")}


def traces_asked_for(service: str, environ: Mapping[str, str] = os.environ) -> "Traces | None":
    """The traces that the environment asks for: OTEL_TRACES_EXPORTER `otlp` or `console`, or an endpoint for OTLP."""
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    wanted = environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(environ.get(name) for name in endpoints) else "none")
    if wanted == "none" or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if wanted == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return Traces(service, ConsoleSpanExporter(), _ratio(environ))
    if wanted == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return Traces(service, OTLPSpanExporter(), _ratio(environ))
    raise SystemExit(f"OTEL_TRACES_EXPORTER is {wanted!r}: it can be otlp, console or none")


class Traces:
    """What one service makes of the events it takes. `ratio`: the share of traces that are made, by trace id."""

    def __init__(self, service: str, exporter: "SpanExporter", ratio: float = 1.0) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._service = service
        self._bound = round(ratio * 2**64)
        self._resource = Resource.create({"service.name": f"leadstream-{service}"})
        self._processor = BatchSpanProcessor(exporter)

    def taken(self, events: Sequence[Event], seconds: float) -> None:
        """These events were taken in one transaction that has ended now."""
        from opentelemetry.sdk.trace import ReadableSpan

        ended = time.time_ns()
        for event in events:
            trace = int(to_hex(event.item_id or event.correlation_id), 16)
            if trace % 2**64 >= self._bound:
                continue
            root = _context(trace, str(trace))
            is_root = (self._service, event.type) in ROOTS
            span = ReadableSpan(
                name=f"{self._service} {event.type}",
                context=root if is_root else _context(trace, f"{event.id}/{self._service}"),
                parent=None if is_root else root,
                resource=self._resource,
                attributes=_attributes(event),
                start_time=ended - int(seconds * 1e9),
                end_time=ended,
            )
            self._processor.on_end(span)

    def close(self) -> None:
        """Hand over what was made."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


def _context(trace: int, name: str) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags

    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return SpanContext(
        trace, int.from_bytes(digest, "big"), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _attributes(event: Event) -> dict[str, str | int]:
    ids = ("id", "causation_id", "batch_id", "item_id", "entity_id")
    told = {f"leadstream.{name}": str(value) for name in ids if (value := getattr(event, name))}
    return told | {"leadstream.position": event.position}


def _ratio(environ: Mapping[str, str]) -> float:
    told = environ.get("OTEL_TRACES_SAMPLER_ARG") or "1"
    try:
        ratio = float(told)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise SystemExit(f"OTEL_TRACES_SAMPLER_ARG is {told!r}: it has to be a share between 0 and 1")
    return ratio
