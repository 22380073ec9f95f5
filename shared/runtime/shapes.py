"""What HTTP APIs answer, as their documents say it: shapes by name, of the tables that the answers are read from.

A shape is a JSON schema. FastAPI would make them of classes, and check and copy every answer by them; these say the
same of a table's columns and cost nothing. The tests hold every answer they get against them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from fastapi import FastAPI
from sqlalchemy import Boolean, Column, Date, Float, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.runtime.tables import TIME, Id

Shape = dict[str, Any]
ANSWER: Final = "x-answer"
ANY: Final[Shape] = {}
TEXT: Final[Shape] = {"type": "string"}
TRUTH: Final[Shape] = {"type": "boolean"}
WHOLE: Final[Shape] = {"type": "integer"}
NUMBER: Final[Shape] = {"type": "number"}
MOMENT: Final[Shape] = {"type": "string", "format": "date-time"}
DAY: Final[Shape] = {"type": "string", "format": "date"}
_ABOUT: Final = {
    "client": ("client",), "batch": ("batch",), "item": ("item",), "causation": ("evt",),
    "entity": ("company", "person", "item", "import", "push"),
}  # fmt: skip
FREE: Final[Shape] = {"type": "object", "additionalProperties": True}


def identifier(*prefixes: str) -> Shape:
    """An id of one of these kinds."""
    return {"type": "string", "pattern": f"^(?:{'|'.join(prefixes)})_[0-9A-HJKMNP-TV-Z]{{26}}$"}


def perhaps(shape: Shape) -> Shape:
    """The same, or null."""
    return {"anyOf": [shape, {"type": "null"}]} if shape else shape


def one_of(choices: Any) -> Shape:
    """One of the values of a `Literal`."""
    return {"enum": list(get_args(choices))}


def many(shape: Shape) -> Shape:
    """A list of them."""
    return {"type": "array", "items": shape}


def by_name(shape: Shape) -> Shape:
    """An object whose keys say which each of them is."""
    return {"type": "object", "additionalProperties": shape}


def having(**properties: Shape) -> Shape:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _event() -> Shape:
    """An event as it is in the log: what it is not about is not there."""
    about = {f"{name}_id": identifier(*kinds) for name, kinds in _ABOUT.items()}
    always = having(
        id=identifier("evt"), type=TEXT, version=WHOLE, tenant_id=identifier("tenant"), occurred_at=MOMENT, actor=TEXT,
        correlation_id=TEXT, payload=FREE,
    )  # fmt: skip
    return always | {"properties": always["properties"] | about}


def row(table: Table, *without: str, **instead: Shape) -> Shape:
    """An object that has the columns of a table. `instead`: what some of them are, and what there is beside them."""
    columns = {column.name: instead.pop(column.name) if column.name in instead else _of(column) for column in table.c}
    return having(**{name: shape for name, shape in columns.items() if name not in without}, **instead)


def some(table: Table, *names: str, **beside: Shape) -> Shape:
    """An object that has these columns of a table, and what is `beside` them."""
    return having(**{name: _of(table.c[name]) for name in names}, **beside)


def named(name: str) -> Shape:
    """The shape of this name in the application's document."""
    return {"$ref": f"#/components/schemas/{name}"}


def answers(shape: Shape, **more: Any) -> dict[str, Any]:
    """What a route is told of its answer. `more`: of what else it tells of its operation."""
    return {"openapi_extra": {ANSWER: shape, **more}}


def documented(app: FastAPI, shapes: Mapping[str, Shape]) -> Callable[[], dict[str, Any]]:
    """The application's `openapi`, with these shapes."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
        for operation in (one for methods in document["paths"].values() for one in methods.values()):
            if (shape := operation.pop(ANSWER, None)) is not None:
                (answer,) = (told for status, told in operation["responses"].items() if status.startswith("2"))
                answer["content"] = {"application/json": {"schema": shape}}
        return document

    return openapi


EVENT: Final = _event()


def _of(column: Column[Any]) -> Shape:
    shape = _kind(column)
    return perhaps(shape) if column.nullable else shape


def _kind(column: Column[Any]) -> Shape:
    kind = column.type
    if isinstance(kind, Id):
        return identifier(kind.prefix)
    for of, shape in ((JSONB, ANY), (Boolean, TRUTH), (Integer, WHOLE), (Float, NUMBER), (Date, DAY), (Text, TEXT)):
        if isinstance(kind, of):
            return shape
    if kind is TIME:
        return MOMENT
    raise TypeError(f"nothing is said of columns like {column}")
