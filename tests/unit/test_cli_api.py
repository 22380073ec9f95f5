"""What comes of a command whose answer is lost: it is sent again under its key, and never said to be undone."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api, Row, Split, listed, named
from cli.errors import InDoubt, Misused, Refused, Unreachable
from cli.lookups import checked_id
from cli.main import app

CLIENT = "client_00000000000000000000000001"
BATCH, IMPORT = "batch_00000000000000000000000001", "import_00000000000000000000000001"
PLACES = {
    name: Endpoint(name, f"http://{name}", source="that of a file") for name in ("ingest", "sequencer", "projector")
}
Error = type[httpx.RequestError]
every_loss = pytest.mark.parametrize(
    "error", [httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
)


def api(*errors: Error) -> tuple[Api, list[httpx.Request]]:
    """One whose first requests fail so, and the requests."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) <= len(errors):
            raise errors[len(seen) - 1]("lost", request=request)
        return httpx.Response(200, json={"done": True})

    return Api(PLACES, transport=httpx.MockTransport(handler), sleep=lambda _: None), seen


COMMANDS: list[Callable[[Api], object]] = [
    lambda services: services.command("/v1/clients", {"name": "A"}),
    lambda services: services.tell("projector", "/v1/pushes", {}, limit=1, body="a filter's name"),
]


@every_loss
@pytest.mark.parametrize("command", COMMANDS, ids=["command", "tell"])
def test_a_command_whose_answer_is_lost_is_sent_again(error: Error, command: Callable[[Api], object]) -> None:
    services, seen = api(error, httpx.ConnectError)
    assert command(services) == {"done": True}
    assert len({request.headers["idempotency-key"] for request in seen}) == 1


@every_loss
def test_a_command_that_is_never_answered_may_have_been_done(error: Error) -> None:
    services, seen = api(*[error] * 5)
    with pytest.raises(InDoubt, match=r"may have been done.*look with") as doubt:
        services.command("/v1/clients", {})
    assert (doubt.value.exit_code, len(seen)) == (3, 3)


def test_what_was_not_sent_is_told_at_once_and_where_the_address_is_from() -> None:
    services, seen = api(httpx.ConnectError)
    with pytest.raises(Unreachable, match="the address is that of a file; is it running"):
        services.command("/v1/clients", {})
    assert len(seen) == 1


def test_a_read_is_not_asked_again() -> None:
    services, seen = api(httpx.ReadTimeout)
    with pytest.raises(Unreachable):
        services.read("ingest", "/v1/clients")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("split", "written"),
    [
        (listed("row", "after_row"), lambda rows: rows),
        (named("rows"), lambda rows: {"rows": rows, "next": rows[-1]["row"] if rows[-1]["row"] < 5 else None}),
    ],
)
def test_a_listing_is_read_page_by_page(split: Split, written: Callable[[list[Row]], Any]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = {name: int(value) for name, value in request.url.params.items()}
        rows = [{"row": row} for row in range(asked.get("after_row", asked.get("after", 0)) + 1, 6)]
        return httpx.Response(200, json=written(rows[: asked["limit"]]) if rows else [])

    services = Api(PLACES, transport=httpx.MockTransport(answer))

    def read(size: int, *most: int) -> tuple[list[int], bool]:
        rows, more = services.pages("ingest", "/v1/rows", split, size, *most)
        return [row["row"] for row in rows], more

    assert read(2) == read(2, 9) == read(9) == ([1, 2, 3, 4, 5], False)
    assert read(2, 3) == read(9, 3) == ([1, 2, 3], True)


def test_a_read_waits_for_the_last_command_unless_it_names_a_position() -> None:
    services, seen = api()
    services.position = 7
    services.read("projector", "/v1/leads")
    services.read("projector", "/v1/leads", at_position=9)
    assert [request.url.params["at_position"] for request in seen] == ["7", "9"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["launch", IMPORT, "-s", "step", "--max-credits", "inf"], "a number is too large"),
        (["batch", "resume", BATCH, "--max-credits", "inf"], "a number is too large"),
        (["workflow", "register", "find_phone", "--scope", "person", "--credits", "inf"], "a number is too large"),
        (["config", "set", CLIENT, "find_phone", "--set", "x=1e999"], "a number is too large"),
        (["client", "add", "a\udcff"], r"'\udcff' in what was given is no UTF-8"),
        (["history", "a\udcff"], "is no id like item_"),
        (["batch", "pause", BATCH, "--reason", "a\udcff"], r"'\udcff' in what was given is no UTF-8"),
        (["leads", "show", "a\nb"], "is not an id like lead_"),
    ],
)
def test_what_cannot_be_sent_is_misused(monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    batch = {"batch_id": BATCH, "status": "running"}
    transport = httpx.MockTransport(lambda asked: httpx.Response(200, json=batch if BATCH in asked.url.path else []))
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(PLACES, transport=transport))
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "beside", "proxy", "far"),
    [
        ("http://127.0.0.1:1", PLACES, "http://proxy", False),
        ("http://127.9.9.9:1", PLACES, "http://proxy", False),
        ("http://[::1]:1", PLACES, "http://proxy", False),
        ("http://localhost:1", {}, "socks5://proxy", False),
        ("http://near.example.com:1/path", {}, "nonsense://proxy", False),
        ("http://far.example.org:1", {}, "http://proxy", True),
    ],
)
def test_a_proxy_is_used_where_it_applies(
    monkeypatch: pytest.MonkeyPatch, url: str, beside: dict[str, Endpoint], proxy: str, far: bool
) -> None:
    proxied: list[bool] = []

    def handle(transport: httpx.HTTPTransport, _: httpx.Request) -> httpx.Response:
        proxied.append("Proxy" in type(transport._pool).__name__)
        return httpx.Response(200, content=b"[]")

    monkeypatch.setattr("httpx.HTTPTransport.handle_request", handle)
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "example.com")
    with Api(beside | {"ingest": Endpoint("ingest", url)}) as services:
        services.read("ingest", "/v1/clients")
    assert proxied == [far]


def test_a_proxy_that_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://user:hunter2@proxy")
    with pytest.raises(Refused, match="the proxy that ALL_PROXY") as refused:
        Api(PLACES)
    assert "hunter2" not in str(refused.value)


def test_what_is_no_id_is_wrong_usage_whoever_finds_it_out() -> None:
    said = "'item_' is not an id like item_00000000000000000000000000"

    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(422, json={"error": {"code": "invalid_id", "message": said}})

    with Api(PLACES, transport=httpx.MockTransport(handler)) as services, pytest.raises(Misused) as told:
        services.read("ingest", "/v1/history/item_")
    with pytest.raises(Misused) as found:
        checked_id("item", "item_")
    assert str(told.value) == str(found.value) == said
    assert told.value.exit_code == 2
