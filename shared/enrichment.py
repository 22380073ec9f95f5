"""Where the enrichment is in what a provider sent: flat, wrapped, in an array, as JSON inside a string. Pure.

Nothing here raises but `decode`. What that gives can always be stored: no NUL, no lone surrogate, no NaN, no
integer beyond 64 bits, and never deeper than MAX_DEPTH, however often JSON was put inside a string.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import orjson

Object = dict[str, Any]
EntityKind = Literal["company", "person"]

MAX_DEPTH: Final = 100  # orjson writes 254 levels at most, the event around an answer included
MAX_KEYS: Final = 1_000  # of an object whose keys may be spelled in any way: a body has room for a hundred thousand
MAX_LAYERS: Final = 4  # objects around the enrichment, and strings around an object
IDS: Final = {"item_id": "item", "company_id": "company", "person_id": "person", "dispatch_id": "disp"}
ECHOED: Final = frozenset(
    {*IDS, "callback_url", "workflow", "workflow_slug", "workstream_slug", "client_id", "batch_id"}
)
_WRAPPERS = """raw_clay_company_enriched_payload raw_clay_person_enriched_payload raw_payload enrich_company
    enrich_person enriched_data"""
_FIELDS = """annual_revenue country current_experience derived_datapoints description domain education
    employee_count employment employment_history experience experiences first_name founded headline industries
    industry last_name latest_experience linkedin_url locality location location_name locations logo_url name org
    resolved_domain size slug specialties summary title total_funding_amount_range_usd type url volunteering website
    work_experience"""
WRAPPERS: Final = frozenset(_WRAPPERS.split())
FIELDS: Final = frozenset(_FIELDS.split())
COMPANY_FIELDS: Final = frozenset(
    {"annual_revenue", "derived_datapoints", "domain", "employee_count", "founded", "industry", "industries"}
    | {"locality", "locations", "logo_url", "size", "specialties", "total_funding_amount_range_usd", "type"}
)
PERSON_FIELDS: Final = frozenset(
    {"current_experience", "education", "experience", "first_name", "headline", "last_name", "org", "title"}
    | {"latest_experience", "location_name", "summary", "connections", "jobs_count"}
)
EMPLOYERS: Final = frozenset({"company", "organization", "employer"})
MAIL_KEYS: Final = frozenset({"email", "work_email"})
CONTACT_KEYS: Final = MAIL_KEYS | {
    "business_email", "email_address", "emails", "enrich_email", "final_email", "mobile", "mobile_number",
    "mobile_phone", "person_email", "personal_email", "phone", "phone_number", "phone_numbers", "phones",
    "professional_email",
}  # fmt: skip
STANDING_KEYS: Final = frozenset({"email_status", "status", "verification", "verification_status"})
_DENIAL: Final = re.compile(r"(?i)\b(?:no|not|none|null|nothing|unable|cannot|false|error|failed|empty|n/a|\w+n't)\b")
# Of bytes that are no UTF-8, each read as the surrogate of its number: a beginning with what follows, and any alone.
_CUT: Final = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]+")
_ALONE: Final = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
_GAPS: Final = re.compile(r"[\W_]+")
_NEW_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OUR_KEYS: Final = {_GAPS.sub("", name): name for name in ECHOED | WRAPPERS | {"rows"}}


class Hit(NamedTuple):
    """An enrichment: how sure, the object, the one it is in, and what stands for it there: itself, or a string."""

    score: int
    found: Object
    parent: Object
    place: Any


class UnreadableBody(ValueError):
    """Never usable. `code`: empty, not_json, too_deep, too_large or no_object; the text is for the sender."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def ours(told: Object) -> Iterable[tuple[str, Any]]:
    """Keys and values of an object, the keys of ours as we write them."""
    return told.items() if len(told) > MAX_KEYS else [(our_key(key), value) for key, value in told.items()]


def our_key(key: str) -> str:
    """The key as we write it, where it is one of ours in a column's spelling: "Item ID" is "item_id"."""
    return key if len(key) > 60 else _our_key(key)


@lru_cache(maxsize=4096)
def _our_key(key: str) -> str:
    return _OUR_KEYS.get(_GAPS.sub("", key).lower(), key)


def respelled(told: Object) -> Object:
    """The object with "Company Name" and "companyName" as `company_name`; a key that is spelled so already wins."""
    keys = "".join(told)
    if (keys.islower() and keys.isidentifier()) or len(told) > MAX_KEYS:
        return told
    return {snake(key): value for key, value in told.items()} | told


def snake(key: str) -> str:
    """A key in snake case: "LinkedIn URL" and "linkedinUrl" are `linkedin_url`."""
    return _snake(key[:60])


@lru_cache(maxsize=4096)
def _snake(key: str) -> str:
    words = _NEW_WORD.sub("_", key.replace("LinkedIn", "Linkedin"))
    return _GAPS.sub("_", words).strip("_").lower()


def fields_of(told: Object) -> frozenset[str]:
    """The fields of an enrichment that an object has, however it spells them; as it spells them, if those are many."""
    found = FIELDS & told.keys()
    return found if len(found) >= 5 or len(told) > MAX_KEYS else FIELDS.intersection(map(snake, told))


def is_wrapped(body: Object) -> bool:
    """Whether a key of the body says that the enrichment is under it."""
    return not WRAPPERS.isdisjoint(body if len(body) > MAX_KEYS else map(our_key, body))


def kind_of(found: Object) -> EntityKind | None:
    """What an enrichment is about, by the fields that only one kind has; None when it could be either."""
    names = respelled(found).keys()
    company, person = len(COMPANY_FIELDS & names), len(PERSON_FIELDS & names)
    return None if company == person else "company" if company > person else "person"


