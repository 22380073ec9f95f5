"""The settings that every workflow at a provider has, as JSON Schemas, and what is wrong with given ones. Pure."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from shared.webhook_address import unusable

Schema = dict[str, Any]
TOLD: Final = 20  # problems that are told of each kind, at most
_SECONDS: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 366 * 86_400}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 10_000}
_PATH: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 200}
# Of every workflow that calls a provider. Where a number is left out, the dispatcher's own default holds.
AT_A_PROVIDER: Final[Mapping[str, Schema]] = {
    "webhook_url": {
        "type": "string", "pattern": "^https?://[^\\s/]+", "maxLength": 2000,
        "description": "where the dispatcher POSTs; public, unless `LEADSTREAM_PRIVATE_WEBHOOKS=true`",
    },
    "webhook_auth": {
        "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        "description": "name of the secret sent as `x-clay-webhook-auth`",
    },
    "callback_secret": {
        "type": "string", "pattern": "^[!-~][ -~]{14,498}[!-~]$(?!\n)",
        "description": "16 to 500 ASCII characters, sent as `x-leadstream-secret`; only its SHA-256 is kept. "
                       "The one before is taken for 24 hours more",
    },
    "callback_secret_sha256": {
        "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "what is kept of `callback_secret`",
    },
    "timeout_seconds": _SECONDS | {"description": "without an answer after this, it counts as missing"},
    "missing_attempts": _COUNT | {"description": "so many missing answers, and the step fails"},
    "max_attempts": {
        "type": ["integer", "null"], "minimum": 1, "maximum": 10_000,
        "description": "dispatches before the step fails; the default spans `retry_span_seconds`",
    },
    "retry_base_seconds": _SECONDS | {"description": "before attempt 2; doubles each time, with jitter"},
    "retry_longest_seconds": _SECONDS | {"description": "the longest pause; a `Retry-After` may be longer"},
    "retry_span_seconds": _SECONDS | {
        "description": "how long a webhook that refuses is tried, without `max_attempts`; and one that is left alone",
    },
    "rate_per_second": {
        "type": "number", "minimum": 0, "maximum": 10_000,
        "description": "POSTs a second to one webhook URL; 0: no limit",
    },
    "burst": _COUNT | {"description": "POSTs that may exceed the rate at once"},
    "in_flight": _COUNT | {"description": "POSTs to one webhook URL at the same time"},
    "circuit_failures": _COUNT | {
        "description": "so many 5xx or lost connections in a row, and the webhook is left alone",
    },
    "circuit_seconds": _SECONDS | {"description": "for so long, then one POST is tried; each time twice as long"},
    "max_submissions": {
        "type": "integer", "minimum": 0, "maximum": 1_000_000_000,
        "description": "what a webhook takes in its life; a warning at 80 %, none is sent after",
    },
    "freshness_days": {
        "type": ["number", "null"], "minimum": 0, "maximum": 36_500,
        "description": "how old an answer may be to be used again for the same entity",
    },
    "force_refresh": {
        "type": "boolean", "description": "true: use no answer from before the batch was launched",
    },
    "credits": {
        "type": "number", "minimum": 0, "maximum": 1_000_000,
        "description": "the price of a call, instead of the registry's",
    },
    "answer_mapping": {
        "type": "object", "additionalProperties": {"anyOf": [_PATH, {"type": "array", "items": _PATH, "maxItems": 20}]},
        "description": "where an answer has a column of leads, item_id, company_id or person_id: its path or paths",
    },
}  # fmt: skip
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
