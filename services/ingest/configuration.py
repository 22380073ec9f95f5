"""What the settings of a workflow may be, as a JSON Schema, and what is wrong with given ones. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

Schema = dict[str, Any]
_REFERENCES: Final = ("$ref", "$dynamicRef")
_VALUES: Final = frozenset({"const", "default", "enum", "examples"})
_NOTHING_ELSE: Final[Registry[Any]] = Registry()  # nothing is fetched, whatever a schema refers to
_SECONDS: Final = {"type": "number", "minimum": 0, "maximum": 366 * 86_400}
_COUNT: Final = {"type": "integer", "minimum": 1, "maximum": 10_000}
_PATH: Final = {"type": "string", "minLength": 1, "maxLength": 200}
# Of every workflow that calls a provider. Where a number is left out, the dispatcher's own default holds.
AT_A_PROVIDER: Final[Mapping[str, Schema]] = {
    "webhook_url": {"type": "string", "pattern": "^https?://[^\\s/]+", "maxLength": 2000},
    "webhook_auth": {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        "description": "a secret's name",
    },
    "callback_secret": {"type": "string", "minLength": 16, "maxLength": 500, "description": "kept as a digest only"},
    "callback_secret_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "timeout_seconds": _SECONDS,
    "max_attempts": {"type": ["integer", "null"], "minimum": 1, "maximum": 10_000},
    "retry_base_seconds": _SECONDS,
    "retry_longest_seconds": _SECONDS,
    "retry_span_seconds": _SECONDS,
    "missing_attempts": _COUNT,
    "rate_per_second": {"type": "number", "minimum": 0, "description": "0: no limit"},
    "burst": _COUNT,
    "in_flight": _COUNT,
    "circuit_failures": _COUNT,
    "circuit_seconds": _SECONDS,
    "max_submissions": {"type": "integer", "minimum": 0, "description": "what a webhook takes in its life"},
    "freshness_days": {"type": ["number", "null"], "minimum": 0, "maximum": 36_500},
    "force_refresh": {"type": "boolean"},
    "answer_mapping": {
        "type": "object",
        "description": "where an answer has a column of leads, item_id, company_id or person_id: its path or paths",
        "additionalProperties": {"anyOf": [_PATH, {"type": "array", "items": _PATH, "maxItems": 20}]},
    },
    "credits": {"type": "number", "minimum": 0, "description": "the price of a call, instead of the registry's"},
}


def schema_of(workflow: Mapping[str, Any]) -> Schema:
    """The schema of a registered workflow's settings: those of its kind, and its own."""
    known = AT_A_PROVIDER if workflow["kind"] == "ASYNC" else {}
    return {"type": "object", "properties": {**known, **workflow["settings"]}, "additionalProperties": False}


def problems(workflow: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings of a workflow, one sentence each; [] when they can be used."""
    schema = schema_of(workflow)
    unknown = sorted(config.keys() - schema["properties"].keys())
    there = ", ".join(sorted(schema["properties"])) or "no settings"
    found = [f"there is no setting {name}; {workflow['workflow']} has {there}" for name in unknown]
    try:
        return found + [_told(error) for error in _errors(schema["properties"], config)]
    except (RecursionError, Unresolvable, ArithmeticError) as error:
        return [*found, f"the schemas of {workflow['workflow']}'s settings cannot be followed: {error}"[:300]]


def schema_problem(settings: Mapping[str, Any]) -> str | None:
    """Why these cannot be the schemas of a workflow's own settings; None when they can."""
    for name, schema in settings.items():
        try:
            Draft202012Validator.check_schema(schema)
            outside = next(_references(schema), None)
        except SchemaError as error:
            return f"the schema of setting {name} is none: {error.message}"[:500]
        except RecursionError:
            return f"the schema of setting {name} is nested too deep"
        if outside:
            return f"the schema of setting {name} refers to {outside!r}: it has to say all there is itself"[:500]
    return None


def _references(schema: Any) -> Iterator[str]:
    """What a schema refers to and does not hold itself."""
    parts: Iterable[Any] = schema if isinstance(schema, list) else ()
    if isinstance(schema, dict):
        named = (schema.get(keyword) for keyword in _REFERENCES)
        yield from (name for name in named if isinstance(name, str) and not name.startswith("#"))
        parts = (part for keyword, part in schema.items() if keyword not in _VALUES)
    for part in parts:
        yield from _references(part)


def _errors(schemas: Mapping[str, Schema], config: Mapping[str, Any]) -> list[ValidationError]:
    checks = Draft202012Validator({"type": "object", "properties": dict(schemas)}, registry=_NOTHING_ELSE)
    return sorted(checks.iter_errors(dict(config)), key=lambda error: list(map(str, error.absolute_path)))


def _told(error: ValidationError) -> str:
    name = ".".join(map(str, error.absolute_path))
    return f"{name} cannot be that: {error.message}"[:300]
