"""The query parameters that say which leads, read and checked: each column is one, and its bounds two more."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final

import orjson
from fastapi import Depends, Request
from sqlalchemy import BigInteger, Boolean, Date, Integer

from services.projector.filters import FILTERED, RANGED, SORTED, LeadFilter, Order, Place
from services.projector.tables import FINAL_LEADS
from shared.ids import optional, parse_id

OTHERS: Final = ("q", "known", "unknown", "contradicted", "batch_id", "client_id")
OF_PAGES: Final = ("sort", "after", "limit", "columns", "at_position")
OF_FILES: Final = ("format", "columns", "at_position")
_BOUNDS: Final = {f"{name}.{end}": name for name in RANGED for end in ("min", "max")}
_ALLOWED: Final = frozenset({*FILTERED, *_BOUNDS, *OTHERS})
# What may be said more than once: of the values one is enough, of columns and words all count.
_REPEATED: Final = frozenset({*FILTERED, "q", "known", "unknown"})
MOST_WORDS: Final = 20
_SHOWN: Final = tuple(str(name) for name in FINAL_LEADS.c.keys() if name != "tenant_id")  # noqa: SIM118 - its names


class Unaskable(ValueError):
    """There is no such filter, column or place. `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def wanted(filters: Mapping[str, Sequence[str]]) -> LeadFilter:
    """Which leads, from the query parameters that say it. Raises Unaskable."""
    told = {name: (" " if name == "q" else ",").join(values) for name, values in filters.items() if values}
    if unknown := [name for name in told if name not in _ALLOWED]:
        message = f"there is no {unknown[0]!r} here; filters are {', '.join(sorted(_ALLOWED))}"
        raise Unaskable("unknown_parameter", message)
    if nul := [name for name, values in filters.items() if any("\0" in value for value in values)]:
        raise Unaskable("invalid_filter", f"{nul[0]} has the character NUL, which no lead has")
    if repeated := [name for name in told if name not in _REPEATED and len(filters[name]) > 1]:
        raise Unaskable("invalid_filter", f"{repeated[0]} is there {len(filters[repeated[0]])} times: it may be once")
    batch, client = told.get("batch_id"), told.get("client_id")
    return LeadFilter(
        batch_id=optional(parse_id, "batch", batch),
        client_id=optional(parse_id, "client", client),
        equal={name: [_value(name, text) for text in filters[name]] for name in FILTERED if name in told},
        least={name: _value(name, told[key]) for key, name in _BOUNDS.items() if key in told and key.endswith(".min")},
        most={name: _value(name, told[key]) for key, name in _BOUNDS.items() if key in told and key.endswith(".max")},
        known=_columns(told, "known"),
        unknown=_columns(told, "unknown"),
        words=_words(told.get("q", "")),
        contradicted=_flag("contradicted", told["contradicted"]) if "contradicted" in told else None,
    )


def filters(*others: str) -> Callable[[Request], dict[str, list[str]]]:
    """How a route reads what a request says about which leads are wanted; `others`: what else the route takes."""

    def told(request: Request) -> dict[str, list[str]]:
        query = request.query_params
        return {name: query.getlist(name) for name in query if name not in others}

    return told


def _asked(*others: str) -> Callable[[Request], LeadFilter]:
    told = filters(*others)

    def read(request: Request) -> LeadFilter:
        return wanted(told(request))

    return read


# What a route asks for to know which leads are wanted, and how that was said.
AskedInPages = Annotated[LeadFilter, Depends(_asked(*OF_PAGES))]
AskedWhole = Annotated[LeadFilter, Depends(_asked("at_position"))]
AskedAsFile = Annotated[LeadFilter, Depends(_asked(*OF_FILES))]
Filters = Annotated[dict[str, list[str]], Depends(filters("at_position"))]


def documented() -> dict[str, Any]:
    """The parameters of filters as OpenAPI has them."""
    names = {name: f"one of these values; may be repeated ({name})" for name in FILTERED}
    names |= {key: f"a bound of {name}, included" for key, name in _BOUNDS.items()}
    names |= {
        "q": "words, each of which is somewhere in the lead", "known": "columns that have a value, with commas",
        "unknown": "columns that have none", "contradicted": "whether something known cannot all be true",
        "batch_id": "only of this batch", "client_id": "only of this client",
    }  # fmt: skip
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": about, "schema": _schema(name)}
            for name, about in names.items()
        ]
    }


def order(sort: str | None) -> Order:
    """From `column` or `-column`."""
    if not sort:
        return Order()
    by = sort.removeprefix("-")
    if by not in SORTED:
        raise Unaskable("invalid_sort", f"`sort` is one of {', '.join(SORTED)}, with - before it for descending")
    return Order(by, sort.startswith("-"))


def columns(told: str | None, otherwise: tuple[str, ...] = _SHOWN) -> tuple[str, ...]:
    """From names with commas, in the order given; `lead_id` always comes first."""
    if not told:
        return otherwise
    names = [name.strip() for name in told.split(",") if name.strip()]
    if wrong := [name for name in names if name not in _SHOWN]:
        raise Unaskable("unknown_column", f"there is no column {wrong[0]!r}; there are {', '.join(_SHOWN)}")
    return tuple(dict.fromkeys(("lead_id", *names)))


def cursor(place: Place, by: Order) -> str:
    """A place as the text that `placed` reads."""
    told = [by.by, by.descending, place.value, place.batch_id, place.row]
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def placed(told: str | None, by: Order) -> Place | None:
    """The place of a cursor. Refuses one that was not given for this order."""
    if told is None:
        return None
    try:
        column, descending, value, batch_id, row = orjson.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))
        if (column, descending) != (by.by, by.descending) or type(row) is not int or not 0 <= row < 2**63:
            raise ValueError("another order")
        if value is not None and by.by is not None:
            value = _kept(by.by, value)
        return Place(value, parse_id("batch", batch_id), row)
    except (ValueError, TypeError, AttributeError):
        message = "`after` is the `next` of the page before, as it was given, with the same `sort`"
        raise Unaskable("invalid_cursor", message) from None


def _kept(name: str, value: Any) -> Any:
    """A value of a column as `cursor` writes it. Raises ValueError for one that the column cannot have."""
    kind = FINAL_LEADS.c[name].type
    if type(value) is not (bool if isinstance(kind, Boolean) else int if isinstance(kind, Integer) else str):
        raise ValueError("another type")
    return _value(name, str(value))


def _value(name: str, text: str) -> Any:
    kind = FINAL_LEADS.c[name.partition(".")[0]].type
    if isinstance(kind, Boolean):
        return _flag(name, text)
    try:
        if isinstance(kind, Date):
            return date.fromisoformat(text)
        if isinstance(kind, Integer):
            number, end = int(text), 2**63 if isinstance(kind, BigInteger) else 2**31
            return max(-end, min(number, end - 1))
    except ValueError:
        wanted = "a date as 2026-01-31" if isinstance(kind, Date) else "a whole number"
        raise Unaskable("invalid_filter", f"{name} is {text[:80]!r}: it has to be {wanted}") from None
    return text.replace("\0", "")


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Unaskable("invalid_filter", f"{name} is {text[:80]!r}: it has to be true or false")
    return text.lower() == "true"


def _words(told: str) -> tuple[str, ...]:
    if len(words := told.split()) > MOST_WORDS:
        raise Unaskable("invalid_filter", f"q has {len(words)} words: it may have {MOST_WORDS}")
    return tuple(words)


def _columns(told: Mapping[str, str], key: str) -> tuple[str, ...]:
    names = tuple(filter(None, told.get(key, "").split(",")))
    if wrong := [name for name in names if name not in FILTERED]:
        raise Unaskable("unknown_column", f"{key}: there is no column {wrong[0]!r}; there are {', '.join(FILTERED)}")
    return names


def _schema(name: str) -> dict[str, Any]:
    kind = FINAL_LEADS.c[name.partition(".")[0]].type if name not in OTHERS else None
    one = {"type": "boolean" if isinstance(kind, Boolean) else "integer" if isinstance(kind, Integer) else "string"}
    return {"type": "array", "items": one} if name in FILTERED else one
