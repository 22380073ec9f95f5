"""What a demo says came of its list, and what it counts as success."""

from typing import Any

import httpx
import pytest

from cli.addresses import Endpoint
from cli.api import Api
from cli.campaign import Campaign
from cli.demo import _failures, _show, _successful

BATCH = "batch_00000000000000000000000001"


def test_all_that_failed_is_counted_however_many_pages_it_takes() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        after, limit = (int(request.url.params.get(name, 0)) for name in ("after_row", "limit"))
        rows = range(after + 1, min(after + limit, 2500) + 1)
        return httpx.Response(200, json=[{"row": row, "reason": "odd" if row % 2 else "even"} for row in rows])

    campaign = Campaign({})
    campaign.api = Api({"sequencer": Endpoint("sequencer", "http://s")}, transport=httpx.MockTransport(handler))
    assert _failures(campaign, {"batch_id": BATCH, "failed": 2500}) == {"odd": 1250, "even": 1250}


@pytest.mark.parametrize(
    ("change", "successful"),
    [
        ({}, True),
        ({"failed": 2}, True),
        ({"leads": 4}, False),
        ({"items": 0, "leads": 0}, False),
        ({"verify": {"identical": False}}, False),
    ],
)
def test_it_succeeds_when_every_item_ended_and_nothing_differs(change: dict[str, Any], successful: bool) -> None:
    assert _successful({"items": 5, "leads": 5, "failed": 0, "verify": {"identical": True}} | change) is successful


def test_no_long_cell_takes_the_room_of_the_other_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lead = {
        "person_full_name": "Ann [Example]",
        "person_title": "Head of everything" * 9,
        "company_domain": "acme.example",
    }
    counts = dict.fromkeys(("company_calls", "companies", "person_calls", "people", "events", "seconds"), 1)
    result = counts | {"items": 1, "leads": 1, "failed": 0, "items_per_second": 1, "verify": {"identical": True}}
    _show(result, [lead])
    told = capsys.readouterr().out
    assert "Ann [Example]" in told, "what is in brackets is no markup"
    assert "acme.example" in told
