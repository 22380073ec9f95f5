"""What every API refuses before a route sees it, and the one shape of its errors."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
import structlog
from fastapi import FastAPI, Request
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from shared.envelope import EventTooLarge, UnstorableEvent
from shared.runtime.appender import Unavailable
from shared.runtime.http import MAX_BODY_BYTES, Asking, Stored, application
from shared.runtime.queries import NotThereYet
from shared.runtime.settings import Settings


def made(**tokens: str) -> FastAPI:
    """An application with a route that takes JSON, one that streams and one that has tokens of its own."""
    app = application("test", "", {}, own_tokens=("/own/{token}",), streamed=("/streamed",))
    app.state.settings = Settings(api_tokens=tokens)

    @app.post("/json")
    async def take(caller: Asking, body: dict[str, Any]) -> str:
        return caller.tenant_id

    @app.post("/streamed")
    @app.post("/own/{token}")
    async def length(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.get("/json")
    async def read(caller: Asking, queries: Stored) -> None: ...

    @app.get("/health/live")
    async def live() -> None: ...

    return app


async def asked(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **request)


async def unread() -> AsyncIterator[bytes]:
    """A body that nobody may read."""
    raise AssertionError("the body was read")
    yield b""


async def endless() -> AsyncIterator[bytes]:
    """A body of unknown length, of which no more may be read than is allowed."""
    for _ in range(MAX_BODY_BYTES // 65_536 + 1):
        yield bytes(65_536)
    raise AssertionError("it was read on")


@pytest.mark.parametrize("path", ["/json", "/streamed", "/nowhere"])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic right"}])
async def test_who_is_unknown_is_refused_before_the_body_is_read(path: str, headers: dict[str, str]) -> None:
    answer = await asked(made(right="acme"), "POST", path, headers=headers, content=unread())
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_method_that_a_path_has_not_is_told_with_those_it_has() -> None:
    answer = await asked(made(), "PUT", "/json")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert (await asked(made(), "HEAD", "/streamed")).headers["allow"] == "POST"


async def test_a_path_with_a_slash_more_is_another_one() -> None:
    answer = await asked(made(), "GET", "/json/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "http_error")
    assert "location" not in answer.headers


@pytest.mark.parametrize(("content", "says"), [
    (b'{"a": 1,\n b": 2}', "body: it is no JSON at line 2 column 2: Expecting property name enclosed in double quotes"),
    (b'{"a": "\xff"}', "body: byte 8 is no UTF-8"), (b'{"a": ' + b"[" * 99_999, "body: it is nested too deep"),
    (b'{"a": ' + b"9" * 5_000 + b"}", "body: a number has more digits than are read"),
])  # fmt: skip
async def test_what_is_no_json_is_told_with_the_place(content: bytes, says: str) -> None:
    answer = await asked(made(), "POST", "/json", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert answer.json()["error"]["message"].startswith(says)


@pytest.mark.parametrize("said", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_json_that_is_not_said_to_be_json_is_told_so(said: str | None) -> None:
    headers = {"content-type": said} if said else {}
    answer = await asked(made(), "POST", "/json", content=b'{"name": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert (said or "without Content-Type") in answer.json()["error"]["message"]
    assert "Content-Type: application/json" in answer.json()["error"]["message"]
    assert (await asked(made(), "POST", "/json")).status_code == 422


async def test_a_number_that_no_database_takes_is_named() -> None:
    app = made()
    app.state.queries = None
    answer = await asked(app, "GET", f"/json?at_position={10**20}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert answer.json()["error"]["message"].startswith("query.at_position: ")
    assert (await asked(app, "GET", f"/json?at_position={2**63 - 1}")).status_code == 200


async def test_who_is_known_and_what_is_open_are_served() -> None:
    app, bearer = made(right="acme"), {"authorization": "bearer right"}
    assert (await asked(app, "POST", "/json", headers=bearer, json={})).json().startswith("tenant_")
    assert (await asked(app, "POST", "/own/x", content=b"abc")).json() == 3
    for path in ("/health/live", "/docs", "/openapi.json"):
        assert (await asked(app, "GET", path)).status_code == 200


@pytest.mark.parametrize("request_", [
    {"content": unread(), "headers": {"content-length": str(MAX_BODY_BYTES + 1)}}, {"content": endless()}
])  # fmt: skip
async def test_a_long_body_is_refused_as_soon_as_it_is_known_to_be_long(request_: dict[str, Any]) -> None:
    answer = await asked(made(), "POST", "/json", **request_)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_the_longest_body_is_taken_and_what_streams_is_left_to_its_route() -> None:
    longest = {"a": "x" * (MAX_BODY_BYTES - len('{"a":""}'))}
    assert (await asked(made(), "POST", "/json", json=longest)).status_code == 200
    for path in ("/streamed", "/own/x"):
        assert (await asked(made(), "POST", path, content=bytes(MAX_BODY_BYTES + 1))).json() == MAX_BODY_BYTES + 1


@pytest.mark.parametrize("path", ["/json", "/streamed"])
@pytest.mark.parametrize(("headers", "says"), [
    ({"content-encoding": "gzip"}, "without Content-Encoding"), ({"content-encoding": "br, gzip"}, "'br, gzip'"),
    ({"content-type": "multipart/form-data; boundary=x"}, "--data-binary"),
])  # fmt: skip
async def test_a_packed_body_is_refused_before_it_is_read(path: str, headers: dict[str, str], says: str) -> None:
    answer = await asked(made(), "POST", path, headers=headers, content=unread())
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")
    assert says in answer.json()["error"]["message"]
    assert answer.headers["accept-encoding"] == "identity"


async def test_what_is_said_to_be_as_it_is_is_read() -> None:
    assert (await asked(made(), "POST", "/json", headers={"content-encoding": "identity"}, json={})).status_code == 200
    headers = {"content-encoding": "gzip"}
    assert (await asked(made(), "POST", "/own/x", headers=headers, content=b"abc")).json() == 3


async def failing(error: Exception) -> httpx.Response:
    """The answer of a route that raises this."""
    app = made()

    @app.get("/")
    async def fail() -> None:
        raise error

    return await asked(app, "GET", "/")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(EventTooLarge("it has 9 MB"), 413, "too_large"), (UnstorableEvent("it has NUL"), 422, "invalid")],
)
async def test_what_no_event_can_hold_is_told(error: Exception, status: int, code: str) -> None:
    answer = await failing(error)
    assert (answer.status_code, answer.json()) == (status, {"error": {"code": code, "message": str(error)}})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("host db.internal"), 503, "unavailable"),
        (psycopg.OperationalError("host db.internal"), 503, "unavailable"),
        (psycopg.errors.ReadOnlySqlTransaction("db.internal"), 503, "unavailable"),
        (OperationalError("SELECT db.internal", {}, psycopg.OperationalError()), 503, "unavailable"),
        (psycopg.InterfaceError("db.internal"), 503, "unavailable"),
        (PoolTimeout("db.internal"), 503, "unavailable"),
        (ProgrammingError("SELECT db.internal", {}, psycopg.errors.UndefinedTable()), 503, "unavailable"),
        (ProgrammingError("SELECT db.internal", {}, psycopg.errors.UndefinedFunction()), 500, "internal"),
        (IntegrityError("SELECT db.internal", {}, psycopg.IntegrityError()), 500, "internal"),
        (KeyError("db.internal"), 500, "internal"),
        (psycopg.errors.NumericValueOutOfRange("db.internal"), 422, "invalid"),
        (DataError("SELECT db.internal", {}, psycopg.DataError()), 422, "invalid"),
    ],
)
async def test_what_the_database_says_is_logged_and_not_told(error: Exception, status: int, code: str) -> None:
    with capture_logs() as logged:
        answer = await failing(error)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "db.internal" not in answer.text
    assert [entry["path"] for entry in logged] == ["/"]
    if status == 500:
        assert logged[0]["exc_info"] is error
        assert logged[0]["error_id"] in answer.json()["error"]["message"]
    else:
        assert type(error).__name__ in logged[0]["error"]


@pytest.mark.parametrize("given", ["job-7", None])
async def test_what_is_logged_of_a_request_has_its_id(given: str | None) -> None:
    app, ids = made(), []

    @app.get("/fails")
    async def fails(unavailable: bool) -> None:
        raise Unavailable("away") if unavailable else KeyError("ours")

    for unavailable in ("true", "false"):
        with capture_logs([structlog.contextvars.merge_contextvars]) as logged:
            headers = {"X-Request-ID": given} if given else {}
            await asked(app, "GET", f"/fails?unavailable={unavailable}", headers=headers)
        ids += [entry["request_id"] for entry in logged]
    assert len(ids) == 2
    assert set(ids) == {given} if given else (len(set(ids)) == 2 and all(name.startswith("request_") for name in ids))


async def test_a_state_that_is_behind_says_so() -> None:
    answer = await failing(NotThereYet("projector has not reached position 9"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["error"]["message"] == "try again in a moment: projector has not reached position 9"
