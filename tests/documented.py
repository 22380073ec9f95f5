"""Every answer that a test gets from one of the HTTP APIs is held against what the API's document says of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest

Document = dict[str, Any]
# By where a service listens, or by the application itself where it is called in this process.
_documents: dict[Any, Document | None] = {}
_send = httpx.Client.send
_send_async = httpx.AsyncClient.send


@contextmanager
def checked() -> Iterator[None]:
    """Meanwhile an answer that is not as the document has it fails the test that asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", _sent)
        patch.setattr(httpx.AsyncClient, "send", _sent_async)
        yield


def _sent(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
    response = _send(client, request, **options)
    if _is_json(response) and isinstance(client._transport_for_url(request.url), httpx.HTTPTransport):
        _check(response, _served(request.url))
    return response


async def _sent_async(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
    response = await _send_async(client, request, **options)
    if _is_json(response) and not options.get("stream"):
        app = getattr(client._transport, "app", None)
        if app is None:
            _check(response, _served(request.url))
        elif hasattr(app, "openapi"):
            _check(response, _known(app, app.openapi))
    return response


def _is_json(response: httpx.Response) -> bool:
    return response.is_success and response.headers.get("content-type") == "application/json"


def _served(url: httpx.URL) -> Document | None:
    return _known((url.host, url.port), lambda: _fetched(url))


def _fetched(url: httpx.URL) -> Document | None:
    with httpx.Client() as client:
        answer = _send(client, client.build_request("GET", url.copy_with(path="/openapi.json", query=None)))
    told = answer.json() if answer.is_success and answer.headers.get("content-type") == "application/json" else {}
    return told if str(told.get("info", {}).get("title", "")).startswith("leadstream ") else None


def _known(key: Any, tell: Callable[[], Document | None]) -> Document | None:
    if key not in _documents:
        _documents[key] = tell()
    return _documents[key]


def _check(response: httpx.Response, document: Document | None) -> None:
    operation = _asked(response.request, document or {"paths": {}})
    if operation is None or document is None:
        return
    if isinstance(response.stream, httpx.SyncByteStream):
        response.read()  # the command line asks for every answer as a stream
    schema = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    error = jsonschema.exceptions.best_match(validator.iter_errors(response.json()))
    assert error is None, f"{response.request.method} {response.url.path}: {error.json_path} {error.message[:500]}"


def _asked(request: httpx.Request, document: Document) -> Any:
    """What the document says of the route that a request came to: of two that fit, the one with fewer parameters."""
    fitting = (path for path in document["paths"] if _pattern(path).fullmatch(request.url.path))
    found = min(fitting, key=lambda path: path.count("{"), default=None)
    return None if found is None else document["paths"][found].get(request.method.lower())


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
