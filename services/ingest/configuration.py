"""What the settings of a workflow may be, as a JSON Schema, and what is wrong with given ones. Pure.

A tenant's schema is used in a process that all tenants share: of JSON Schema there is only what takes a time that is
known from the lengths of schema and settings.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from shared.provider_settings import AT_A_PROVIDER, TOLD, Schema, mistakes

_LONGEST: Final = 20_000  # characters of the schemas of a workflow's own settings, as JSON
_DEEPEST: Final = 20
_COSTLIEST: Final = 4_000_000  # characters of a setting's schema times those of its value, of all settings together
# Keywords whose value is no schema, is one, is a list of them, has one for each name. Nothing else is known: references
# and patterns can take for ever, and so can comparing every element with every other.
_PLAIN: Final = {
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "required", "title", "description",
    "default", "examples", "format", "deprecated", "readOnly", "writeOnly", "$comment",
}  # fmt: skip
_ONE: Final = {"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"}
_SEVERAL: Final = {"allOf", "anyOf", "oneOf", "prefixItems"}
_NAMED: Final = {"properties"}
_KEYWORDS: Final = _PLAIN | _ONE | _SEVERAL | _NAMED


def schema_of(workflow: Mapping[str, Any]) -> Schema:
    """The schema of a registered workflow's settings: its own, and of one at a provider those of every one.

    What such a name means there it means everywhere.
    """
    own = {name: AT_A_PROVIDER.get(name, schema) for name, schema in workflow["settings"].items()}
    known = AT_A_PROVIDER if workflow["kind"] == "ASYNC" else {}
    return {"type": "object", "properties": {**known, **own}, "additionalProperties": False}


def problems(workflow: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings of a workflow, one sentence each; [] when they can be used."""
    schemas = schema_of(workflow)["properties"]
    unknown = sorted(config.keys() - schemas.keys())[:TOLD]
    there = ", ".join(sorted(schemas)) or "no settings"
    found = [f"there is no setting {name}; {workflow['workflow']} has {there}" for name in unknown]
    given = {name: schema for name, schema in schemas.items() if name in config}
    own = {name: schema for name, schema in given.items() if name not in AT_A_PROVIDER}
    try:
        if wrong := _problem(own):
            return [*found, f"{workflow['workflow']} cannot be set: {wrong}"]
        if sum(_length(schema) * _length(config[name]) for name, schema in own.items()) > _COSTLIEST:
            return [*found, f"the settings of {workflow['workflow']} are too long to be checked by their schemas"]
        return found + mistakes(given, config)
    except (RecursionError, ArithmeticError) as error:
        return [*found, f"the schemas of {workflow['workflow']}'s settings cannot be followed: {error}"[:300]]


def schema_problem(kind: str, settings: Mapping[str, Any]) -> str | None:
    """Why these cannot be the schemas of the settings of a workflow of this kind; None when they can."""
    if kind == "ASYNC" and (taken := sorted(settings.keys() & AT_A_PROVIDER.keys())):
        return f"every workflow at a provider has {', '.join(taken)} already: name settings of its own otherwise"
    return _problem(settings)


def _problem(settings: Mapping[str, Any]) -> str | None:
    """Why these cannot be the schemas of settings of a workflow's own."""
    name = ""
    try:
        if _length(settings) > _LONGEST:
            return f"the schemas of its settings have more than {_LONGEST:,} characters together"
        for name, schema in settings.items():
            if wrong := _unfit(schema):
                return f"the schema of setting {name} {wrong}"
            Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"the schema of setting {name} is none: {error.message}"[:500]
    except RecursionError:
        return "the schemas of its settings are nested too deep"
    return None


def _unfit(schema: Any, depth: int = 0) -> str | None:
    """What of a schema is not to be checked by; None when it can be, or is none."""
    if not isinstance(schema, dict):
        return None
    if depth > _DEEPEST:
        return "is nested too deep"
    if unknown := sorted(schema.keys() - _KEYWORDS):
        return f"has {', '.join(map(repr, unknown))}, which cannot be used here"[:300]
    return next(filter(None, (_unfit(part, depth + 1) for part in _parts(schema))), None)


def _parts(schema: Schema) -> Iterator[Any]:
    """The schemas in a schema."""
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield value
        elif keyword in _SEVERAL and isinstance(value, list):
            yield from value
        elif keyword in _NAMED and isinstance(value, dict):
            yield from value.values()


def _length(value: Any) -> int:
    return len(json.dumps(value))
