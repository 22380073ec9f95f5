"""A log of any length, as real batches write it: N people, 5 at a company, one call for each person and company.

    python -m benchmarks.generated_log postgresql://... 1000000

The sequencer's and the dispatcher's own functions decide what follows; rows and answers are those of a recorded log,
each person and company made another one. Every batch is a client of its own, so memory is that of one batch.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from services.dispatcher.app import DEFINITION as DISPATCHER
from services.sequencer.app import DEFINITION as SEQUENCER
from shared.envelope import Event, caused, from_json, stated, to_json
from shared.events import (
    BatchLaunched,
    BlueprintStep,
    ClientRegistered,
    EnrichmentReceived,
    ItemAdded,
    RowsStaged,
    StagedRow,
    StepDispatched,
    UploadReceived,
    WorkflowConfigured,
)
from shared.ids import derive_id, from_hex, named_id
from shared.runtime import archive, transfer
from shared.runtime.chain import START as BEGINNING
from shared.runtime.database import connect

RECORDED = Path(__file__).parent.parent / "tests" / "data" / "log" / "first_release.jsonl.gz"
PERSON, COMPANY = "enrich_person_via_waterfall_in_clay", "enrich_company_via_waterfall_in_clay"
BLUEPRINT = [
    BlueprintStep("normalize_company_domain", "SYNC", "item"),
    BlueprintStep(PERSON, "ASYNC", "person"),
    BlueprintStep(COMPANY, "ASYNC", "company"),
]
ITEMS, ROWS_STAGED = 1_000, 50
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
TENANT, ACTOR = named_id("tenant", "bench"), named_id("actor", "bench")


class Vocabulary:
    """The rows and answers of a recorded log, in turn."""

    def __init__(self) -> None:
        events = [from_json(entry.body) for entry in archive.entries(RECORDED)]
        answers = [event.payload for event in events if isinstance(event.payload, EnrichmentReceived)]
        self.fields = cycle([event.payload.fields for event in events if isinstance(event.payload, ItemAdded)])
        self.cells = next(event.payload.rows[0].cells for event in events if isinstance(event.payload, RowsStaged))
        found = {name: [a for a in answers if a.workflow == name and a.found] for name in (PERSON, COMPANY)}
        self.answers = {name: cycle(told) for name, told in found.items()}


class Batch:
    """One client's list, from its upload to its last item."""

    def __init__(self, number: int, vocabulary: Vocabulary) -> None:
        self.vocabulary, self.time = vocabulary, START + timedelta(minutes=10 * number)
        self.client_id = derive_id("client", _moment("client", self.time), str(number))
        self.batch_id = derive_id("batch", self.client_id, "batch")
        self.upload_id = derive_id("import", self.client_id, "upload")
        self.services = [(one, one.new_state()) for one in (SEQUENCER, DISPATCHER)]
        self.told = 0

    def events(self) -> Iterator[Event]:
        """The batch's events in log order."""
        waiting = deque(self._beginning())
        while waiting:
            event = waiting.popleft()
            yield event
            for definition, state in self.services:
                if event.type in definition.consumes:
                    definition.evolve(state, event)
                    follow = list(definition.decide(state, event))
                    waiting += [caused(e.cause or event, e, now=self._now(), actor=ACTOR) for e in follow]
            waiting += self._answered()

    def _beginning(self) -> Iterator[Event]:
        name = self.client_id[-6:]
        yield self._fact(ClientRegistered(f"Client {name}"))
        for workflow in (PERSON, COMPANY):
            yield self._fact(WorkflowConfigured(workflow, "apollo_scrape", {"webhook_url": "http://clay.example/hook"}))
        headers = [f"column {number}" for number in range(len(self.vocabulary.cells))]
        yield self._fact(
            UploadReceived(self.upload_id, "apollo_scrape", "list.csv", 1, "00", "art", headers, {}, [], ITEMS)
        )
        rows = [StagedRow(n, self.vocabulary.cells, self._fields(name, n)) for n in range(1, ITEMS + 1)]
        for first in range(0, ITEMS, ROWS_STAGED):
            yield self._fact(RowsStaged(self.upload_id, rows[first : first + ROWS_STAGED]))
        yield self._fact(BatchLaunched(self.upload_id, "apollo_scrape", BLUEPRINT, ITEMS), batch_id=self.batch_id)
        for row in rows:
            item_id = derive_id("item", self.batch_id, str(row.row))
            yield self._fact(ItemAdded(row.row, row.fields), batch_id=self.batch_id, item_id=item_id)

    def _fields(self, name: str, number: int) -> dict[str, Any]:
        company = f"{name.lower()}-{number // 5}"
        return next(self.vocabulary.fields) | {
            "company_website": f"http://www.{company}.example",
            "company_linkedin_url": f"http://www.linkedin.com/company/{company}",
            "person_linkedin_url": f"http://www.linkedin.com/in/{name.lower()}-{number}",
        }

    def _answered(self) -> Iterator[Event]:
        """Each new dispatch is accepted, and answered."""
        dispatches = self.services[1][1].dispatches
        for key in sorted(dispatches.changed):
            dispatch = dispatches[key]
            if dispatch.status == "DUE":
                about = {"batch_id": dispatch.batch_id, "item_id": dispatch.item_id, "entity_id": dispatch.entity_id}
                deadline = self.time + timedelta(hours=1)
                sent = StepDispatched(key, dispatch.workflow, dispatch.step, 1, deadline)
                answer = next(self.vocabulary.answers[dispatch.workflow]).answer
                yield self._fact(sent, **about)
                yield self._fact(EnrichmentReceived(dispatch.workflow, key, True, answer), **about)
        dispatches.changed.clear()

    def _fact(self, payload: Any, **about: str) -> Event:
        self.told += 1
        return stated(
            payload, event_id=derive_id("evt", self.batch_id, str(self.told)), tenant_id=TENANT,
            client_id=self.client_id, now=self._now(), actor=ACTOR, correlation_id=self.batch_id, **about,
        )  # fmt: skip

    def _now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


def _moment(prefix: str, at: datetime) -> str:
    """An id of this millisecond, for others to be derived from."""
    return from_hex(prefix, f"{int(at.timestamp() * 1000) << 80:032x}")


def generated() -> Iterator[Event]:
    """Events without end."""
    vocabulary, number = Vocabulary(), 0
    while True:
        yield from Batch(number, vocabulary).events()
        number += 1


async def fill(admin_url: str, count: int) -> None:
    """Put so many events into an empty log."""
    events = islice(generated(), count)
    before = BEGINNING
    async with await connect(admin_url, name="generate") as connection:
        while chunk := list(islice(events, transfer.CHUNK)):
            entries = []
            for event in chunk:
                entries.append(before.then(to_json(event)))
                before = entries[-1].place
            await transfer.extend(connection, entries)


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], int(sys.argv[2])))
