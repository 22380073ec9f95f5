"""The answers that nothing was read from, a page at a time."""

from typing import Any

import pytest

from services.projector.app import DEFINITION
from shared.envelope import Event
from shared.events import EnrichmentReceived, ItemCompleted
from shared.ids import named_id
from tests.integration.folding import fold
from tests.integration.projected import opened
from tests.running_servers import Servers
from tests.unit.facts import COMPANY_STEP, added, fact, launched

ODD = {"Ort": "Bonn"}


def answered(number: int) -> list[Event]:
    """An answer that named another company than the one that it was asked about: it stands with both."""
    step, named = COMPANY_STEP.workflow, named_id("company", f"named {number}")
    said = fact(EnrichmentReceived(step, None, True, ODD), entity_id=named, batch_id=None, hours=number // 2)
    ended = ItemCompleted(0, step, answer_id=said.id, found=True)
    asked = fact(ended, item=number, entity_id=named_id("company", f"asked {number}"), hours=9)
    return [added(number, company_name="Acme"), said, asked]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_every_unread_answer_is_listed_once(servers: Servers, database: str, limit: int) -> None:
    rows = [event for number in range(5) for event in answered(number)]
    await fold(servers, database, DEFINITION, [launched(COMPANY_STEP, items=5), *rows])
    async with opened(servers, database) as projected:
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while page := await projected.get("/v1/answers/unread", limit=limit, **after):
            found += page
            after = {"after": page[-1]["answer_id"]}
    assert len({each["answer_id"] for each in found}) == len(found) == 5
