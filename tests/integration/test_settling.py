"""Dead letters settled by a person, as ingest takes the command."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from services.ingest import letters
from services.ingest.app import DEFINITION
from services.ingest.letters import LetterFilter
from shared.envelope import Emit, Event, caused
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BudgetSet,
    EventDeadLettered,
    FailedItemsRetried,
    ItemCompleted,
    LaunchContinued,
    StepFailed,
    StepScheduled,
    event_type,
)
from shared.ids import new_id
from shared.runtime.appender import Appender
from shared.runtime.http import Caller, Problem
from shared.runtime.queries import Queries
from tests.integration.log_harness import TENANT, append, event, logged, settings_of
from tests.running_servers import Servers
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, NEXT_BATCH, UPLOAD, added, fact, item_id, launched
from tests.unit.facts import TENANT as FACTS_TENANT

SCHEDULED = fact(StepScheduled(0, COMPANY_STEP.workflow), item=0)
COMPLETED = fact(ItemCompleted(0, COMPANY_STEP.workflow), item=0)
FAILED = fact(StepFailed(0, COMPANY_STEP.workflow, "TIMEOUT", "no answer", True), item=0)
CANCELLED = fact(BatchCancelled())
PAUSED, RETRIED = fact(BatchPaused()), fact(FailedItemsRetried(everything=True, reason="lost"))
CALLER = Caller(TENANT, "actor_00000000000000000000000000")


@pytest.fixture
async def doors(servers: Servers, database: str) -> AsyncIterator[tuple[Queries, Appender]]:
    settings = settings_of(servers, database, "ingest")
    queries, appender = (
        Queries(settings, "ingest", DEFINITION.reads),
        Appender(settings.database_url.get_secret_value(), "ingest"),
    )
    yield queries, appender
    await appender.close()
    await queries.close()


@pytest.mark.parametrize(
    ("at", "about", "later"),
    [
        (1, BATCH, [2, 4, 6, 7]),
        (2, item_id(0), [4]),
        (8, CLIENT, [9]),
    ],
)
async def test_what_waits_behind_a_letter_is_named(
    servers: Servers,
    database: str,
    doors: tuple[Queries, Appender],
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    about: str,
    later: list[int],
) -> None:
    """What the service takes of the same subject, which of a batch are its items' events too."""
    log = [
        launched(COMPANY_STEP), added(0), added(1, batch_id=NEXT_BATCH), SCHEDULED, FAILED, CANCELLED,
        replace(SCHEDULED, id=new_id("evt"), item_id=item_id(2)),
        fact(BudgetSet(1.0), batch_id=None), fact(BudgetSet(2.0), batch_id=None),
    ]  # fmt: skip
    for told in log:
        await append(servers, database, [told], role=event_type(type(told.payload)).writers[0])
    lost = log[at - 1]
    letter = EventDeadLettered("dispatcher", at, lost.id, lost.type, 1, "KeyError", at, None)
    told = caused(lost, Emit(letter), now=lost.occurred_at, actor=CALLER.actor)
    await append(servers, database, [told], role="dispatcher")
    shown = await letters.shown(doors[0], FACTS_TENANT, "dispatcher", at)
    assert (shown["subject"], [each["position"] for each in shown["later"]]) == (about, later)
    monkeypatch.setattr(letters, "SHOWN", 1)
    shown = await letters.shown(doors[0], FACTS_TENANT, "dispatcher", at)
    assert (len(shown["later"]), shown["later_count"]) == (1, len(later))


