"""The services' HTTP APIs as a command uses them.

A command is sent under an idempotency key, so that one a service was too busy for, or whose answer was lost, can be
sent again; its log position is remembered, and every later read waits until it can see it. A refusal is raised as
`Refused`.
"""

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final
from urllib.request import proxy_bypass

import httpx

from cli.addresses import Endpoint, endpoints
from cli.errors import CommandFailed, InDoubt, Misused, Refused, Unreachable

Row = dict[str, Any]
# Takes an answer apart: its rows, and what is to be asked for the page after it, None where it is the last.
Split = Callable[[Any], tuple[list[Row], dict[str, Any] | None]]
ALL: Final = sys.maxsize
TRIES: Final = 8
UNANSWERED: Final = 3
KEY: Final = "Idempotency-Key"
# The request may have come in, and been done.
LOST: Final = (httpx.ReadTimeout, httpx.ReadError, httpx.WriteTimeout, httpx.WriteError, httpx.RemoteProtocolError)
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
LONG: Final = httpx.Timeout(3600.0, connect=5.0)


def open_api(at_position: int | None = None) -> "Api":
    """The services that the environment names; reads wait for `at_position`."""
    return Api(endpoints(os.environ), at_position=at_position)


def named(rows: str) -> Split:
    """Pages that say themselves where the next one begins."""
    return lambda page: (page[rows], None if page["next"] is None else {"after": page["next"]})


def listed(column: str, after: str = "after") -> Split:
    """Pages that are lists: the next one begins after the `column` of the last row, and the end is an empty one."""
    return lambda page: (page, {after: page[-1][column]} if page else None)


