"""Dead letters of all services, as the log tells of them: listed, shown, retried, resolved by the filter given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import text

from services.ingest import listings, needed
from shared.dead_letters import settles, settling, subject_of
from shared.envelope import Event, from_json
from shared.events import DeadLetterResolved, DeadLetterRetried, EventDeadLettered
from shared.ids import kind_of_id, optional, parse_id, to_hex
from shared.runtime import clock
from shared.runtime.appender import Appender
from shared.runtime.http import Caller, Problem
from shared.runtime.queries import Queries, Row

Status = Literal["open", "retried", "resolved"]
AT_ONCE: Final = 1_000
SHOWN: Final = 100
COUNTED: Final = 10_000
# Two indexes of their own: few rows, in a log of millions.
FACTS: Final = text(
    "SELECT position, body FROM log.events WHERE type = 'EventDeadLettered' UNION ALL "
    "SELECT position, body FROM log.events WHERE type IN ('DeadLetterRetried', 'DeadLetterResolved') ORDER BY position"
)
EVENT: Final = text("SELECT body FROM log.events WHERE position = :position")
# By the prefix of what a letter is about, by indexes; a batch's events are those of its items too.
ABOUT: Final = {"item": "item_id = CAST(:id AS uuid)", "batch": listings.WITH_ITEMS}
ABOUT_ANOTHER: Final = (
    "item_id IS NULL AND batch_id IS NULL AND coalesce(entity_id, client_id, tenant_id) = CAST(:id AS uuid)"
)
LATER: Final = (
    "SELECT position, type FROM log.events WHERE {} AND position > :after AND type = ANY(:types)"
    " ORDER BY position LIMIT :limit"
)


@dataclass(frozen=True)
class LetterFilter:
    """Which letters: all that agree with everything given. `error`: a part of what it says."""

    service: str | None = None
    position: int | None = None
    event_type: str | None = None
    batch_id: str | None = None
    item_id: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, batch_id: str | None, item_id: str | None, **others: Any) -> "LetterFilter":
        """What a person typed; empty text is nothing, but no id. Raises InvalidId."""
        given = {name: value or None for name, value in others.items()}
        batch, item = optional(parse_id, "batch", batch_id), optional(parse_id, "item", item_id)
        return cls(batch_id=batch, item_id=item, **given)

    @property
    def subjects(self) -> list[str]:
        """The batch and the item that are named."""
        return [each for each in (self.batch_id, self.item_id) if each is not None]

    def matches(self, row: Row) -> bool:
        """Whether a letter is one of those."""
        exact = ("service", "position", "event_type", "batch_id", "item_id")
        told = all(getattr(self, name) in (None, row[name]) for name in exact)
        return told and (self.error is None or self.error.lower() in row["error"].lower())


async def listing(queries: Queries, tenant_id: str, status: str | None, wanted: LetterFilter, limit: int) -> list[Row]:
    """The tenant's first dead letters in the order of their events, each with its latest try."""
    letters = await _letters(queries, tenant_id)
    return [row for row, _ in letters if status in (None, row["status"]) and wanted.matches(row)][:limit]


async def shown(queries: Queries, tenant_id: str, service: str, position: int) -> Row:
    """One letter: the event itself, every try, and what came later about the same subject that the service takes: the
    first SHOWN, and how many of the next COUNTED events they are.
    """
    found = [(row, tries) for row, tries in await _letters(queries, tenant_id) if _is(row, service, position)]
    if not found:
        raise Problem(404, "not_found", f"{service} has no dead letter at position {position}")
    row, tries = found[0]
    event = await queries.rows(tenant_id, EVENT, {"position": position})
    subject = subject_of(tries[-1])
    later = await _later(queries, tenant_id, service, subject, position)
    return row | {
        "event": orjson.loads(event[0]["body"]) if event else None,
        "tries": [_try(letter) for letter in tries],
        "subject": subject,
        "later": later[:SHOWN],
        "later_count": len(later),
    }


