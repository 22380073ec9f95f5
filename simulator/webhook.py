"""The webhooks' HTTP, bare ASGI: read a POST, hand it to the run, reply.

Clay's limits hold: a body over 100 KB is refused with 413, one that is not a JSON object with 400.
"""

from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope, Send

from simulator.clay import Clay
from simulator.submission import NotAnObject, read

WEBHOOKS = "/webhook/"
MAX_BODY = 100 * 1024
_ACCEPTED = b'{"accepted": true}'
_JSON = (b"content-type", b"application/json")


class _Headers(NamedTuple):
    secret: str = ""
    idempotency_key: str | None = None


async def answer_post(clay: Clay, scope: Scope, receive: Receive, send: Send) -> None:
    """Take one submission, or say why not."""
    body = await _body(receive)
    headers = _headers(scope)
    if not clay.knows(headers.secret):
        await _reply(send, 401, _reason("x-clay-webhook-auth is missing or wrong"))
    elif len(body) > MAX_BODY:
        await _reply(send, 413, _reason("a body has at most 100 KB"))
    else:
        await _take(clay, scope["path"], body, headers.idempotency_key, send)


async def _take(clay: Clay, path: str, body: bytes, idempotency_key: str | None, send: Send) -> None:
    try:
        asked = read(path, body)
    except NotAnObject as error:
        await _reply(send, 400, _reason(str(error)))
        return
    status, retry_after = clay.take(asked, idempotency_key)
    content = _ACCEPTED if status == 200 else _reason("refused, try again")
    await _reply(send, status, content, retry_after)


async def _body(receive: Receive) -> bytes:
    """The whole body, but no more than shows that it is too long."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
    return body


def _headers(scope: Scope) -> _Headers:
    secret, key = "", None
    for name, value in scope["headers"]:
        if name == b"x-clay-webhook-auth":
            secret = value.decode("latin-1")
        elif name == b"idempotency-key":
            key = value.decode("latin-1")
    return _Headers(secret, key)


def _reason(text: str) -> bytes:
    return orjson.dumps({"accepted": False, "reason": text})


async def _reply(send: Send, status: int, content: bytes, retry_after: int = 0) -> None:
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
