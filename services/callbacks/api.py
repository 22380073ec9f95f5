"""Where providers POST their answers. Bare Starlette routes: this is the busiest door of the house."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.callbacks import rejections
from services.callbacks.handlers import NotRecorded, Reading, Receiver, Reply, Unread
from services.callbacks.shapes import SHAPES
from shared.ids import InvalidId, parse_id
from shared.runtime.http import application
from shared.runtime.queries import Queries
from shared.runtime.shapes import named

TOKEN_PATH: Final = "/v1/callbacks/"  # noqa: S105 - a path
BY_TOKEN: Final = TOKEN_PATH + "{token}"
BY_SECRET: Final = "/v1/clients/{client_id}/callbacks/{workflow}"  # noqa: S105 - a path
SECRET_HEADER: Final = "x-leadstream-secret"  # noqa: S105 - a name
BODY_SECONDS: Final = 30.0
_BODY: Final = {"required": True, "content": {"application/json": {"schema": {}}}}
_REFUSED: Final = {
    "400": "Not JSON, empty, or nested too deep.",
    "408": "The body did not come to its end in time; send it again.",
    "413": "The body is too large.",
    "415": "The body is encoded, or a form.",
    "503": "It could not be recorded; try again.",
}
_BY_TOKEN: Final = {"401": "A token that is not ours.", "410": "The token has expired."}
_BY_SECRET: Final = {
    "401": "A wrong secret.", "404": "There is no such client id.", "422": "The body names nothing of ours.",
}  # fmt: skip
_ERROR: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_TAKEN: Final[dict[str, Any]] = {
    "202": {"description": "The answer is on disk.", "content": {"application/json": {"schema": named("Accepted")}}}
}
_HEADERS: Final = {408: {"Connection": "close"}, 503: {"Retry-After": "5"}}
logger = structlog.get_logger()


def build(receiver: Receiver, queries: Queries) -> FastAPI:
    """The callbacks service's HTTP application: its document, its health, and the routes by secret."""
    app = application("callbacks", "Providers POST their answers here.", SHAPES, own_tokens=(BY_TOKEN, BY_SECRET))
    app.state.settings, app.state.queries, app.state.receiver = receiver.settings, queries, receiver
    app.include_router(rejections.ROUTES)

    async def by_token(request: Request) -> Response:
        return await answer_token(receiver, request, request.path_params["token"])

    async def by_secret(request: Request) -> Response:
        async def take(read: Reading) -> Reply:
            path, headers = request.path_params, request.headers
            try:
                client_id = parse_id("client", path["client_id"])
            except InvalidId as error:
                return 404, {"error": {"code": "not_found", "message": str(error)}}
            return await receiver.by_secret(client_id, path["workflow"], headers.get(SECRET_HEADER, ""), read, headers)

        return await _answer(request, receiver, take)

    app.add_route(BY_TOKEN, by_token, methods=["POST"])
    app.add_route(BY_SECRET, by_secret, methods=["POST"])
    app.openapi = _documented(app)  # type: ignore[method-assign]
    return app


def front(receiver: Receiver, app: ASGIApp) -> ASGIApp:
    """The application with the token route answered before any routing and middleware: half the cost of a callback."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and scope["method"] == "POST" and path.startswith(TOKEN_PATH):
            response = await answer_token(receiver, Request(scope, receive), path[len(TOKEN_PATH) :])
            await response(scope, receive, send)
        else:
            await app(scope, receive, send)

    return serve


async def answer_token(receiver: Receiver, request: Request, token: str) -> Response:
    """The answer to a callback by token."""

    async def take(read: Reading) -> Reply:
        return await receiver.by_token(token, read, request.headers)

    return await _answer(request, receiver, take)


async def _answer(request: Request, receiver: Receiver, take: Callable[[Reading], Awaitable[Reply]]) -> Response:
    async def read() -> bytes:
        return await _body(request, receiver.settings.callback_max_bytes)

    try:
        status, answer = await take(read)
    except ClientDisconnect:
        return Response(status_code=400)
    except NotRecorded as error:
        status, answer = 503, _not_recorded(str(error))
    except Exception:
        logger.exception("a callback could not be taken")
        status, answer = 503, _not_recorded("something is wrong here")
    return Response(orjson.dumps(answer), status, _HEADERS.get(status), "application/json")


def _not_recorded(why: str) -> dict[str, Any]:
    return {"error": {"code": "not_recorded", "message": f"send it again: {why}"[:300]}}


async def _body(request: Request, limit: int) -> bytes:
    """The body, of `limit` bytes at most. Raises Unread, and ClientDisconnect."""
    chunks, length = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                length += len(chunk)
                if length > limit:
                    message = f"the body has more than {limit} bytes (LEADSTREAM_CALLBACK_MAX_BYTES)"
                    raise Unread("too_large", message, length)
                chunks.append(chunk)
    except TimeoutError:
        message = f"the body did not come to its end in {BODY_SECONDS:g} seconds; send it again"
        raise Unread("too_slow", message, length) from None
    return b"".join(chunks)


def _documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        by_token = _operation("By the URL given out with a dispatch", _BY_TOKEN, token="path")  # noqa: S106
        where = {"client_id": "path", "workflow": "path", SECRET_HEADER: "header"}
        by_secret = _operation(f"By a client's static secret in {SECRET_HEADER}", _BY_SECRET, **where)
        document["paths"] |= {BY_TOKEN: {"post": by_token}, BY_SECRET: {"post": by_secret}}
        return document

    return openapi


def _operation(summary: str, refused: dict[str, str], **parameters: str) -> dict[str, Any]:
    """A route as documents have it. `refused`: what it refuses beside what both do; `parameters`: where each is."""
    described = [
        {"name": name, "in": where, "required": True, "schema": {"type": "string"}}
        for name, where in parameters.items()
    ]
    answers = {status: {"description": why, "content": _ERROR} for status, why in sorted((_REFUSED | refused).items())}
    return {"summary": summary, "parameters": described, "requestBody": _BODY, "responses": _TAKEN | answers}
