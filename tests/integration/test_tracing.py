"""Traces are made from events alone: services agree on them, and they reach a collector over HTTP."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.envelope import Emit, Event, caused
from shared.events import ItemCompleted, StepScheduled
from shared.ids import named_id, to_hex
from shared.runtime.tracing import Traces, traces_asked_for
from tests.unit.facts import BATCH, COMPANY_STEP, START, added, launched

ACTOR = named_id("actor", "somebody")


def chain() -> list[Event]:
    """A launch, an item, its step, its end."""
    launch, item = launched(COMPANY_STEP), added(1)
    step = caused(item, Emit(StepScheduled(0, COMPANY_STEP.workflow)), now=START, actor=ACTOR)
    return [launch, item, step, caused(step, Emit(ItemCompleted(0, "w")), now=START, actor=ACTOR)]


def spans(service: str, *events: Event, ratio: float = 1.0) -> list[ReadableSpan]:
    exporter = InMemorySpanExporter()
    traces = Traces(service, exporter, ratio)
    traces.taken(events, 0.25)
    traces.close()
    return list(exporter.get_finished_spans())


def test_an_item_is_one_trace_that_all_services_hang_on_the_same_root() -> None:
    launch, *of_item = chain()
    sequenced, dispatched = spans("sequencer", launch, *of_item), spans("dispatcher", launch, *of_item)
    trace = int(to_hex(str(of_item[0].item_id)), 16)
    assert [span.context.trace_id == trace for span in sequenced] == [False, True, True, True]
    roots = [span for span in sequenced + dispatched if span.parent is None]
    assert [span.name for span in roots] == ["sequencer BatchLaunched", "sequencer ItemAdded"]
    hanging = [span for span in sequenced + dispatched if span.parent and span.context.trace_id == trace]
    assert {span.parent.span_id for span in hanging if span.parent} == {roots[1].context.span_id}
    every = [span.context.span_id for span in sequenced + dispatched]
    assert len(set(every)) == len(every) == 8
    assert spans("dispatcher", *of_item)[0].context == dispatched[1].context, "made again, it is the same"


def test_a_span_says_what_it_is_about_and_how_long_it_took() -> None:
    (span,) = spans("dispatcher", chain()[2])
    assert (span.end_time or 0) - (span.start_time or 0) == 250_000_000
    assert span.attributes is not None
    assert span.attributes["leadstream.batch_id"] == BATCH
    assert {"leadstream.id", "leadstream.causation_id", "leadstream.item_id"} <= {*span.attributes}
    assert span.resource.attributes["service.name"] == "leadstream-dispatcher"


def test_a_share_of_the_items_is_traced_whole_or_not_at_all() -> None:
    items = [added(number) for number in range(200)]
    some = {span.context.trace_id for span in spans("sequencer", *items, ratio=0.3)}
    assert 30 < len(some) < 90
    assert {span.context.trace_id for span in spans("dispatcher", *items, ratio=0.3)} == some
    assert spans("sequencer", *items, ratio=0) == []


def test_without_a_variable_nothing_of_it_is_even_imported() -> None:
    assert traces_asked_for("dispatcher", {}) is None
    assert (
        traces_asked_for("dispatcher", {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"})
        is None
    )
    assert traces_asked_for("dispatcher", {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}) is None
    import subprocess

    code = "import sys, services.dispatcher.app; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("environ", [{"OTEL_TRACES_EXPORTER": "zipkin"}, {"OTEL_TRACES_SAMPLER_ARG": "most"}])
def test_a_variable_that_cannot_be_used_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match=next(iter(environ))):
        traces_asked_for("dispatcher", {"OTEL_TRACES_EXPORTER": "console"} | environ)


@pytest.fixture
def collector() -> Iterator[tuple[str, list[str]]]:
    """An OTLP collector that notes the paths it is called at."""
    seen: list[str] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_a_collector_gets_them(collector: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    url, seen = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    traces = traces_asked_for("dispatcher")
    assert traces is not None
    traces.taken(chain(), 0.1)
    traces.close()
    assert seen == ["/v1/traces"]
