"""An event that a person may leave out for good leaves nothing behind that its service cannot fold."""

from functools import cache

import pytest

from services.callbacks import domain as callbacks
from services.callbacks.state import State as CallbacksState
from services.ingest import domain as ingest
from services.ingest.needed import SPARED, UNTIL_OVER
from services.ingest.state import State as IngestState
from shared.dead_letters import subject_of
from shared.envelope import Event
from shared.events import (
    AnswerReused,
    BatchCancelled,
    BatchPaused,
    BudgetSet,
    CallbackRejected,
    ClientRegistered,
    ConfigurationRemoved,
    CustomersRemoved,
    LaunchContinued,
    MappingChosen,
    ParcelPushed,
    PipelineRemoved,
    PipelineSaved,
    PushCancelled,
    PushCompleted,
    PushRequested,
    PushResumed,
    ReprojectionDue,
    RowsStaged,
    StagedRow,
    TenantConfigured,
    UploadReceived,
    WorkflowRegistered,
    WorkflowRetired,
)
from shared.ids import named_id
from tests.unit.dispatching import ACME, FLOW, company_id, configured
from tests.unit.engine import Engine
from tests.unit.facts import BATCH, CLIENT, NEXT_BATCH, START, UPLOAD, fact
from tests.unit.specification import Specification
from tests.unit.test_histories import SERVICES

ALL = SERVICES | {
    "ingest": (ingest.CONSUMES, lambda: Specification(IngestState(), ingest.evolve, ingest.decide)),
    "callbacks": (callbacks.CONSUMES, lambda: Specification(CallbacksState(), callbacks.evolve, callbacks.decide)),
}
PUSH, PIPELINE = named_id("push", "one"), named_id("pipe", "one")
AT_LARGE = (
    TenantConfigured(share_answers=True),
    ClientRegistered("One", "one.com"),
    WorkflowRegistered(FLOW, "apollo_scrape", "ASYNC", "company", "Companies"),
    WorkflowRetired(FLOW, "apollo_scrape"),
    ConfigurationRemoved("enrich_person", "apollo_scrape", "default"),
    PipelineSaved(PIPELINE, "Usual", "apollo_scrape", [FLOW]),
    PipelineRemoved(PIPELINE),
    MappingChosen("apollo_scrape", {"email": "Email"}),
    BudgetSet(100.0),
    CustomersRemoved(everything=True),
    CallbackRejected("not_json", "the body is not JSON", 7, workflow=FLOW, body="no JSON"),
    PushRequested(PUSH, "https://crm.example", {}, ["lead_id"], 10),
    ParcelPushed(PUSH, 1, 1, BATCH, 0, 1),
    PushResumed(PUSH),
    PushCompleted(PUSH, 1, 1),
    PushCancelled(PUSH),
)
REUSED = AnswerReused(
    FLOW, named_id("evt", "theirs"), named_id("client", "other"), "domain", ACME, START, {"name": "A"}
)
RECEIVED = UploadReceived(
    UPLOAD, "customer_companies", "a.csv", 9, "0" * 64, "a.csv", ["Name"], {"company_name": "Name"}, [], 2, 0, []
)


def at_large(nth: int) -> list[Event]:
    """What is said of no item, and of one."""
    told = [fact(payload, batch_id=None, client_id=CLIENT, nth=nth) for payload in AT_LARGE]
    reused = fact(REUSED, batch_id=None, entity_id=company_id(ACME), nth=nth)
    more = (ReprojectionDue(-1, 9), LaunchContinued(UPLOAD, 0), BatchPaused(calls=True))
    return [configured(nth=nth + 10_000), *told, reused, *(fact(payload, nth=nth) for payload in more)]


def uploaded() -> list[Event]:
    rows = [RowsStaged(UPLOAD, [StagedRow(n, ["Acme"], {"company_name": "Acme"})]) for n in range(2)]
    return [fact(payload, batch_id=None, entity_id=UPLOAD) for payload in (RECEIVED, *rows)]


@cache
def history(seed: int) -> list[Event]:
    """Two batches, paused, retried and at last cancelled, and what was set and pushed meanwhile."""
    log = Engine(seed, items=3, retries=True).run(120).log
    half = len(log) // 2
    ends = [fact(BatchCancelled(), batch_id=batch, nth=20_000) for batch in (BATCH, NEXT_BATCH)]
    return [*uploaded(), *log[:half], *at_large(0), *log[half:], *at_large(1), *ends]


def without(log: list[Event], at: int, *, held: bool) -> list[Event]:
    """The log without one event. `held`: whatever came later about its subject comes last, as once that is resolved."""
    subject, later = subject_of(log[at]), log[at + 1 :]
    waits = [held and subject in (subject_of(event), event.batch_id) for event in later]
    free = [event for event, waited in zip(later, waits, strict=True) if not waited]
    return [*log[:at], *free, *(event for event, waited in zip(later, waits, strict=True) if waited)]


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("service", "kind"),
    [(service, kind) for those in (SPARED, UNTIL_OVER) for service, kinds in those.items() for kind in kinds],
)
def test_the_rest_is_folded_without_what_may_be_left_out(service: str, kind: str, held: bool) -> None:
    consumes, new = ALL[service]
    tried = 0
    for seed in range(3):
        log = [event for event in history(seed) if event.type in consumes]
        for at in [at for at, event in enumerate(log) if event.type == kind][:12]:
            new().given(*without(log, at, held=held))
            tried += 1
    assert tried, f"no {kind} in these histories"
