"""Uploads that become ready, launches in chunks of whole rows, and settings that replace what stood before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain import CUSTOMERS, LAUNCH_CHUNK, decide, evolve
from services.ingest.state import Row, State
from shared.envelope import Event
from shared.events import (
    BadRow,
    ClientRegistered,
    CustomersListed,
    ItemAdded,
    LaunchContinued,
    ListedCustomer,
    MappingChosen,
    PipelineSaved,
    RowsStaged,
    StagedRow,
    UploadReceived,
    WorkflowConfigured,
    WorkflowRegistered,
)
from shared.ids import derive_id
from tests.unit.facts import BATCH, CLIENT, COMPANY_STEP, OTHER_CLIENT, TENANT, UPLOAD, fact, launched, told_again
from tests.unit.specification import Specification


def ingest(*given_: Event) -> Specification:
    return Specification(State(), evolve, decide).given(*given_)


def registered(client_id: str = CLIENT, name: str = "One") -> Event:
    return fact(ClientRegistered(name, "one.com"), client_id=client_id, batch_id=None)


def received(rows: int, bad: int = 0, workstream: str = "apollo_scrape") -> Event:
    broken = [BadRow(n, "email", "x", "no address") for n in range(bad)]
    payload = UploadReceived(
        UPLOAD,
        workstream,
        "list.csv",
        9,
        "0" * 64,
        "a/b.csv",
        ["Email"],
        {"email": "Email"},
        [],
        rows,
        bad,
        broken,
    )
    return fact(payload, batch_id=None)


def staged(*numbers: int) -> Event:
    rows = [StagedRow(n, [f"{n}@acme.com"], {"email": f"{n}@acme.com"}) for n in numbers]
    return fact(RowsStaged(UPLOAD, rows), batch_id=None)


def rows(*numbers: int) -> list[Row]:
    return [Row(UPLOAD, n, TENANT, CLIENT, [], {"email": f"{n}@acme.com"}) for n in numbers]


def launching(batch: Specification, event: Event, numbers: list[int]) -> Specification:
    """The launch, as it is with the rows that the store has found for it."""
    batch.state.next_rows[event.id] = rows(*numbers)
    return batch.when(event)


def test_clients_are_told_again_and_stay_the_same() -> None:
    found = ingest()
    found.when(registered(), registered(OTHER_CLIENT, "Other"), told_again(registered())).then()
    assert {client.name for client in found.state.clients.values()} == {"One", "Other"}


@pytest.mark.parametrize(("told", "website", "known"), [
    ("acme.com", "https://acme.de", "acme.com"), ("acme", "https://acme.de", "https://acme.de"),
    ("gmail.com", "acme.de", "acme.de"), (None, "acme.de", "acme.de"), ("acme", "gmail.com", None),
])  # fmt: skip
def test_a_customer_s_website_stands_in_for_what_is_no_domain(
    told: str | None, website: str, known: str | None
) -> None:
    row = StagedRow(1, [], {"company_name": "Acme", "company_domain": told, "company_website": website})
    found = ingest(received(1, workstream=CUSTOMERS)).when(fact(RowsStaged(UPLOAD, [row]), batch_id=None))
    found.then(CustomersListed(UPLOAD, [ListedCustomer("Acme", known)], True))


def test_an_upload_is_ready_once_every_good_row_is_staged() -> None:
    found = ingest(received(3, bad=1))
    assert found.state.uploads[UPLOAD].status == "staging"
    found.when(staged(1, 2)).then()
    assert (found.state.uploads[UPLOAD].status, found.state.uploads[UPLOAD].staged) == ("staging", 2)
    found.when(staged(4)).then()
    upload = found.state.uploads[UPLOAD]
    assert (upload.status, upload.staged, upload.bad_row_count) == ("ready", 3, 1)
    assert upload.bad_rows == [{"row": 0, "column": "email", "value": "x", "reason": "no address"}]
    assert sorted(row for _, row in found.state.rows) == [1, 2, 4]


def test_an_upload_without_good_rows_is_ready_at_once() -> None:
    assert ingest(received(0, bad=2)).state.uploads[UPLOAD].status == "ready"


def test_a_launch_adds_an_item_for_each_row() -> None:
    found = launching(ingest(), launched(COMPANY_STEP, items=2), [3, 8])
    found.then(ItemAdded(3, {"email": "3@acme.com"}), ItemAdded(8, {"email": "8@acme.com"}))
    assert [event.item_id for event in found.following] == [
        derive_id("item", BATCH, "3"),
        derive_id("item", BATCH, "8"),
    ]
    assert {event.batch_id for event in found.following} == {BATCH}
    assert found.state.next_rows == {}


def test_a_launch_of_nothing_adds_nothing() -> None:
    launching(ingest(), launched(COMPANY_STEP, items=0), []).then()


@pytest.mark.parametrize("count", [1, LAUNCH_CHUNK - 1, LAUNCH_CHUNK, LAUNCH_CHUNK + 1, 2 * LAUNCH_CHUNK])
def test_a_launch_goes_on_in_chunks_until_every_row_is_an_item(count: int) -> None:
    found, event, left, items = ingest(), launched(COMPANY_STEP, items=count), list(range(1, count + 1)), []
    while event is not None:
        launching(found, event, left[:LAUNCH_CHUNK])
        items += [e.item_id for e in found.following if isinstance(e.payload, ItemAdded)]
        going_on = [e for e in found.following if isinstance(e.payload, LaunchContinued)]
        left = left[LAUNCH_CHUNK:]
        event = going_on[0] if going_on else None
        assert event is None or event.payload == LaunchContinued(UPLOAD, len(items))
    assert left == []
    assert len(set(items)) == len(items) == count


@given(st.sets(st.integers(1, 10_000), max_size=30))
def test_an_item_s_id_follows_from_batch_and_row(numbers: set[int]) -> None:
    first = launching(ingest(), launched(COMPANY_STEP, items=len(numbers)), sorted(numbers)).following
    again = launching(ingest(), launched(COMPANY_STEP, items=len(numbers)), sorted(numbers)).following
    assert [(e.id, e.item_id) for e in first] == [(e.id, e.item_id) for e in again]


def test_settings_workflows_and_pipelines_saved_again_replace_the_earlier_ones() -> None:
    found = ingest(
        fact(WorkflowConfigured("enrich", "apollo_scrape", {"a": 1})),
        fact(WorkflowConfigured("enrich", "apollo_scrape", {"b": 2})),
        fact(WorkflowConfigured("enrich", "crm_data", {"c": 3})),
        fact(WorkflowRegistered("enrich", "apollo_scrape", "SYNC", "item", "Old")),
        fact(WorkflowRegistered("enrich", "apollo_scrape", "ASYNC", "company", "New")),
        fact(PipelineSaved("pipe_1", "mine", "apollo_scrape", ["a"])),
        fact(PipelineSaved("pipe_1", "mine", "apollo_scrape", ["b", "a"])),
    ).state
    assert [config.config for config in found.configs.values()] == [{"b": 2}, {"c": 3}]
    assert [(workflow.kind, workflow.title) for workflow in found.workflows.values()] == [("ASYNC", "New")]
    assert [pipeline.steps for pipeline in found.pipelines.values()] == [["b", "a"]]


def test_what_was_chosen_for_a_field_last_counts_for_each_workstream() -> None:
    found = ingest(
        fact(MappingChosen("crm_data", {"notes": "Memo", "email": "Work"})),
        fact(MappingChosen("crm_data", {"notes": "", "title": "Role"})),
        fact(MappingChosen("apollo_scrape", {"notes": "Text"})),
    )
    found.then()
    assert {key[1:]: column.header for key, column in found.state.chosen_columns.items()} == {
        ("crm_data", "notes"): "",
        ("crm_data", "email"): "Work",
        ("crm_data", "title"): "Role",
        ("apollo_scrape", "notes"): "Text",
    }


@given(st.permutations([staged(1, 2), staged(3), staged(4, 5, 6)]), st.integers(1, 3))
def test_the_state_does_not_depend_on_how_the_log_is_cut(chunks: list[Event], size: int) -> None:
    events = [registered(), received(6), *chunks]
    whole, cut = ingest(*events).state, ingest()
    for start in range(0, len(events), size):
        fresh = State()
        for name in ("tenants", "clients", "uploads", "rows"):
            table = getattr(cut.state, name)
            getattr(fresh, name).loaded(table.keys(), table.items())
        cut.state = fresh
        cut.given(*events[start : start + size])
    assert (dict(cut.state.uploads), dict(cut.state.rows)) == (dict(whole.uploads), dict(whole.rows))
    assert whole.uploads[UPLOAD].status == "ready"
