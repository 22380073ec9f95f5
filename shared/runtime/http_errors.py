"""How errors of every HTTP API are told: one shape, with what is wrong, where, and what to do."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.envelope import EventTooLarge, UnstorableEvent
from shared.ids import InvalidId, new_id
from shared.runtime.appender import Unavailable
from shared.runtime.queries import NotThereYet, UnknownPlace

UNSUPPORTED: Final = "unsupported_media_type"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The database does not answer or has no connection to spare, or the log takes nothing: ask again in a moment.
AWAY: Final = (Unavailable, psycopg.Error, exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
logger = structlog.get_logger()


def tell_errors(app: FastAPI) -> None:
    """Have the application tell all its errors so."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnstorableEvent, _unstorable)
    app.add_exception_handler(InvalidId, _bad_id)
    app.add_exception_handler(NotThereYet, _not_there_yet)
    app.add_exception_handler(UnknownPlace, _unknown_place)
    for failure in AWAY:
        app.add_exception_handler(failure, _unavailable)
    for wrong in (exc.DataError, psycopg.DataError):
        app.add_exception_handler(wrong, _unfit)
    app.add_exception_handler(exc.ProgrammingError, _unmade)
    app.add_exception_handler(Exception, _unexpected)


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error in the one shape."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


def refused(error: HTTPException) -> JSONResponse:
    """A refusal in the one shape."""
    detail: Any = error.detail
    if isinstance(detail, dict):
        return error_response(error.status_code, detail["code"], detail["message"], error.headers)
    return error_response(error.status_code, "http_error", str(detail), error.headers)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        error.headers = {"Allow": ", ".join(_methods(request))}
    if error.status_code == 400 and (wrong := _unparsed(error.__cause__)):
        return error_response(422, "invalid", wrong)
    return refused(error)


def _methods(request: Request) -> list[str]:
    """What may be asked of a path, by all of its routes."""
    scope = {"type": "http", "path": request.scope["path"], "root_path": ""}
    routes = request.app.routes
    return [m for m in METHODS if any(each.matches({**scope, "method": m})[0] is Match.FULL for each in routes)]


def _unparsed(cause: BaseException | None) -> str | None:
    """What is wrong with a body that was given up half-way; None where it was for another reason."""
    if isinstance(cause, UnicodeDecodeError):
        return f"body: byte {cause.start + 1} is no {cause.encoding.upper()}: send JSON in UTF-8"
    if isinstance(cause, RecursionError):
        return "body: it is nested too deep"
    if isinstance(cause, ValueError):
        return "body: a number has more digits than are read: send one that an event can hold, or text"
    return None


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if isinstance(error.body, bytes):  # it is no JSON by its headers
        said = request.headers.get("content-type")
        how = f"is said to be {said[:80]!r}" if said else "comes without Content-Type"
        return error_response(415, UNSUPPORTED, f"the body {how}: send JSON, with Content-Type: application/json")
    problems = [_problem(each, error.body) for each in error.errors()]
    told = "; ".join(problems)[:2000].encode("utf-8", "replace").decode()  # a name may be half a character
    return error_response(422, "invalid", told)


def _problem(error: Mapping[str, Any], body: Any) -> str:
    if error["type"] == "json_invalid":
        at = error["loc"][1]
        line, column = body.count("\n", 0, at) + 1, at - body.rfind("\n", 0, at)
        return f"body: it is no JSON at line {line} column {column}: {error['ctx']['error']}"
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


async def _unstorable(_: Request, error: Exception) -> JSONResponse:
    too_large = isinstance(error, EventTooLarge)
    return error_response(413 if too_large else 422, "too_large" if too_large else "invalid", str(error))


async def _bad_id(_: Request, error: Exception) -> JSONResponse:
    return error_response(422, "invalid_id", str(error))


async def _unfit(request: Request, error: Exception) -> JSONResponse:
    logger.warning("a request has a value that the database does not take", path=request.url.path, error=repr(error))
    return error_response(422, "invalid", "a value in the request is none that the database can take")


async def _not_there_yet(_: Request, error: Exception) -> JSONResponse:
    return _later(str(error))


async def _unknown_place(_: Request, error: Exception) -> JSONResponse:
    return error_response(422, "invalid_cursor", str(error))


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    logger.warning("a request cannot be served", path=request.url.path, error=repr(error))
    return _later("the database does not answer as it should")


async def _unmade(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, exc.ProgrammingError)
    if isinstance(error.orig, psycopg.errors.UndefinedTable):  # a service's first leader makes its tables
        return await _unavailable(request, error)
    return await _unexpected(request, error)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    name = new_id("error")
    logger.error("a request ended in an error of our own", error_id=name, path=request.url.path, exc_info=error)
    return error_response(500, "internal", f"this is an error of ours, not of the request; the log has it as {name}")


def _later(why: str) -> JSONResponse:
    return error_response(503, "unavailable", f"try again in a moment: {why}", {"Retry-After": "2"})
