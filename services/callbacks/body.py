"""A provider's POST body, as it comes in real life, read into answers.

Whatever is posted, `read` gives at least one answer or raises `UnreadableBody`, in time proportional to the
body's size. What it gives can always be stored: no NUL, no lone surrogate, no NaN, no integer beyond 64 bits,
and never deeper than MAX_DEPTH, however often JSON was put inside a string.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

from shared.ids import InvalidId, from_hex, parse_id

Object = dict[str, Any]

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 100  # orjson writes 254 levels at most, the event around an answer included
MAX_LAYERS: Final = 4  # objects around the enrichment, and strings around an object
MAX_ROWS: Final = 10_000
IDS: Final = {"item_id": "item", "company_id": "company", "person_id": "person", "dispatch_id": "disp"}
ECHOED: Final = frozenset({*IDS, "callback_url", "workflow_slug", "workstream_slug", "client_id", "batch_id"})
_WRAPPERS = """raw_clay_company_enriched_payload raw_clay_person_enriched_payload raw_payload enrich_company
    enrich_person enriched_data"""
_FIELDS = """annual_revenue country current_experience derived_datapoints description domain education
    employee_count experience first_name founded headline industries industry last_name latest_experience
    linkedin_url locality location_name locations logo_url name org resolved_domain size slug specialties
    summary title total_funding_amount_range_usd type url volunteering website"""
WRAPPERS: Final = frozenset(_WRAPPERS.split())
FIELDS: Final = frozenset(_FIELDS.split())
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class UnreadableBody(ValueError):
    """Never usable. `code`: empty, not_json, too_deep, too_large or no_object; the text is for the sender."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    bodies = list(islice(_bodies(_decode(raw, content_type), {}, MAX_LAYERS), MAX_ROWS + 1))
    if len(bodies) > MAX_ROWS:
        raise UnreadableBody("too_large", f"the body has more than {MAX_ROWS} rows")
    if not bodies:
        raise UnreadableBody("no_object", "the body is JSON but holds no object; a JSON object is expected")
    return [_answer(body, outer) for body, outer in bodies]


def enrichments(value: object) -> list[Object]:
    """Every enrichment in a callback body; `value` alone when it already is one, [] when there is none."""
    return [payload for body in _objects(value) for _, payload, _ in _search(body)]


def _answer(body: Object, outer: dict[str, str]) -> Answer:
    hits = _search(body)
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
    for row in _objects(value):
        rows = _objects(row.get("rows")) if layers else []
        yield from _bodies(rows, {**outer, **_our_ids(row)}, layers - 1) if rows else [(row, outer)]


def _search(body: Object) -> list[tuple[int, Object, Object]]:
    """The enrichments in `body` (score, object, parent): itself if flat, none if its wrapper is empty."""
    score = len(FIELDS & body.keys())
    wrapped = not WRAPPERS.isdisjoint(body)
    flat = [(score, body, body)] if score >= 5 or not wrapped else []
    if score >= 5 and not wrapped:
        return flat
    nested = list(_nested(body, MAX_LAYERS))
    return [hit for hit in nested if hit[0] > (4 if wrapped else score)] or flat


def _nested(body: Object, layers: int) -> Iterator[tuple[int, Object, Object]]:
    """The objects below `body` that look like an enrichment, or stand under a key that says so."""
    for key, value in body.items() if layers else ():
        if key not in FIELDS and key not in ECHOED:
            for inner in _objects(value[:1] if isinstance(value, list) else value)[:1]:
                score = len(FIELDS & inner.keys())
                hits = list(_nested(inner, layers - 1)) if score < 3 else []
                if not hits and (score >= 3 or (inner and key in WRAPPERS)):
                    hits = [(score, inner, body)]
                yield from ((n + 100 * (key in WRAPPERS), hit, parent) for n, hit, parent in hits)


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


def _objects(value: object) -> list[Object]:
    value = _unquoted(value)
    rows = value if isinstance(value, list) else [value]
    return [row for row in map(_unquoted, rows) if isinstance(row, dict)]


def _unquoted(value: object) -> Any:
    """`value`, or what it says if it is a string that holds JSON."""
    for _ in range(MAX_LAYERS):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            break
        try:
            value = _decode(value.encode("utf-8", "replace"), mend=len(value) > 200)
        except UnreadableBody:
            break
    return value


def _decode(raw: bytes, content_type: str | None = None, *, mend: bool = True) -> Any:
    """The JSON value in `raw`. Mending is slow: a million short texts in a body must not ask for it each."""
    try:
        value, suspect = orjson.loads(raw), b"\\u0000" in raw
    except orjson.JSONDecodeError:
        value, suspect = _tolerated(raw, content_type) if mend else None, True
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise UnreadableBody("too_deep", f"the body is nested deeper than {MAX_DEPTH} levels")
    return _storable(value) if suspect else value


def _tolerated(raw: bytes, content_type: str | None) -> Any:
    """What a strict reader refuses and senders write: NaN, half an emoji, raw line breaks, Windows-1252."""
    latin = re.search("(?i)iso-8859-1|windows-1252", content_type or "")
    try:
        text = raw.decode("cp1252" if latin else json.detect_encoding(raw), "replace")
        return json.loads(text, strict=False, parse_int=_number, parse_float=_number, parse_constant=_number)
    except RecursionError as error:
        raise UnreadableBody("too_deep", f"the body is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise UnreadableBody("not_json", f"the body is not JSON: {error}") from error


def _number(digits: str) -> int | float | None:
    if len(digits) < 20 and digits.lstrip("-").isdigit():
        return int(digits)
    return number if math.isfinite(number := float(digits)) else None


def _deeper(value: object, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        inner = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for children in inner for child in children if isinstance(child, dict | list)]
    return bool(level)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
