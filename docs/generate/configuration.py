"""docs/configuration.md: every LEADSTREAM_ variable, its default and what it is for."""

from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from cli.addresses import DEFAULT_PORTS
from services.dispatcher.webhooks import Limits
from shared.outcomes import Policy
from shared.runtime.settings import SERVICES, Settings
from simulator.settings import SimulatorSettings

Line = tuple[str, str, str]
HEAD: Final = "| {} | default | meaning |\n| --- | --- | --- |\n"
INTRODUCTION: Final = """\
# Configuration

Written by `make docs` from the code; `make check` fails when it is not up to date.

Everything is set by environment variables. `.env.example` has those of the compose file, with its own
explanations; `leadstream up` sets what its services need by itself. A list or object is written as JSON. A variable
that is empty counts as one that is not set; only an empty `LEADSTREAM_API_TOKENS` is refused: `{}` says that none is
asked for.

## Services and relay

"""
# What a setting is for, where its own declaration does not say it.
MEANINGS: Final = {
    "database_url": "PostgreSQL, as this part's own role",
    "nats_url": "NATS, as the user `service`; `callbacks` and the relay each have their own",
    "host": "address that the API listens on",
    "port": "port of the API; 0 takes a free one",
    "log_level": "DEBUG, INFO, WARNING or ERROR",
    "log_json": "logs as JSON lines; false: for reading",
    "replica": "a name for this replica, to tell its log lines apart",
    "lease_poll_seconds": "how often a replica that stands by tries to lead",
    "retry_base_seconds": "pause before the second try of an event; each later one is four times as long, with jitter",
    "callback_max_bytes": "the longest answer that is read, in bytes",
    "upload_max_bytes": "the longest file that is taken, in bytes",
}
SIMULATOR_MEANINGS: Final = {
    "host": "address it listens on",
    "seed": "of its dice and its made-up answers",
    "delay_ms": "until it answers",
    "reorder_by_ms": "see above",
    "max_callbacks_in_flight": "answers it sends at once",
}
OTHERS: Final[tuple[tuple[str, str, tuple[Line, ...]], ...]] = (
    (
        "The command line",
        "Where `leadstream client`, `upload`, `launch` and so on find the APIs. A URL wins over what "
        "`leadstream up` left in its folder. A proxy that `ALL_PROXY`, `HTTP_PROXY` or `HTTPS_PROXY` names is used for "
        "all addresses but those of this machine and of `NO_PROXY`.",
        (
            ("LEADSTREAM_DATA", "`.leadstream/up`", "folder of `leadstream up`: data, logs, ports, secrets"),
            *(
                (f"LEADSTREAM_{name.upper()}_URL", f"`http://127.0.0.1:{port}`", f"the API of {name}")
                for name, port in DEFAULT_PORTS.items()
            ),
            ("LEADSTREAM_API_TOKEN", "", "bearer token shown to the APIs"),
        ),
    ),
    (
        "`leadstream up`",
        "Counts at the first start in a folder; afterwards its `stack.json` does.",
        tuple(
            (f"LEADSTREAM_PORT_{name.upper()}", "a free port", f"port of {name}")
            for name in (*SERVICES, "postgres", "nats", "simulator")
        ),
    ),
    (
        "`leadstream provision`",
        "It makes the database, its roles and the streams.",
        (
            ("LEADSTREAM_ADMIN_DATABASE_URL", "", "PostgreSQL as a superuser"),
            ("LEADSTREAM_DATABASE_NAME", "`leadstream`", "the database to make"),
            ("LEADSTREAM_ROLE_PASSWORDS", "", "JSON object: role (each service and `relay`) to password"),
            ("LEADSTREAM_PROVISION_NATS_URL", "", "NATS as the user `provision`"),
        ),
    ),
    (
        "Secrets by name",
        "A configuration names a secret and never holds one. The dispatcher, and for `leads push` the projector, looks "
        "for a file of that name in LEADSTREAM_SECRETS_FOLDER, in the folder of the tenant: it is called as "
        "LEADSTREAM_API_TOKENS calls the tenant, or by its id (`tenant_...`). No tenant gets at another's. Where there "
        "is only one tenant, because LEADSTREAM_API_TOKENS names one or is empty, also in LEADSTREAM_SECRETS_FOLDER "
        "itself, then in this variable. Both services have to be told the same tokens as the others.",
        (("LEADSTREAM_SECRET_NAME", "", "the only tenant's secret NAME: upper case, `_` for any other sign"),),
    ),
    (
        "Traces",
        "OpenTelemetry's own variables, of every service. Without one of the first two nothing is traced.",
        (
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "", "where traces are sent: OTLP over HTTP"),
            ("OTEL_TRACES_EXPORTER", "`otlp`", "`console` prints them"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "", "what the collector wants to see, `name=value,name=value`"),
            ("OTEL_TRACES_SAMPLER_ARG", "`1`", "the share of items that is traced"),
        ),
    ),
)


