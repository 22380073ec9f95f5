"""The settings that every workflow at a provider has, as JSON Schemas, and what is wrong with given ones. Pure."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from shared.webhook_address import unusable

Schema = dict[str, Any]
TOLD: Final = 20  # problems that are told of each kind, at most
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
    "callback_secret": {
        "type": "string",
        "pattern": "^[!-~][ -~]{14,498}[!-~]$(?!\n)",
        "description": "kept as a digest only",
    },
    "callback_secret_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "timeout_seconds": _SECONDS,
    "max_attempts": {"type": ["integer", "null"], "minimum": 1, "maximum": 10_000},
    "retry_base_seconds": _SECONDS,
    "retry_longest_seconds": _SECONDS,
    "retry_span_seconds": _SECONDS,
    "missing_attempts": _COUNT,
    "rate_per_second": {"type": "number", "minimum": 0, "maximum": 10_000, "description": "0: no limit"},
    "burst": _COUNT,
    "in_flight": _COUNT,
    "circuit_failures": _COUNT,
    "circuit_seconds": _SECONDS,
    "max_submissions": {
        "type": "integer",
        "minimum": 0,
        "maximum": 1_000_000_000,
        "description": "what a webhook takes in its life",
    },
    "freshness_days": {"type": ["number", "null"], "minimum": 0, "maximum": 36_500},
    "force_refresh": {"type": "boolean"},
    "answer_mapping": {
        "type": "object",
        "description": "where an answer has a column of leads, item_id, company_id or person_id: its path or paths",
        "additionalProperties": {"anyOf": [_PATH, {"type": "array", "items": _PATH, "maxItems": 20}]},
    },
    "credits": {
        "type": "number",
        "minimum": 0,
        "maximum": 1_000_000,
        "description": "the price of a call, instead of the registry's",
    },
}
# Said instead of what the schema would: that has the secret in it.
_SAID: Final = {
    "callback_secret": "a header brings it, so it has to be 16 to 500 characters of ASCII, no blank at its ends"
}


def mistakes(schemas: Mapping[str, Schema], config: Mapping[str, Any]) -> list[str]:
    """What is wrong with these settings by the schemas of their names, one sentence each."""
    checks = Draft202012Validator({"type": "object", "properties": dict(schemas)})
    errors = islice(checks.iter_errors(dict(config)), TOLD)
    found = [_told(error) for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path)))]
    if not found and "webhook_url" in schemas.keys() & config.keys() and (wrong := unusable(config["webhook_url"])):
        return [f"webhook_url cannot be that: {wrong}"]
    return found


def _told(error: ValidationError) -> str:
    name = ".".join(map(str, error.absolute_path))
    return f"{name} cannot be that: {_SAID.get(name, error.message)}"[:300]
