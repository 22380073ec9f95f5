"""What every HTTP API of a service shares: who is asking, how errors look, reading your writes.

An error is one JSON object, `{"error": {"code", "message"}}`: the message says what is wrong, where, and what to do.
Nobody unknown has a body read, and no body that is read whole is long.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from shared.ids import named_id, new_id
from shared.runtime.bodies import LARGEST
from shared.runtime.http_errors import UNSUPPORTED, refused, tell_errors
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from shared.runtime.shapes import Shape, documented

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
# Routes of every service that anybody may ask.
OPEN: Final = ("/health/{probe}", "/metrics", "/docs", "/docs/oauth2-redirect", "/openapi.json")


@dataclass(frozen=True)
class Caller:
    """Who is asking: a tenant, and the actor the audit trail names."""

    tenant_id: str
    actor: str


class Told(BaseModel):
    """What is wrong: a code for programs, a message for people."""

    code: str
    message: str


class Error(BaseModel):
    """What every refusal answers."""

    error: Told


# As documents have it, of every route: one shape, whatever the status.
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Error, "description": "No token, or none of LEADSTREAM_API_TOKENS, where any are set."},
    422: {"model": Error, "description": "Something in the request cannot be, a parameter that the route has not "
          "included; the message says what."},
    "4XX": {"model": Error, "description": "404: there is no such thing. 409: it does not go with how things stand. "
            "413: the body is too large. 415: it is encoded, a form, or not said to be JSON where JSON is taken."},
    500: {"model": Error, "description": "An error of our own, logged under the id that the message has."},
    503: {"model": Error, "description": "Try again in a moment, after Retry-After.",
          "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}},
}  # fmt: skip
_BEARER: Final = HTTPBearer(auto_error=False, description="A token of LEADSTREAM_API_TOKENS, where any are set.")


def files(*media_types: str) -> dict[str, Any]:
    """Bytes of these types, as documents have the content of a body or an answer."""
    names = [name.partition(";")[0] for name in media_types]
    return {"content": {name: {"schema": {"type": "string", "format": "binary"}} for name in names}}


class Problem(HTTPException):
    """An error with a machine-readable code."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, {"code": code, "message": message}, dict(headers or {}))
        self.message = message


def application(
    title: str,
    description: str,
    shapes: Mapping[str, Shape],
    *,
    own_tokens: Sequence[str] = (),
    streamed: Sequence[str] = (),
) -> FastAPI:
    """A FastAPI application whose errors all have the one shape. `app.state` has to hold `settings`.

    `shapes`: what its answers are made of, by name. `own_tokens`: paths of the routes that tell by themselves who
    asks; `streamed`: of those that read a body of any length as it comes. Both limit it themselves.
    """
    app = FastAPI(
        title=f"leadstream {title}", description=description, version="1", docs_url="/docs", redoc_url=None,
        responses=ERRORS, dependencies=[Depends(_declared)], redirect_slashes=False,
    )  # fmt: skip
    app.add_middleware(_Door, own_tokens=own_tokens, streamed=streamed)
    tell_errors(app)
    app.openapi = documented(app, shapes)  # type: ignore[method-assign]
    return app


class _Door:
    """Before all routes: who is unknown, and a body that is packed or too large, is refused before any is parsed."""

    def __init__(self, app: ASGIApp, own_tokens: Sequence[str], streamed: Sequence[str]) -> None:
        self._app = app
        self._open = [compile_path(path)[0] for path in (*OPEN, *own_tokens)]
        self._unlimited = [compile_path(path)[0] for path in (*own_tokens, *streamed)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path, headers = scope["path"], Headers(scope=scope)
        # In all that is logged while it is served, by whoever; a request is a task of its own.
        bind_contextvars(request_id=headers.get("x-request-id", "")[:100] or new_id("request"))
        try:
            if not any(each.match(path) for each in self._open):
                _known(scope["app"].state.settings, headers)
                if wrong := packed(headers):
                    raise Problem(415, UNSUPPORTED, wrong, {"Accept-Encoding": "identity"})
            if not any(each.match(path) for each in self._unlimited):
                receive = _limited(receive, headers)
        except Problem as problem:
            return await refused(problem)(scope, receive, send)
        return await self._app(scope, receive, send)


def packed(headers: Mapping[str, str]) -> str | None:
    """What a body is packed in, by its headers, and what to send instead; None where it comes as it is."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        return f"the body is encoded as {encoding[:80]!r}: send it as it is, without Content-Encoding"
    if headers.get("content-type", "").strip().lower().startswith("multipart/"):
        return "the body is a form with parts: send the file or the JSON itself, as `curl --data-binary @FILE` does"
    return None


def _limited(receive: Receive, headers: Headers) -> Receive:
    """`receive` for a body that may have MAX_BODY_BYTES, whatever its length is said to be. Raises Problem."""
    problem = Problem(413, "too_large", f"the body has more than {MAX_BODY_BYTES:,} bytes, the most that is read")
    if int(headers.get("content-length", 0)) > MAX_BODY_BYTES:
        raise problem
    length = 0

    async def limited() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > MAX_BODY_BYTES:
            raise problem
        return message

    return limited


def _known(settings: Settings, headers: Headers) -> Caller:
    """Who asks, by the bearer token where tokens are configured. Raises Problem."""
    if not settings.api_tokens:
        return _caller(settings.tenant)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        for known, tenant in settings.api_tokens.items():
            if secrets.compare_digest(known.encode(), token.strip().encode()):
                return _caller(tenant)
    message = "send `Authorization: Bearer TOKEN` with a token of LEADSTREAM_API_TOKENS"
    raise Problem(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


async def _asking(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Caller:
    return _known(request.app.state.settings, request.headers)


async def _declared(request: Request) -> None:
    """Refuses query parameters that the route's document has not: what is mistyped would be passed over."""
    told = request.query_params.keys()
    if not told:
        return
    operation = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()]
    known = sorted({each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"})
    if unknown := [name for name in told if name not in known]:
        there = ", ".join(known) or "none"
        raise Problem(422, "unknown_parameter", f"there is no {unknown[0][:80]!r} here; parameters are: {there}")


async def _queries(request: Request) -> Queries:
    queries: Queries = request.app.state.queries
    return queries


async def _stored(
    queries: Annotated[Queries, Depends(_queries)],
    at_position: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="the log is asked: nothing is waited for")
    ] = None,
) -> Queries:
    return queries


async def _fresh(
    _: Annotated[Caller, Depends(_asking)],  # nobody unknown may make a service wait
    queries: Annotated[Queries, Depends(_queries)],
    at_position: Annotated[
        int | None, Query(ge=0, le=LARGEST, description="wait until this log position is visible")
    ] = None,
) -> Queries:
    if at_position is not None:
        await queries.wait_for(at_position)
    return queries


# What a route asks for by the type of a parameter; `app.state` of the application holds `settings` and `queries`.
Asking = Annotated[Caller, Depends(_asking)]  # from the bearer token
AfterId = Annotated[str | None, Query(description="the id of the last one of the page before")]
Stored = Annotated[Queries, Depends(_stored)]  # the log, which needs no waiting for
Fresh = Annotated[Queries, Depends(_fresh)]  # the state after waiting for the position the caller has just written


def _caller(tenant: str) -> Caller:
    return Caller(named_id("tenant", tenant), named_id("actor", tenant, "api"))
