"""docs/events.md: every event with its version, writers, readers, meaning and payload."""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from docs.generate.services import readers
from shared.envelope import Event
from shared.events import CATALOGUE, EventType

INTRODUCTION: Final = """\
# Events

Written by `make docs` from `shared/events/`; `make check` fails when it is not up to date.

The log holds events of these types and no others. One event is one JSON object: the envelope below, and
`payload`. In the log it is the text of `log.events.body`; in the stream it is the message on
`events.{slot}.{type}`. Wire names and versions never change: a changed payload is a new version, and the old
ones are read through upcasters. `asyncapi.json` beside this page has the exact JSON schemas.

*Writers* are the services whose database role may append the type; the database refuses all others. *Readers*
are the services that fold it into their state.
"""
PLAIN: Final[dict[Any, str]] = {
    str: "text", int: "integer", float: "number", bool: "true or false", datetime: "time", NoneType: "null",
    Any: "any JSON",
}  # fmt: skip
ENVELOPE: Final = {
    "id": "This event: `evt_` and a ULID. An event whose id the log has already is not appended again.",
    "type": "The wire name.",
    "version": "Of the payload.",
    "tenant_id": "Whose event it is; nothing crosses tenants.",
    "occurred_at": "UTC, ISO 8601.",
    "actor": "Who did it, a person or a service.",
    "correlation_id": "The same for everything that followed from one command.",
    "client_id": "Left out where no client applies, as are the four below where they do not.",
    "batch_id": "", "item_id": "",
    "entity_id": "The company or person it is about.",
    "causation_id": "The event it follows from.",
}  # fmt: skip


def page() -> str:
    """The whole page."""
    entries = list(CATALOGUE.values())
    parts = list(dict.fromkeys(part for entry in entries for part in _parts(entry.payload)))
    blocks = [INTRODUCTION, _overview(entries), _envelope(), *map(_section, entries)]
    blocks += ["## Parts of payloads\n", *map(_part, parts)]
    return "\n".join(blocks)


def prose(documented: type) -> str:
    """A class's docstring as paragraphs without line breaks."""
    paragraphs = (inspect.getdoc(documented) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def written(kind: Any) -> str:
    """A type as the page says it."""
    if kind in PLAIN:
        return PLAIN[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(written(argument) for argument in arguments)
    if origin is list:
        return f"list of {written(arguments[0])}"
    if origin is dict:
        return "object" if arguments[1] is Any else f"object of {written(arguments[1])} by name"
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _overview(entries: list[EventType]) -> str:
    lines = ["| event | version | writers | readers |", "| --- | --- | --- | --- |"]
    for entry in entries:
        who = f"{_names(entry.writers)} | {_names(readers(entry.name))}"
        lines.append(f"| [{entry.name}](#{entry.name.lower()}) | {entry.version} | {who} |")
    return "\n".join(lines) + "\n"


def _names(names: Any) -> str:
    return ", ".join(names) or "–"


def _envelope() -> str:
    lines = ["## The envelope\n", "| key | type | meaning |", "| --- | --- | --- |"]
    hints = get_type_hints(Event)
    types = {key: written(hints[key]).removesuffix(" or null") for key in ENVELOPE}
    lines += [f"| `{key}` | {types[key]} | {text} |" for key, text in ENVELOPE.items()]
    return "\n".join(lines) + "\n"


def _section(entry: EventType) -> str:
    who = f"Writers: {_names(entry.writers)}. Readers: {_names(readers(entry.name))}."
    about = f"{prose(entry.payload)}\n\nVersion {entry.version}. {who}"
    return f"## {entry.name}\n\n{about}\n\n{_table(entry.payload)}"


def _part(part: type) -> str:
    return f"### {part.__name__}\n\n{prose(part)}\n\n{_table(part)}"


def _table(payload: type) -> str:
    hints = get_type_hints(payload)
    lines = ["| field | type | if left out |", "| --- | --- | --- |"]
    lines += [f"| `{f.name}` | {written(hints[f.name])} | {_default(f)} |" for f in fields(payload)]
    return "\n".join(lines) + "\n"


def _default(described: "Field[Any]") -> str:
    if described.default is not MISSING:
        return {"None": "null", "": "empty"}.get(str(described.default), str(described.default).lower())
    return "empty" if described.default_factory is not MISSING else "required"


def _parts(kind: Any) -> Iterator[type]:
    """The dataclasses that a payload class has inside."""
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    for inner in [*get_args(kind), *hints.values()]:
        if is_dataclass(inner) and isinstance(inner, type):
            yield inner
        yield from _parts(inner)