@pytest.mark.parametrize(
    ("service", "lost"),
    [
        ("dispatcher", "StepDispatched"),
        ("dispatcher", "DispatchRefused"),
        ("dispatcher", "DispatchTimedOut"),
        ("dispatcher", "BatchResumed"),
        ("dispatcher", "BatchCancelled"),
        ("dispatcher", "BatchCompleted"),
        ("sequencer", "BatchResumed"),
        ("sequencer", "BatchCancelled"),
        ("dispatcher", "BatchLaunched"),
        ("dispatcher", "ItemAdded"),
        ("sequencer", "BatchLaunched"),
        ("ingest", "BatchLaunched"),
        ("ingest", "UploadReceived"),
        ("ingest", "RowsStaged"),
        ("projector", "BatchLaunched"),
        ("projector", "ItemAdded"),
        ("projector", "ParcelPushed"),
    ],
)
async def test_what_others_have_gone_on_with_is_never_left_out(
    servers: Servers, database: str, doors: tuple[Queries, Appender], service: str, lost: str
) -> None:
    """As what came of a POST: the dispatcher would send it again, or wait for an answer without an end."""
    about = [(service, lost), ("projector", "StepDispatched"), ("dispatcher", "AnswerReused")]
    for position, (whose, kind) in enumerate(about, start=1):
        letter = EventDeadLettered(whose, position, new_id("evt"), kind, 5, "KeyError", position, None)
        await append(servers, database, [event("EventDeadLettered", letter)], role=whose)

    async def settle(wanted: LetterFilter, *, everything: bool = False, retry: bool = False) -> int:
        done = await letters.settle(*doors, CALLER, wanted, everything, "seen to", retry)
        return int(done["settled"])

    for wanted in (LetterFilter(position=1), LetterFilter(service=service), LetterFilter()):
        with pytest.raises(Problem, match=rf"the {service} cannot go on without {lost} .*; retry it") as refused:
            await settle(wanted, everything=True)
        assert refused.value.status_code == 409
    assert await logged(servers, database, ["DeadLetterResolved"]) == []
    assert await settle(LetterFilter(position=2)) == 1
    assert await settle(LetterFilter(event_type="AnswerReused")) == 1
    assert await settle(LetterFilter(), everything=True, retry=True) == 1


@pytest.mark.parametrize(
    ("service", "needed"),
    [
        ("ingest", [fact(LaunchContinued(UPLOAD, row)) for row in range(3)]),
        ("sequencer", (added(0), COMPLETED, FAILED, PAUSED, RETRIED)),
        ("dispatcher", [SCHEDULED] * 3),
    ],
)
async def test_what_a_batch_would_never_end_without_is_left_out_once_it_is_over(
    servers: Servers, database: str, doors: tuple[Queries, Appender], service: str, needed: Sequence[Event]
) -> None:
    for at, lost in enumerate(needed, start=1):
        told = EventDeadLettered(service, at, lost.id, lost.type, 5, "KeyError", at, None)
        await append(servers, database, [fact(told, batch_id=lost.batch_id, item_id=lost.item_id)], role=service)

    async def resolve(at: int) -> int:
        about = Caller(FACTS_TENANT, CALLER.actor)
        done = await letters.settle(*doors, about, LetterFilter(position=at), False, "seen to", False)
        return int(done["settled"])

    async def is_refused(at: int) -> None:
        with pytest.raises(Problem, match="retry it, or cancel the batch first") as refused:
            await resolve(at)
        assert (refused.value.status_code, BATCH in refused.value.message) == (409, True)

    for at in range(1, len(needed) + 1):
        await is_refused(at)
    step = StepScheduled(0, COMPANY_STEP.workflow)
    await append(servers, database, [fact(BatchCompleted(1, 0)), fact(step, item=0, nth=2)], role="sequencer")
    assert await resolve(1) == 1, "nothing was retried: what was scheduled since moves no item"
    await append(servers, database, [fact(FailedItemsRetried(everything=True))], role="ingest")
    await is_refused(2)
    await append(servers, database, [fact(BatchCompleted(1, 0), nth=1)], role="sequencer")
    assert await resolve(2) == 1, "no failed item fitted the retry"
    await append(servers, database, [fact(step, item=0, nth=3)], role="sequencer")
    await is_refused(3)
    await append(servers, database, [fact(BatchCancelled())], role="ingest")
    assert [await resolve(at) for at in range(3, len(needed) + 1)] == [1] * (len(needed) - 2)