async def settle(
    queries: Queries,
    appender: Appender,
    caller: Caller,
    wanted: LetterFilter,
    everything: bool,
    reason: str,
    retry: bool,
) -> Row:
    """Retry or resolve every open letter that is wanted. Nothing given means none, unless `everything` is said."""
    if wanted == LetterFilter() and not everything:
        message = "no filter was given: name letters by service, position, event_type, batch_id, item_id or error"
        raise Problem(422, "empty_filter", f'{message}, or say "everything": true')
    letters = [
        (row, tries[-1])
        for row, tries in await _letters(queries, caller.tenant_id)
        if row["status"] == "open" and wanted.matches(row)
    ]
    if not retry:
        await needed.insist_on_none(queries, caller.tenant_id, [row for row, _ in letters])
    position = None
    for first in range(0, len(letters), AT_ONCE):
        chunk = letters[first : first + AT_ONCE]
        position = await appender.append([_settled(letter, reason, retry, caller) for _, letter in chunk])
    names = [{"service": row["service"], "position": row["position"]} for row, _ in letters[:SHOWN]]
    return {"settled": len(letters), "letters": names, "position": position}


async def _later(queries: Queries, tenant_id: str, service: str, subject: str, after: int) -> list[Row]:
    statement = text(LATER.format(ABOUT.get(kind_of_id(subject), ABOUT_ANOTHER)))
    wanted = {"id": to_hex(subject), "after": after, "types": needed.consumed(service), "limit": COUNTED}
    return await queries.rows(tenant_id, statement, wanted)


def _is(row: Row, service: str, position: int) -> bool:
    return bool(row["service"] == service and row["position"] == position)


def _settled(letter: Event, reason: str, retry: bool, caller: Caller) -> Event:
    about: EventDeadLettered = letter.payload
    kind = DeadLetterRetried if retry else DeadLetterResolved
    payload = kind(about.service, about.position, about.event_id, reason)
    return settling(letter, payload, clock.now(), caller.actor)


async def _letters(queries: Queries, tenant_id: str) -> list[tuple[Row, list[Event]]]:
    """Every letter with how it stands, and its tries."""
    rows = await queries.rows(tenant_id, FACTS)
    return list(folded([from_json(row["body"], row["position"]) for row in rows]))


def folded(events: Sequence[Event]) -> Iterator[tuple[Row, list[Event]]]:
    """The letters that these events tell of, in the order of what they are about, each with its tries; as its service
    has it: the latest try is open until the first event that settles that one.
    """
    tries: dict[tuple[int, str], list[Event]] = {}
    settled: dict[str | None, Event] = {}
    for event in events:
        if isinstance(event.payload, EventDeadLettered):
            tries.setdefault((event.payload.position, event.payload.service), []).append(event)
        else:
            settled.setdefault(settles(event), event)
    for _, letters in sorted(tries.items()):
        yield _row(letters, settled.get(letters[-1].id)), letters


def _row(tries: list[Event], settled: Event | None) -> Row:
    first, last = tries[0], tries[-1]
    about: EventDeadLettered = last.payload
    status = "open"
    if settled is not None:
        status = "retried" if isinstance(settled.payload, DeadLetterRetried) else "resolved"
    return {
        "service": about.service, "position": about.position, "event_type": about.event_type,
        "event_id": about.event_id, "status": status, "error": about.error, "attempts": about.attempts,
        "retry_at": about.retry_at if status == "open" else None,
        "client_id": last.client_id, "batch_id": last.batch_id, "item_id": last.item_id,
        "entity_id": last.entity_id, "first_at": first.occurred_at, "last_at": last.occurred_at,
        "settled_at": settled and settled.position, "reason": settled.payload.reason if settled else None,
    }  # fmt: skip


def _try(letter: Event) -> Row:
    about: EventDeadLettered = letter.payload
    return {
        "position": letter.position, "tried_at": about.tried_at, "attempt": about.attempts, "error": about.error,
        "occurred_at": letter.occurred_at,
    }  # fmt: skip