class Api:
    """A connection to the services, for the length of one command."""

    def __init__(
        self,
        places: Mapping[str, Endpoint],
        *,
        at_position: int | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.position = at_position
        self._places = places
        self._sleep = sleep
        self._http = _client({place.url for place in places.values()}, transport)

    def __enter__(self) -> "Api":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def read(self, service: str, path: str, /, **query: Any) -> Any:
        """What a GET answers, at or after the position of the last command."""
        with self._answer(service, "GET", path, params=self._fresh(query)) as answer:
            return _json(self._places[service], answer)

    def pages(
        self, service: str, path: str, split: Split, size: int, most: int = ALL, /, **query: Any
    ) -> tuple[list[Row], bool]:
        """Up to `most` rows of a listing, asked for `size` at a time, and whether there may be more."""
        found: list[Row] = []
        following: dict[str, Any] | None = {}
        while following is not None and len(found) < most:
            asked = query | following | {"limit": min(size, most - len(found))}
            rows, following = split(self.read(service, path, **asked))
            found += rows
        return found, following is not None

    def ask(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        """What a POST that changes nothing answers, at or after the position of the last command. It may take long."""
        with self._answer(service, "POST", path, params=self._fresh({}), json=body, timeout=LONG) as answer:
            return _json(self._places[service], answer)

    def command(
        self, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST", **query: str
    ) -> dict[str, Any]:
        """Give ingest a command; returns when ingest's own state has it, so that the next can build on it."""
        key = {KEY: uuid.uuid4().hex}
        with self._answer("ingest", method, path, params=query, json=body, headers=key) as answer:
            return self._settled(_json(self._places["ingest"], answer))

    def tell(self, service: str, path: str, body: Mapping[str, Any] | None = None, /, **query: Any) -> dict[str, Any]:
        """Have a service other than ingest do something; sent again under the same key, it is done once."""
        key = {KEY: uuid.uuid4().hex}
        asked = {name: value for name, value in query.items() if value is not None}
        with self._answer(service, "POST", path, params=asked, json=body, headers=key) as answer:
            told: dict[str, Any] = _json(self._places[service], answer)
        self.position = max(told.get("position", 0), self.position or 0)
        return told

    def upload(self, path: str, content: Iterable[bytes], **query: Any) -> dict[str, Any]:
        """Send a file to ingest. It is sent once: `content` cannot be read again."""
        with self._answer("ingest", "POST", path, 1, params=query, content=content, timeout=LONG) as answer:
            return self._settled(_json(self._places["ingest"], answer))

    @contextmanager
    def download(self, service: str, path: str, /, **query: Any) -> Iterator[Iterator[bytes]]:
        """The bytes of a long answer, as they come. Raises Unreachable when it breaks off."""
        place = self._places[service]
        with self._answer(service, "GET", path, params=self._fresh(query), timeout=LONG) as answer:
            try:
                yield answer.iter_bytes()
            except httpx.RequestError as error:
                raise Unreachable(service, place.url, f"the answer broke off, {_why(error)}", place.source) from None

    def _settled(self, answer: dict[str, Any]) -> dict[str, Any]:
        if position := answer.get("position"):
            self.position = max(position, self.position or 0)
            with suppress(CommandFailed):  # the command is in the log, whatever ingest's state says
                self.read("ingest", "/v1/workflows")
        return answer

    def _fresh(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The query, and the position to wait for: that of the last command, unless the query has one of its own."""
        asked = {name: value for name, value in query.items() if value is not None}
        return asked if self.position is None else {"at_position": self.position} | asked

    @contextmanager
    def _answer(
        self, service: str, method: str, path: str, tries: int = TRIES, **request: Any
    ) -> Iterator[httpx.Response]:
        place = self._places[service]
        answer = self._patiently(place, method, path, tries, request)
        try:
            if not answer.is_success:
                answer.read()
                raise _refusal(place, answer)
            yield answer
        finally:
            answer.close()

    def _patiently(
        self, place: Endpoint, method: str, path: str, tries: int, request: dict[str, Any]
    ) -> httpx.Response:
        for attempt in range(1, tries + 1):
            answer = self._surely(place, method, path, request)
            if answer.status_code != 503 or attempt == tries:
                break
            answer.close()
            self._sleep(_retry_after(answer))
        return answer

    def _surely(self, place: Endpoint, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        """The answer; a command is sent again for it. Raises Unreachable, or InDoubt where it may have been done."""
        keyed, in_doubt, tries = KEY in request.get("headers", {}), False, 0
        while True:
            try:
                answer = self._once(place, method, path, request)
                if keyed:
                    answer.read()
                return answer
            except httpx.RequestError as error:
                in_doubt, tries = in_doubt or (keyed and isinstance(error, LOST)), tries + 1
                if not in_doubt:
                    raise Unreachable(place.service, place.url, _why(error), place.source) from None
                if tries == UNANSWERED:
                    raise InDoubt(place.service, place.url, _why(error)) from None
            self._sleep(1.0)

    def _once(self, place: Endpoint, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        headers = dict(request.get("headers", {}))
        if place.token:
            headers["Authorization"] = f"Bearer {place.token}"
        try:
            built = self._http.build_request(method, place.url + path, **request | {"headers": headers})
        except UnicodeEncodeError as error:
            raise Misused(f"{error.object[error.start : error.end]!r} in what was given is no UTF-8") from None
        except httpx.InvalidURL as error:
            raise Misused(f"{path!r} cannot be asked for: {error}") from None
        except ValueError:
            raise Misused("a number is too large, such as inf or 1e999, or is none: give one that JSON has") from None
        return self._http.send(built, stream=True)


def _client(urls: set[str], transport: httpx.BaseTransport | None) -> httpx.Client:
    """One that goes through the environment's proxy to what is neither this machine nor in NO_PROXY.

    Where it goes to nothing else, that proxy is not looked at. Raises Refused for a proxy that cannot be used.
    """
    near = {url for url in urls if _is_near(httpx.URL(url).host)}
    if transport is None and near == urls:
        transport = httpx.HTTPTransport()
    try:
        return httpx.Client(transport=transport, timeout=TIMEOUT, mounts=dict.fromkeys(near))
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise Refused(
            f"the proxy that ALL_PROXY, HTTP_PROXY or HTTPS_PROXY names cannot be used: {error}; NO_PROXY lists hosts "
            "that need none"
        ) from None


def _is_near(host: str) -> bool:
    """Whether a host is asked without a proxy."""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return loopback or bool(proxy_bypass(host))


def _json(place: Endpoint, answer: httpx.Response) -> Any:
    try:
        answer.read()
        return answer.json()
    except httpx.RequestError as error:
        raise Unreachable(place.service, place.url, f"the answer broke off, {_why(error)}", place.source) from None
    except ValueError:
        raise _stranger(place, answer) from None


def _refusal(place: Endpoint, answer: httpx.Response) -> Refused | Misused:
    try:
        error = answer.json()["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return _stranger(place, answer)
    if code == "invalid_id":  # wrong usage, as where the command itself looks at the id
        return Misused(message)
    if answer.status_code == 401:
        message = f"{place.service} at {place.url} wants a token: set LEADSTREAM_API_TOKEN to one it knows"
    return Refused(message, code, answer.status_code)


def _stranger(place: Endpoint, answer: httpx.Response) -> Refused:
    return Refused(
        f"{place.url} answered {answer.status_code} with something that is not leadstream's: "
        f"is the address of {place.service} right? LEADSTREAM_{place.service.upper()}_URL sets it",
        "not_leadstream",
        answer.status_code,
    )


def _retry_after(answer: httpx.Response) -> float:
    value = answer.headers.get("retry-after", "")
    return min(float(value), 10.0) if value.isdigit() else 2.0


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