def page() -> str:
    """The whole page."""
    blocks = [INTRODUCTION + _table("variable", _declared(Settings, MEANINGS))]
    blocks += [f"## {title}\n\n{text}\n\n{_table('variable', lines)}" for title, text, lines in OTHERS]
    simulator = _declared(SimulatorSettings, SIMULATOR_MEANINGS)
    knobs = "`PATCH /settings` changes all but the first three while it runs."
    blocks.append(f"## The simulator\n\n{knobs}\n\n" + _table("variable", simulator))
    blocks.append(_of_a_workflow())
    return "\n".join(blocks)


def _table(heading: str, lines: Any) -> str:
    rows = (f"| `{name}` | {default} | {meaning} |\n" for name, default, meaning in lines)
    return HEAD.format(heading) + "".join(rows)


def _declared(settings: type[BaseSettings], meanings: dict[str, str]) -> list[Line]:
    prefix = settings.model_config["env_prefix"]
    return [
        (f"{prefix}{name}".upper(), _default(field), (field.description or meanings.get(name, "")) + _bounds(field))
        for name, field in settings.model_fields.items()
    ]


def _bounds(field: FieldInfo) -> str:
    """The smallest and the largest value, where a setting has both."""
    least, most = (
        next((getattr(bound, name) for bound in field.metadata if hasattr(bound, name)), None) for name in ("ge", "le")
    )
    return "" if least is None or most is None else f" ({least:,} to {most:,})"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.as_posix() if isinstance(value, Path) else value}`"


def _of_a_workflow() -> str:
    policy, limits = Policy(), Limits()
    lines: list[Line] = [
        ("webhook_url", "required", "where the dispatcher POSTs; public, unless `LEADSTREAM_PRIVATE_WEBHOOKS=true`"),
        ("webhook_auth", "", "name of the secret sent as `x-clay-webhook-auth`"),
        ("callback_secret", "", "16 to 500 ASCII characters, sent as `x-leadstream-secret`; only its SHA-256 is kept"),
        ("timeout_seconds", f"{policy.timeout:g}", "without an answer after this, it counts as missing"),
        ("missing_attempts", f"{policy.missing}", "so many missing answers, and the step fails"),
        (
            "max_attempts",
            f"{policy.attempts}",
            "dispatches before the step fails; the default spans `retry_span_seconds`",
        ),
        ("retry_base_seconds", f"{policy.base:g}", "before attempt 2; doubles each time, with jitter"),
        ("retry_longest_seconds", f"{policy.longest:g}", "the longest pause; a `Retry-After` may be longer"),
        ("retry_span_seconds", f"{policy.span:g}", "how long a webhook that refuses is tried, without `max_attempts`"),
        ("rate_per_second", f"{limits.rate:g}", "POSTs a second to one webhook URL; 0: no limit"),
        ("burst", f"{limits.burst}", "POSTs that may exceed the rate at once"),
        ("in_flight", f"{limits.in_flight}", "POSTs to one webhook URL at the same time"),
        (
            "circuit_failures",
            f"{limits.failures}",
            "so many 5xx or lost connections in a row, and the webhook is left alone",
        ),
        ("circuit_seconds", f"{limits.pause:g}", "for so long, then one POST is tried; each time twice as long"),
        (
            "max_submissions",
            f"{limits.submissions}",
            "a webhook takes in its life; a warning at 80 %, none is sent after",
        ),
        ("freshness_days", "for ever", "how old an answer may be to be used again for the same entity"),
        ("force_refresh", "false", "true: use no answer from before the batch was launched"),
        ("credits", "the registry's", "the price of one call"),
        ("answer_mapping", "", "columns of a lead, each with paths of its own in this workflow's answers"),
    ]
    text = (
        "No variables: `leadstream config set CLIENT WORKFLOW --webhook-url URL --set KEY=VALUE` changes "
        "them for one workflow of one workstream, by an event; a launch can override them for its batch. With `--name` "
        "there can be several of one workflow, one for each table at the provider. Where several settings name one "
        "webhook, of each limit (from `rate_per_second` to `max_submissions`) the strictest holds for all its calls, "
        "defaults too. They are checked when saved; "
        "`leadstream workflow show WORKFLOW` has their JSON Schema.\n\n"
    )
    return "## A client's settings for an ASYNC workflow\n\n" + text + _table("setting", lines)
