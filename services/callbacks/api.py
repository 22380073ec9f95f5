"""Where providers POST their answers. Bare Starlette routes: this is the busiest door of the house."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.callbacks import rejections
from services.callbacks.handlers import NotRecorded, Receiver, Reply
from shared.runtime.http import application
from shared.runtime.queries import Queries

TOKEN_PATH: Final = "/v1/callbacks/"  # noqa: S105 - a path
BY_TOKEN: Final = TOKEN_PATH + "{token}"
BY_SECRET: Final = "/v1/clients/{client_id}/callbacks/{workflow}"  # noqa: S105 - a path
SECRET_HEADER: Final = "x-leadstream-secret"  # noqa: S105 - a name
_BODY: Final = {"required": True, "content": {"application/json": {"schema": {}}}}
_REFUSED: Final = {
    "400": "Not JSON, empty, or nested too deep.",
    "401": "A token that is not ours, or a wrong secret.",
    "410": "The token has expired.",
    "413": "The body is too large.",
    "415": "The body is encoded, or a form.",
    "422": "The body names nothing of ours.",
    "503": "It could not be recorded; try again.",
}
_ERROR: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_ANSWERS: Final[dict[str, Any]] = {
    "202": {"description": "The answer is on disk.", "content": {"application/json": {"schema": {"type": "object"}}}}
} | {status: {"description": why, "content": _ERROR} for status, why in _REFUSED.items()}
logger = structlog.get_logger()


def build(receiver: Receiver, queries: Queries) -> FastAPI:
    """The callbacks service's HTTP application: its document, its health, and the routes by secret."""
    app = application("callbacks", "Providers POST their answers here.", own_tokens=(BY_TOKEN, BY_SECRET))
    app.state.settings, app.state.queries, app.state.receiver = receiver.settings, queries, receiver
    app.include_router(rejections.ROUTES)

    async def by_token(request: Request) -> Response:
        return await answer_token(receiver, request, request.path_params["token"])

    async def by_secret(request: Request) -> Response:
        async def take(body: bytes) -> Reply:
            path, headers = request.path_params, request.headers
            secret = headers.get(SECRET_HEADER, "")
            return await receiver.by_secret(path["client_id"], path["workflow"], secret, body, headers)

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

    async def take(body: bytes) -> Reply:
        return await receiver.by_token(token, body, request.headers)

    return await _answer(request, receiver, take)


async def _answer(request: Request, receiver: Receiver, take: Callable[[bytes], Awaitable[Reply]]) -> Response:
    try:
        body, length = await _body(request, receiver.settings.callback_max_bytes)
        status, answer = await take(body) if body is not None else await receiver.too_large(length)
    except ClientDisconnect:
        return Response(status_code=400)
    except NotRecorded as error:
        status, answer = 503, _not_recorded(str(error))
    except Exception:
        logger.exception("a callback could not be taken")
        status, answer = 503, _not_recorded("something is wrong here")
    headers = {"Retry-After": "5"} if status == 503 else None
    return Response(orjson.dumps(answer), status, headers, "application/json")


def _not_recorded(why: str) -> dict[str, Any]:
    return {"error": {"code": "not_recorded", "message": f"send it again: {why}"[:300]}}


async def _body(request: Request, limit: int) -> tuple[bytes | None, int]:
    """The body, or None and how much came of it when it is longer than `limit` bytes."""
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > limit:
            return None, length
        chunks.append(chunk)
    return b"".join(chunks), length


def _documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        document["paths"][BY_TOKEN] = {"post": _operation("By the URL given out with a dispatch", "token")}
        document["paths"][BY_SECRET] = {
            "post": _operation(f"By a client's static secret in {SECRET_HEADER}", "client_id", "workflow")
        }
        return document

    return openapi


def _operation(summary: str, *parameters: str) -> dict[str, Any]:
    described = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters]
    return {"summary": summary, "parameters": described, "requestBody": _BODY, "responses": _ANSWERS}
