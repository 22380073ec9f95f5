"""A history as a person reads it: each event in a few words, with its cause, and nothing that moves the cursor."""

from typing import Any

import pytest

from cli.output import plain
from cli.story import summary, told
from shared.ids import derive_id, new_id


def test_a_history_names_causes_within_it_by_position() -> None:
    base = {"occurred_at": "2026-01-01T10:00:00.5Z", "payload": {"step": 0, "workflow": "enrich"}}
    events = [
        base | {"id": "evt_A", "position": 3, "type": "StepScheduled", "causation_id": "evt_0123456789"},
        base | {"id": "evt_B", "position": 9, "type": "StepScheduled", "causation_id": "evt_A"},
    ]
    assert told(events)[1] == {
        "position": "9", "time": "2026-01-01 10:00:00", "item": "", "event": "StepScheduled",
        "summary": "step 1 enrich", "cause": "#3",
    }  # fmt: skip
    assert told(events)[0]["cause"] == "evt_…456789"


def test_items_are_named_by_their_rows_where_these_are_told() -> None:
    base = {"occurred_at": "2026-01-01T10:00:00Z", "causation_id": None}
    events = [
        base | {"id": "evt_A", "position": 3, "type": "ItemAdded", "item_id": "item_A", "payload": {"row": 7}},
        base | {"id": "evt_B", "position": 4, "type": "StepScheduled", "item_id": "item_A", "payload": {}},
        base | {"id": "evt_C", "position": 5, "type": "StepScheduled", "item_id": "item_0123456789", "payload": {}},
        base | {"id": "evt_D", "position": 6, "type": "BatchPaused", "payload": {}},
    ]
    assert [row["item"] for row in told(events)] == ["row 7", "row 7", "item_…456789", ""]


@pytest.mark.parametrize("stated", ["evt_00000000000000000000000009", None])
def test_a_call_and_its_answer_are_told_with_what_they_follow_from(stated: str | None) -> None:
    """Whatever cause they name: the dispatcher of an earlier version named one that is no event."""
    scheduled, entity = new_id("evt"), new_id("company")
    first = derive_id("disp", scheduled, entity)
    second = derive_id("disp", first, "retry")
    third = derive_id("disp", second, "retry")
    kinds = [
        ("StepScheduled", None), ("DispatchRefused", first), ("StepDispatched", second), ("DispatchTimedOut", second),
        ("StepDispatched", third), ("EnrichmentReceived", third),
    ]  # fmt: skip
    events = [
        {
            "id": scheduled if kind == "StepScheduled" else new_id("evt"), "position": position, "type": kind,
            "occurred_at": "2026-01-01T10:00:00Z", "entity_id": entity, "causation_id": dispatch and stated,
            "payload": {"dispatch_id": dispatch} if dispatch else {"step": 0, "workflow": "enrich"},
        }
        for position, (kind, dispatch) in enumerate(kinds, start=1)
    ]  # fmt: skip
    assert [row["cause"] for row in told(events)] == ["", "#1", "#2", "#3", "#4", "#5"]


def test_a_call_that_is_not_told_with_its_step_names_the_cause_it_states() -> None:
    event = {
        "id": "evt_A", "position": 4, "type": "StepDispatched", "occurred_at": "2026-01-01T10:00:00Z",
        "payload": {"dispatch_id": new_id("disp")}, "causation_id": "evt_0123456789",
    }  # fmt: skip
    assert told([event])[0]["cause"] == "evt_…456789"


@pytest.mark.parametrize(
    ("event", "payload", "said"),
    [
        ("ItemCompleted", {"step": 1, "workflow": "w", "skipped": "company_already_enriched"},
         "step 2 w: skipped, company_already_enriched"),
        ("ItemCompleted", {"step": 0, "workflow": "w", "output": {"a": 1}}, "step 1 w: set a"),
        ("DispatchTimedOut", {"workflow": "w", "attempt": 2}, "w: no answer to attempt 2; not tried again"),
        ("MappingChosen", {"workstream": "s", "chosen": {"email": "Mail", "notes": ""}},
         "s: email from Mail, notes from no column"),
        ("WorkflowConfigured", {"workflow": "w", "workstream": "s", "config": {"webhook_url": "https://secret"}},
         "w for s: webhook_url"),
        ("SomethingNew", {"a": "x\x1b[2J", "b": [1]}, "a x [2J"),
    ],
)  # fmt: skip
def test_an_event_in_a_few_words(event: str, payload: dict[str, Any], said: str) -> None:
    assert summary({"type": event, "payload": payload}) == said


def test_no_known_event_needs_a_key_to_be_there() -> None:
    from shared.events import CATALOGUE

    assert all(isinstance(summary({"type": name, "payload": {}}), str) for name in CATALOGUE)


def test_text_from_outside_cannot_move_the_cursor() -> None:
    assert plain("a\x1b[31m\tb\r\nc\u202e") == "a [31m b c"
    assert (plain(None), plain(3), plain({"é": 1})) == ("", "3", '{"é": 1}')
