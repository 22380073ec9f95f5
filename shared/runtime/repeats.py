"""A command under an idempotency key, which the log takes once: what the first one said, when it comes again."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text

from shared.envelope import Event, from_json
from shared.ids import to_hex
from shared.runtime.http import Problem
from shared.runtime.queries import Queries

LOGGED: Final = text("SELECT position, body FROM log.events WHERE id = CAST(:id AS uuid)")


def _as_it_is(payload: Any) -> Any:
    return payload


async def first_said(queries: Queries, event: Event, asked: Callable[[Any], Any] = _as_it_is) -> int:
    """The position of a command that was appended; refuses one that says something else than the first of its id.

    `asked`: what of a payload a person has asked for.
    """
    found = await queries.rows(event.tenant_id, LOGGED, {"id": to_hex(event.id)})
    first = from_json(found[0]["body"])
    if (first.client_id, asked(first.payload)) != (event.client_id, asked(event.payload)):
        message = (
            f"this Idempotency-Key was used before, at {first.occurred_at:%Y-%m-%d %H:%M:%S} UTC, for a "
            f"{first.type} that says something else; nothing was changed. Send another command under another key"
        )
        raise Problem(409, "idempotency_conflict", message)
    return int(found[0]["position"])
