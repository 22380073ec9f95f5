"""A provider's POST body, as it comes in real life, read into answers.

Whatever is posted, `read` gives at least one answer or raises `UnreadableBody`, in time proportional to the
body's size. What it gives can always be stored: no NUL, no lone surrogate, no NaN, no integer beyond 64 bits,
and never deeper than MAX_DEPTH, however often JSON was put inside a string.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from shared.enrichment import (
    ECHOED,
    IDS,
    MAX_LAYERS,
    WRAPPERS,
    Object,
    UnreadableBody,
    decode,
    objects,
    search,
)
from shared.ids import InvalidId, from_hex, parse_id

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_ROWS: Final = 10_000
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """Our ids in it; the enrichment, or the body if it is flat or holds several; False if that is empty."""

    item_id: str | None
    company_id: str | None
    person_id: str | None
    dispatch_id: str | None
    payload: Any
    found: bool


def read(raw: bytes, content_type: str | None = None) -> list[Answer]:
    """Every answer in a POST body; at least one. Raises UnreadableBody."""
    if len(raw) > MAX_BYTES:
        raise UnreadableBody("too_large", f"the body has {len(raw)} bytes; {MAX_BYTES} are accepted")
    if not raw or raw.isspace():
        raise UnreadableBody("empty", "the body is empty; a JSON object is expected")
    bodies = list(islice(_bodies(decode(raw, content_type), {}, MAX_LAYERS), MAX_ROWS + 1))
    if len(bodies) > MAX_ROWS:
        raise UnreadableBody("too_large", f"the body has more than {MAX_ROWS} rows")
    if not bodies:
        raise UnreadableBody("no_object", "the body is JSON but holds no object; a JSON object is expected")
    return [_answer(body, outer) for body, outer in bodies]


def _answer(body: Object, outer: dict[str, str]) -> Answer:
    hits = search(body)
    _, payload, parent = hits[0] if len(hits) == 1 else (0, body, body)
    ids = {**outer, **_our_ids(body)}
    if payload is not body:
        # A provider may number its companies with UUIDs; inside an enrichment only a prefixed id is ours.
        between = {} if parent is body else _our_ids(parent)
        ids = {**_our_ids(payload, uuids=False), **between, **ids}
    found = any(v not in (None, "", {}, []) for k, v in payload.items() if k not in ECHOED) and bool(hits)
    kept = payload if hits else next(body[key] for key in body if key in WRAPPERS)
    item, company, person, dispatch = map(ids.get, IDS)
    return Answer(item, company, person, dispatch, kept, found)


def _bodies(value: object, outer: dict[str, str], layers: int) -> Iterator[tuple[Object, dict[str, str]]]:
    """Every object of an array or of {"rows": [...]}, with the ids that stand around it."""
    for row in objects(value):
        rows = objects(row.get("rows")) if layers else []
        yield from _bodies(rows, {**outer, **_our_ids(row)}, layers - 1) if rows else [(row, outer)]


def _our_ids(body: Object, *, uuids: bool = True) -> dict[str, str]:
    return {key: i for key, prefix in IDS.items() if (i := _our_id(prefix, body.get(key), uuids))}


def _our_id(prefix: str, value: object, uuids: bool) -> str | None:
    """`value` as one of our ids; None for anything else, such as the number Clay itself gives a company."""
    if not isinstance(value, str) or len(value) > 100:
        return None
    try:
        uuid = _UUID.fullmatch(value.strip()) if uuids and prefix != "disp" else None
        return from_hex(prefix, uuid[0]) if uuid else parse_id(prefix, value)
    except InvalidId:
        return None
