"""What an item waits for, said in plain words: one reason for each state that an item can be in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.why import Known, reasons

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
ITEM, OTHER, BATCH = "item_1", "item_2", "batch_1"
HEALTHY = {"database": True, "nats": True, "lag_events": 0, "lag_seconds": 0}


def step(**about: Any) -> dict[str, Any]:
    return {
        "step": 0, "workflow": "enrich", "status": "PENDING", "code": None, "reason": None,
        "scheduled_at": "2026-02-01T11:00:00Z", "ended_at": None,
    } | about  # fmt: skip


def attempt(number: int = 1, status: str = "SENT", **about: Any) -> dict[str, Any]:
    return {
        "dispatch_id": f"disp_{number}", "attempt": number, "status": status, "reason": None,
        "due_at": "2026-02-01T11:00:00Z", "sent_at": "2026-02-01T11:00:01Z", "deadline_at": "2026-02-01T13:00:00Z",
    } | about  # fmt: skip


def waiting(*attempts: dict[str, Any], claimant: str = ITEM, **about: Any) -> dict[str, Any]:
    claim = {
        "entity_id": "company_1", "entity_key": "acme.com", "claimant_item_id": claimant,
        "dispatch_id": attempts[0]["dispatch_id"],
    }  # fmt: skip
    wait = {"step": 0, "workflow": "enrich", "claim": claim, "attempts": list(attempts)}
    return wait | {"left_alone_seconds": 0, "left_alone_as_asked": False, "webhook_full": False} | about


def letter(**about: Any) -> dict[str, Any]:
    return {
        "service": "projector", "position": 7, "event_type": "ItemCompleted", "item_id": ITEM, "error": "KeyError",
        "retry_at": None,
    } | about  # fmt: skip


def known(status: str = "running", batch: str = "running", **about: Any) -> Known:
    item = {"item_id": ITEM, "batch_id": BATCH, "row": 1, "status": status, "steps": [step()], "ended_at": None}
    item |= about.pop("item", {})
    given = {"waits": [], "letters": [], "health": {"dispatcher": HEALTHY}} | about
    return Known(item, {"status": batch, "client_id": "client_1", "workstream": "crm_data"}, now=NOW, **given)


ENDED = {"ended_at": "2026-02-01T11:30:00Z"}
FAILED = ENDED | {"steps": [step(status="FAILED", code="CONFIGURATION", reason="no configuration")]}
STANDS_BY = {"left_alone_seconds": None, "left_alone_as_asked": None, "webhook_full": None}
REFUSED = attempt(1, "REFUSED", reason="the webhook answered 429")


@pytest.mark.parametrize(
    ("facts", "code", "says", "do"),
    [
        (known("completed", item=ENDED), "completed", "waits for nothing: it completed at 2026-02-01 11:30", ""),
        (known("failed", item=FAILED), "failed", "step 1 enrich: CONFIGURATION, no configuration", "-w crm_data"),
        (known("parked", "paused"), "paused", "its batch is paused", f"batch resume {BATCH}"),
        (known(waits=[waiting(attempt())]), "answer", "answer is due by 2026-02-01 13:00", ""),
        (known(waits=[waiting(attempt(deadline_at="2026-02-01T11:59:00Z"))]), "answer_overdue", "is missing", "doctor"),
        (known(waits=[waiting(attempt(), claimant=OTHER)]), "claimed", f"company_1 (acme.com), which {OTHER}", OTHER),
        (
            known(waits=[waiting(attempt(2, "DUE", due_at="2026-02-01T12:05:00Z"), REFUSED)]),
            "retry",
            "tried again at 2026-02-01 12:05:00 (attempt 2; attempt 1: the webhook answered 429)",
            "",
        ),
        (known(waits=[waiting(attempt(status="DUE"))]), "rate_limit", "waits for its turn at its webhook", "webhooks"),
        (known(waits=[waiting(attempt(status="DUE"), left_alone_seconds=30)]), "circuit_open", "in 30 s", "webhooks"),
        (
            known(waits=[waiting(attempt(status="DUE"), left_alone_seconds=30, left_alone_as_asked=True)]),
            "retry_after", "its webhook asked to be left alone (Retry-After), for another 30 s", "webhooks",
        ),
        (
            known(waits=[waiting(attempt(status="DUE"), **STANDS_BY)]),
            "unknown_here", "unknown here: ask the replica that leads", "LEADSTREAM_DISPATCHER_URL",
        ),
        (
            known(waits=[waiting(attempt(2, "DUE", due_at="2026-02-01T12:05:00Z"), REFUSED, **STANDS_BY)]),
            "retry", "tried again at 2026-02-01 12:05:00", "",
        ),
        (known("completed", item=ENDED, letters=[letter()]), "dead_letter", "projector could not", "show projector 7"),
        (known("failed", item=FAILED, letters=[letter()]), "dead_letter", "projector could not", "show projector 7"),
        (known(waits=[waiting(attempt(status="DUE"), webhook_full=True)]), "webhook_full", "in its life", "webhooks"),
        (known(letters=[letter()]), "dead_letter", "projector could not handle #7", "show projector 7"),
        (known(letters=[letter(item_id=OTHER)]), "dead_letter", f"about {OTHER}", "show projector 7"),
        (known(letters=[letter(item_id=None)]), "dead_letter", "about its batch", "show projector 7"),
        (known(), "scheduled", "the dispatcher has not taken it up yet", ""),
        (known(waits=None), "unknown", "the dispatcher, which knows more, does not answer", ""),
    ],
)  # fmt: skip
def test_what_keeps_it_comes_first(facts: Known, code: str, says: str, do: str) -> None:
    first = reasons(facts)[0]
    assert first.code == code
    assert says in first.text
    assert do in first.do


@pytest.mark.parametrize(
    ("health", "code"),
    [
        (None, "service_down"),
        (HEALTHY | {"nats": False}, "server_away"),
        (HEALTHY | {"lag_events": 9, "lag_seconds": 70.5}, "lag"),
    ],
)
def test_a_service_that_is_away_or_behind_is_named(health: Any, code: str) -> None:
    found = reasons(known(health={"sequencer": health}))
    assert found[-1].code == code
    assert found[-1].text.startswith("sequencer")


def test_an_item_that_ended_and_is_stuck_in_a_service_is_told_as_both() -> None:
    found = reasons(known("completed", item=ENDED, letters=[letter()]))
    assert [reason.code for reason in found] == ["dead_letter", "completed"]
    assert found[1].text == "it completed at 2026-02-01 11:30:00"


def test_there_is_always_a_reason() -> None:
    moving = known(item={"steps": [step(ended_at="2026-02-01T12:00:00Z")]})
    assert reasons(moving)
