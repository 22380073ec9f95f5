"""Ids: ULIDs with a type prefix at every edge, the same 128 bits as a native `uuid` inside the database.

`item_01JD3K...` is the text form: a prefix, `_`, and 26 characters of Crockford base 32 whose first 48 bits are
milliseconds since 1970. Source: github.com/ulid/spec.
"""

import hashlib
import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Of bytes: for text it would be a dict, in which each character is looked up.
_TO_PYTHON = bytes.maketrans((CROCKFORD + CROCKFORD.lower()).encode(), b"0123456789abcdefghijklmnopqrstuv" * 2)
_ALPHABET = frozenset(CROCKFORD + CROCKFORD.lower())
_PAIRS = tuple(a + b for a in CROCKFORD for b in CROCKFORD)
_TRIPLES = tuple(pair + c for pair in _PAIRS for c in CROCKFORD)
_MAX = 1 << 128
_About = TypeVar("_About")


class InvalidId(ValueError):
    """The text is not an id of the wanted type."""


def new_id(prefix: str) -> str:
    """A fresh id: the current millisecond and 80 random bits."""
    return _text(prefix, (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big"))


def derive_id(prefix: str, cause: str, role: str) -> str:
    """The id that `cause` (an id) always gives its effect `role`: same cause and role, same id.

    It keeps the cause's millisecond, so that derived ids sort, and insert, beside their causes.
    """
    digest = hashlib.blake2b(f"{cause}\x00{role}".encode(), digest_size=10).digest()
    return _text(prefix, (_bits(cause) >> 80) << 80 | int.from_bytes(digest, "big"))


def named_id(prefix: str, *names: str) -> str:
    """The id of something known by name only, the same everywhere: its 128 bits are a hash of the names."""
    digest = hashlib.blake2b("\x00".join(names).encode(), digest_size=16).digest()
    return _text(prefix, int.from_bytes(digest, "big"))


def kind_of_id(identifier: str) -> str:
    """Its prefix; of what is no id, whatever stands there."""
    return identifier.partition("_")[0]


def parse_id(prefix: str, text: str) -> str:
    """`text` in canonical form. Raises InvalidId when it is not a `prefix` id."""
    head, _, tail = text.strip().partition("_")
    if head.lower() != prefix or len(tail) != 26:
        raise InvalidId(f"{text[:80]!r} is not an id like {prefix}_{'0' * 26}")
    if not _ALPHABET.issuperset(tail):
        raise InvalidId(f"{text!r} has a character that Crockford's base 32 does not know")
    value = int(tail.encode().translate(_TO_PYTHON), 32)
    if value >= _MAX:
        raise InvalidId(f"{text!r} is larger than 128 bits")
    return _text(prefix, value)


def optional(read: Callable[[_About, str], str], about: _About, text: str | None) -> str | None:
    """What `read` makes of a text that may be left out: None of none. `read` is `parse_id`, or checks as that does."""
    return None if text is None else read(about, text)


@lru_cache(maxsize=65_536)
def to_hex(identifier: str) -> str:
    """The 32 hexadecimal digits of an id's 128 bits: what PostgreSQL reads as `uuid`."""
    return f"{_bits(identifier):032x}"


@lru_cache(maxsize=65_536)
def from_hex(prefix: str, digits: str) -> str:
    """The id with these bits; dashes are allowed, as PostgreSQL prints a `uuid`."""
    return _text(prefix, int(digits.replace("-", ""), 16))


def _bits(identifier: str) -> int:
    return int(identifier[-26:].encode().translate(_TO_PYTHON), 32)


def _text(prefix: str, value: int) -> str:
    # 130 bits as ten and eight times fifteen, split in two so that most of the arithmetic is on small numbers.
    high, low = value >> 60, value & 0xFFFFFFFFFFFFFFF
    return (
        f"{prefix}_{_PAIRS[high >> 60]}{_TRIPLES[high >> 45 & 32767]}{_TRIPLES[high >> 30 & 32767]}"
        f"{_TRIPLES[high >> 15 & 32767]}{_TRIPLES[high & 32767]}{_TRIPLES[low >> 45]}{_TRIPLES[low >> 30 & 32767]}"
        f"{_TRIPLES[low >> 15 & 32767]}{_TRIPLES[low & 32767]}"
    )
