"""A command under an idempotency key, which the log takes once: what the first one said, when it comes again."""

from typing import Final

from sqlalchemy import text

from shared.envelope import Event, from_json
from shared.ids import to_hex
from shared.runtime.http import Problem
from shared.runtime.queries import Queries

LOGGED: Final = text("SELECT position, body FROM log.events WHERE id = CAST(:id AS uuid)")


async def given_before(queries: Queries, tenant_id: str, event_id: str) -> Event | None:
    """The event of this id, where the log has it. What is there by now counts no more: the command was right then."""
    found = await queries.rows(tenant_id, LOGGED, {"id": to_hex(event_id)})
    return from_json(found[0]["body"], found[0]["position"]) if found else None


async def first_said(queries: Queries, event: Event) -> int:
    """The position of a command that was appended; refuses one that says something else than the first of its id."""
    first = await given_before(queries, event.tenant_id, event.id)
    assert first
    if (first.client_id, first.payload) != (event.client_id, event.payload):
        raise conflict(first)
    return first.position


def conflict(first: Event) -> Problem:
    """The refusal of a command that says something else than the first one under its key."""
    message = (
        f"this Idempotency-Key was used before, at {first.occurred_at:%Y-%m-%d %H:%M:%S} UTC, for a "
        f"{first.type} that says something else; nothing was changed. Send another command under another key"
    )
    return Problem(409, "idempotency_conflict", message)
