"""What comes of a command whose answer is lost: it is sent again under its key, and never said to be undone."""

from collections.abc import Callable

import httpx
import pytest

from cli.addresses import Endpoint
from cli.api import Api
from cli.errors import InDoubt, Unreachable

PLACES = {name: Endpoint(name, f"http://{name}", source="that of a file") for name in ("ingest", "projector")}
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
