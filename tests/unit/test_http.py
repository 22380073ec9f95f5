"""What no event can hold is told by every API in the one shape of its errors."""

import httpx
import pytest

from shared.envelope import EventTooLarge, UnstorableEvent
from shared.runtime.http import application


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(EventTooLarge("it has 9 MB"), 413, "too_large"), (UnstorableEvent("it has NUL"), 422, "invalid")],
)
async def test_what_no_event_can_hold_is_told(error: Exception, status: int, code: str) -> None:
    app = application("test", "")

    @app.get("/")
    async def refuse() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()) == (status, {"error": {"code": code, "message": str(error)}})
