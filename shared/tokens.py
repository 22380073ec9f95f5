"""The signed token in a callback URL: it says which dispatch an answer is for, and that we asked for it.

URL-safe base64 of a JSON array, a dot, and an HMAC-SHA256 over the first part, cut to 128 bits. Any of several keys
may verify, so that keys can rotate; the first one signs.
"""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

_SIGNATURE_BYTES: Final = 16
MIN_KEY_CHARACTERS: Final = 32


class InvalidToken(ValueError):
    """The token is not one of ours, was changed, or has expired; `code` says which. `token`: one that has expired."""

    def __init__(self, code: str, message: str, token: "CallbackToken | None" = None) -> None:
        super().__init__(message)
        self.code = code
        self.token = token


@dataclass(frozen=True, slots=True)
class CallbackToken:
    """What a callback URL is bound to. `expires_at`: seconds since 1970."""

    dispatch_id: str
    tenant_id: str
    client_id: str
    batch_id: str
    item_id: str
    entity_id: str
    workflow: str
    expires_at: int


_VALUES: Final = attrgetter(*CallbackToken.__slots__)


def sign(token: CallbackToken, key: str) -> str:
    """The token as text for a URL's path."""
    body = _encode(json.dumps(_VALUES(token), separators=(",", ":")).encode())
    return f"{body}.{_encode(_mac(body, key))}"


def verify(text: str, keys: Sequence[str], now: float | None = None) -> CallbackToken:
    """The token of this text, if one of the keys signed it and it has not expired. Raises InvalidToken."""
    body, _, signature = text.partition(".")
    try:
        given = _decode(signature)
        genuine = [hmac.compare_digest(given, _mac(body, key)) for key in keys]
        token = CallbackToken(*json.loads(_decode(body))) if any(genuine) else None
    except (ValueError, TypeError, binascii.Error, UnicodeError):
        raise InvalidToken("malformed", "the callback URL's token is not one of ours, or was cut") from None
    if token is None:
        raise InvalidToken("forged", "the callback URL's token was not signed with a key of this installation")
    if token.expires_at < (time.time() if now is None else now):
        raise InvalidToken("expired", "the callback URL's token has expired; dispatch the step again", token)
    return token


def _mac(body: str, key: str) -> bytes:
    return hmac.digest(key.encode(), body.encode(), "sha256")[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
