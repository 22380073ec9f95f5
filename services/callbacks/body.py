"""A provider's POST body, as it comes in real life, read into answers.

Whatever is posted, `parsed` and then `answers_in` give at least one answer or raise `UnreadableBody`, in time
proportional to the body's size. What they give can always be stored: no NUL, no lone surrogate, no NaN, no integer
beyond 64 bits, and never deeper than MAX_DEPTH, however often JSON was put inside a string.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from services.callbacks.verdict import has_value, says_something
from shared.enrichment import (
    CONTACT_KEYS,
    FIELDS,
    IDS,
    MAX_KEYS,
    MAX_LAYERS,
    STANDING_KEYS,
    WRAPPERS,
    EntityKind,
    Hit,
    Object,
    UnreadableBody,
    at,
    decode,
    kind_of,
    objects,
    ours,
    path_of,
    search,
    snake,
    unquoted,
)
from shared.ids import InvalidId, from_hex, parse_id

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_ROWS: Final = 10_000
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_OF: Final[dict[EntityKind, str]] = {"company": "company_id", "person": "person_id"}


class Bare(str):
    """An id that was told as a UUID without our prefix: a provider numbers with UUIDs too."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Our ids in it; the enrichment, or the body if it is flat or not understood; False if that is empty.

    `place` is what stands for the payload in the body: itself, or the string that it was in; None where nothing does.
    `kind` and `body` are given where one body told of a company and of a person: then each is an answer of its own.
    """

    item_id: str | None
    company_id: str | None
    person_id: str | None
    dispatch_id: str | None
    payload: Any
    found: bool
    place: Any
    kind: EntityKind | None = None
    body: Object | None = None


def parsed(raw: bytes, content_type: str | None = None) -> Any:
    """The JSON value of a POST body, the strings around it opened. Raises UnreadableBody."""
    if len(raw) > MAX_BYTES:
        raise UnreadableBody("too_large", f"the body has {len(raw)} bytes; {MAX_BYTES} are accepted")
    if not raw or raw.isspace():
        raise UnreadableBody("empty", "the body is empty; a JSON object is expected")
    return unquoted(decode(raw, content_type))


def answers_in(whole: Any) -> list[Answer]:
    """Every answer in a body's JSON value, which they are parts of; at least one. Raises UnreadableBody."""
    bodies = list(islice(_bodies(whole, {}, MAX_LAYERS), MAX_ROWS + 1))
    if len(bodies) > MAX_ROWS:
        raise UnreadableBody("too_large", f"the body has more than {MAX_ROWS} rows")
    if not bodies:
        raise UnreadableBody("no_object", "the body is JSON but holds no object; a JSON object is expected")
    return [answer for body, outer in bodies for answer in _answers(body, outer)]


def identified(answer: Answer, whole: Any, paths: Mapping[str, Any]) -> Answer:
    """The answer with the ids that are under a client's own paths, in it or in the whole body, where it has none."""
    found: dict[str, str] = {}
    for key, prefix in IDS.items():
        told = paths.get(key)
        for path in [told] if isinstance(told, str) else told if isinstance(told, list) else []:
            values = (at(source, path_of(str(path))) for source in (answer.payload, whole))
            if each := next(filter(None, (_our_id(prefix, value, True) for value in values)), None):
                found.setdefault(key, each)
    item, company, person, dispatch = (getattr(answer, key) or found.get(key) for key in IDS)
    return replace(answer, item_id=item, company_id=company, person_id=person, dispatch_id=dispatch)


def _answers(body: Object, outer: dict[str, str]) -> list[Answer]:
    hits = search(body)
    kinds = [kind_of(hit.found) for hit in hits]
    if sorted(filter(None, kinds)) == ["company", "person"] == sorted(map(str, kinds)):
        return [_one_of_two(body, outer, hit) for hit in hits]
    hit = hits[0] if len(hits) == 1 else Hit(0, body, body, body)
    item, company, person, dispatch = map(_ids_around(body, outer, hit).get, IDS)
    if not hits:
        empty = next(value for key, value in ours(body) if key in WRAPPERS)
        place = empty if isinstance(empty, dict | list) else None
        return [Answer(item, company, person, dispatch, empty, False, place)]
    payload, found = _payload(body, hit)
    return [Answer(item, company, person, dispatch, payload, found, hit.place)]