def enrichments(value: object) -> list[Object]:
    """Every enrichment in a callback body; `value` alone when it already is one, [] when there is none."""
    return [hit.found for body in objects(value) for hit in search(body)]


def search(body: Object) -> list[Hit]:
    """The enrichments in `body`: itself if flat, none if its wrapper is empty."""
    score = len(fields_of(body))
    wrapped = is_wrapped(body) and not (score >= 3 and _only_reports(body))
    flat = [Hit(score, body, body, body)] if score >= 5 or not wrapped else []
    if score >= 5 and not wrapped:
        return flat
    hits = [hit for hit in _nested(body, MAX_LAYERS) if hit.score > (4 if wrapped else score)]
    if flat and all(_employs(body, hit.found) for hit in hits):
        return [*hits, *flat]
    return hits or flat


def _only_reports(body: Object) -> bool:
    """Whether all that is under wrappers is a word of success, as of a column that shows "Response found"."""
    told = [value for key, value in ours(body) if key in WRAPPERS]
    return all(isinstance(value, str) and _reports_success(value) for value in told)


def _reports_success(text: str) -> bool:
    text = text[:200].lstrip()
    return not text.startswith(("{", "[", '"')) and text.lower() != text.upper() and not _DENIAL.search(text)


def _employs(body: Object, inner: Object) -> bool:
    """Whether this is the employer inside what is told of a person."""
    about_person = kind_of(body) == "person" or not MAIL_KEYS.isdisjoint(respelled(body))
    return about_person and any(inner is body.get(name) for name in EMPLOYERS)


def _nested(body: Object, layers: int) -> Iterator[Hit]:
    """The objects below `body` that look like an enrichment, or stand under a key that says so."""
    for key, value in ours(body) if layers else ():
        if key not in FIELDS and key not in ECHOED:
            for inner, place in _first(value):
                score = len(fields_of(inner))
                hits = list(_nested(inner, layers - 1)) if score < 3 else []
                if not hits and (score >= 3 or (inner and key in WRAPPERS)):
                    hits = [Hit(score, inner, body, place)]
                yield from (hit._replace(score=hit.score + 100 * (key in WRAPPERS)) for hit in hits)


def _first(value: object) -> list[tuple[Object, Any]]:
    """The object that `value` is, holds in a string or begins with; and what is that object and no more."""
    place = value[0] if isinstance(value, list) and value else value
    opened = unquoted(place)
    if isinstance(opened, dict):
        return [(opened, place)]
    return [(inner, None) for inner in objects(opened)[:1]] if opened is not place else []


def provider_of(*told: object) -> str:
    """Who answered, as the body around an answer says, or else the answer; without word of it, Clay."""
    names = (respelled(each).get("provider") for each in told if isinstance(each, dict))
    return next((name for name in names if isinstance(name, str) and 0 < len(name) <= 60), "clay")


def path_of(written: str) -> tuple[str | int, ...]:
    """The steps of a path written with dots, "locations.0.address": keys, and positions in lists."""
    return tuple(int(step) if step.isdecimal() and len(step) < 6 else step for step in written.split("."))


def at(source: Any, path: tuple[str | int, ...]) -> Any:
    """What is under a path; None where it leads nowhere."""
    for step in path:
        if isinstance(step, str):
            source = source.get(step) if isinstance(source, dict) else None
        else:
            source = source[step] if isinstance(source, list) and len(source) > step else None
    return source


def objects(value: object) -> list[Object]:
    """The objects in `value`: itself, those of an array, or what JSON in a string says they are."""
    value = unquoted(value)
    rows = value if isinstance(value, list) else [value]
    return [row for row in map(unquoted, rows) if isinstance(row, dict)]


def unquoted(value: object) -> Any:
    """`value`, or what it says if it is a string that holds JSON."""
    for _ in range(MAX_LAYERS):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            break
        try:
            value = decode(value.encode("utf-8", "replace"), mend=len(value) > 200)
        except UnreadableBody:
            break
    return value


def decode(raw: bytes, content_type: str | None = None, *, mend: bool = True) -> Any:
    """The JSON value in `raw`. Mending is slow: a million short texts in a body must not ask for it each."""
    try:
        value, suspect = orjson.loads(raw), b"\\u0000" in raw
    except orjson.JSONDecodeError:
        value, suspect = _tolerated(raw, content_type) if mend else None, True
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise UnreadableBody("too_deep", f"the body is nested deeper than {MAX_DEPTH} levels")
    return storable(value) if suspect else value


def _tolerated(raw: bytes, content_type: str | None) -> Any:
    """What a strict reader refuses and senders write: NaN, half an emoji, raw line breaks, Windows-1252."""
    latin = re.search("(?i)iso-8859-1|windows-1252", content_type or "")
    try:
        text = raw.decode("cp1252", "replace") if latin else _text(raw, json.detect_encoding(raw))
        return json.loads(text, strict=False, parse_int=_number, parse_float=_number, parse_constant=_number)
    except RecursionError as error:
        raise UnreadableBody("too_deep", f"the body is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise UnreadableBody("not_json", f"the body is not JSON: {error}") from error


def _text(raw: bytes, encoding: str) -> str:
    """The text in `raw`; in UTF-8 a single byte that is none is read as Windows-1252, a cut character as U+FFFD."""
    if not encoding.startswith("utf-8"):
        return raw.decode(encoding, "replace")
    return _CUT.sub("\ufffd", raw.decode(encoding, "surrogateescape")).translate(_ALONE)


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


def storable(value: Any) -> Any:
    """`value` without what cannot be stored in any of its texts: a NUL is left out, half a character is U+FFFD."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
