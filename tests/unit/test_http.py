"""What no event can hold is told by every API in the one shape of its errors."""

import pytest
from starlette.testclient import TestClient

from shared.envelope import EventTooLarge, UnstorableEvent
from shared.runtime.http import application


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(EventTooLarge("it has 9 MB"), 413, "too_large"), (UnstorableEvent("it has NUL"), 422, "invalid")],
)
def test_what_no_event_can_hold_is_told(error: Exception, status: int, code: str) -> None:
    app = application("test", "")

    @app.get("/")
    async def refuse() -> None:
        raise error

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (status, {"error": {"code": code, "message": str(error)}})