def _payload(body: Object, hit: Hit) -> tuple[Object, bool]:
    """An enrichment with the address or number that stands beside it alone; whether that says anything.

    What else its readers look for on top stays there: its own fields, and when the provider last looked.
    """
    payload = hit.found
    if payload is not body and not any(map(_reaches, payload.items())):
        beside = [(key, value) for key, value in (body | hit.parent).items() if value is not hit.place][:MAX_KEYS]
        if reached := dict(filter(_reaches, beside)):
            payload = {key: value for key, value in beside if snake(key) in STANDING_KEYS} | payload | reached
    return payload, says_something(hit.found) or (payload is not hit.found and says_something(payload))


def _reaches(told: tuple[str, Any]) -> bool:
    return snake(told[0]) in CONTACT_KEYS and has_value(told[1])


def _one_of_two(body: Object, outer: dict[str, str], hit: Hit) -> Answer:
    """The company or the person of a body that tells of both; the dispatch was for the one whose id is named."""
    kind = kind_of(hit.found)
    ids = _ids_around(body, outer, hit)
    named = [each for each, key in _OF.items() if key in ids]
    company, person = (ids.get(key) if kind == each else None for each, key in _OF.items())
    dispatch = ids.get("dispatch_id") if named == [kind] else None
    payload, found = _payload(body, hit) if kind == "person" else (hit.found, says_something(hit.found))
    return Answer(ids.get("item_id"), company, person, dispatch, payload, found, hit.place, kind, body)


def _ids_around(body: Object, outer: dict[str, str], hit: Hit) -> dict[str, str]:
    ids = {**outer, **_our_ids(body)}
    if hit.found is body:
        return ids
    # A provider may number its companies with UUIDs; inside an enrichment only a prefixed id is ours.
    between = {} if hit.parent is body else _our_ids(hit.parent)
    return {**_our_ids(hit.found, uuids=False), **between, **ids}


def _bodies(value: object, outer: dict[str, str], layers: int) -> Iterator[tuple[Object, dict[str, str]]]:
    """Every object of an array or of {"rows": [...]}, with the ids that stand around it."""
    for row in objects(value):
        rows = _rows(row, layers)
        yield from _bodies(rows, {**outer, **_our_ids(row)}, layers - 1) if rows else [(row, outer)]


def _rows(body: Object, layers: int) -> list[Object]:
    """The objects under `rows`, or under any other key that has several, each with a prefixed id of ours."""
    for key, value in ours(body) if layers else ():
        if key == "rows":
            return objects(value)
        rows: list[Object] = []
        if key in FIELDS:
            continue
        if isinstance(value, dict):
            rows = _rows(value, layers - 1)
        elif isinstance(value, list) or (isinstance(value, str) and value.startswith("[")):
            rows = objects(value)
            rows = rows if len(rows) > 1 and all(_our_ids(row, uuids=False) for row in rows) else []
        if rows:
            return rows
    return []


def _our_ids(body: Object, *, uuids: bool = True) -> dict[str, str]:
    ids: dict[str, str] = {}
    for key, value in ours(body):
        if key in IDS and (found := _our_id(IDS[key], value, uuids)):
            ids[key] = found
    return ids


def _our_id(prefix: str, value: object, uuids: bool) -> str | None:
    """`value` as one of our ids; None for anything else, such as the number Clay itself gives a company."""
    if not isinstance(value, str) or len(value) > 100:
        return None
    try:
        uuid = _UUID.fullmatch(value.strip()) if uuids and prefix != "disp" else None
        return Bare(from_hex(prefix, uuid[0])) if uuid else parse_id(prefix, value)
    except InvalidId:
        return None
