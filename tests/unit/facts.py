"""Events for specifications: the same fact told twice has the same id, as a redelivered event has.

`nth` tells apart two events that say the same.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.envelope import Event
from shared.events import BatchLaunched, BlueprintStep, ItemAdded, event_type
from shared.ids import named_id

TENANT = named_id("tenant", "agency")
CLIENT = named_id("client", "one")
OTHER_CLIENT = named_id("client", "other")
BATCH = named_id("batch", "first")
NEXT_BATCH = named_id("batch", "next")
UPLOAD = named_id("import", "upload")
START = datetime(2026, 2, 1, 9, tzinfo=UTC)
COMPANY_STEP = BlueprintStep("enrich_company", "ASYNC", "company")
PERSON_STEP = BlueprintStep("enrich_person", "ASYNC", "person")
ITEM_STEP = BlueprintStep("score", "ASYNC", "item")
SYNC_STEP = BlueprintStep("tidy", "SYNC", "item")


def item_id(number: int) -> str:
    return named_id("item", str(number))


def fact(payload: Any, *, item: int | None = None, hours: float = 0, nth: int = 0, **about: Any) -> Event:
    """The event that says `payload`, `hours` after START; of CLIENT's BATCH unless told otherwise."""
    entry = event_type(type(payload))
    about = {
        "client_id": CLIENT,
        "batch_id": BATCH,
        "item_id": None if item is None else item_id(item),
    } | about
    name = named_id("evt", repr((payload, about, hours, nth)))
    return Event(
        id=name, type=entry.name, version=entry.version, tenant_id=TENANT, payload=payload,
        occurred_at=START + timedelta(hours=hours), actor=named_id("actor", "somebody"), correlation_id=name,
        **about,
    )  # fmt: skip


def launched(*steps: BlueprintStep, items: int = 1, config: dict | None = None, **about: Any) -> Event:
    return fact(BatchLaunched(UPLOAD, "apollo_scrape", list(steps), items, config=config or {}), **about)


def added(number: int, hours: float = 0, batch_id: str = BATCH, **fields: Any) -> Event:
    return fact(ItemAdded(number, fields), item=number, hours=hours, batch_id=batch_id)


def told_again(event: Event) -> Event:
    """Another event that says the same: not a redelivery, a true repetition."""
    return replace(event, id=named_id("evt", event.id, "again"))
