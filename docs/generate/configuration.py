"""docs/configuration.md: every LEADSTREAM_ variable, its default and what it is for."""

from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from cli.addresses import DEFAULT_PORTS
from services.dispatcher.webhooks import Limits
from shared.outcomes import Policy
from shared.provider_settings import AT_A_PROVIDER
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
            (
                "LEADSTREAM_DATABASE_NAME",
                "`leadstream`",
                "the database to make; a second one on a server has its passwords",
            ),
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
    blocks = [INTRODUCTION + _table("variable", _declared(Settings))]
    blocks += [f"## {title}\n\n{text}\n\n{_table('variable', lines)}" for title, text, lines in OTHERS]
    knobs = "`PATCH /settings` changes all but the first three while it runs."
    blocks.append(f"## The simulator\n\n{knobs}\n\n" + _table("variable", _declared(SimulatorSettings)))
    blocks.append(_of_a_workflow())
    return "\n".join(blocks)


def _table(heading: str, lines: Any) -> str:
    rows = (f"| `{name}` | {default} | {meaning} |\n" for name, default, meaning in lines)
    return HEAD.format(heading) + "".join(rows)


def _declared(settings: type[BaseSettings]) -> list[Line]:
    prefix = settings.model_config["env_prefix"]
    return [
        (f"{prefix}{name}".upper(), _default(field), f"{field.description}{_bounds(field)}")
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
    defaults: dict[str, float | str] = {
        "webhook_url": "required",
        "timeout_seconds": policy.timeout, "missing_attempts": policy.missing, "max_attempts": policy.attempts,
        "retry_base_seconds": policy.base, "retry_longest_seconds": policy.longest, "retry_span_seconds": policy.span,
        "rate_per_second": limits.rate, "burst": limits.burst, "in_flight": limits.in_flight,
        "circuit_failures": limits.failures, "circuit_seconds": limits.pause, "max_submissions": limits.submissions,
        "freshness_days": "for ever", "force_refresh": "false", "credits": "the registry's",
    }  # fmt: skip
    lines = [
        (name, str(defaults.get(name, "")).removesuffix(".0"), schema["description"])
        for name, schema in AT_A_PROVIDER.items()
    ]
    text = (
        "No variables: `leadstream config set CLIENT WORKFLOW --webhook-url URL --set KEY=VALUE` changes "
        "them for one workflow of one workstream, by an event; a launch can override them for its batch. With `--name` "
        "there can be several of one workflow, one for each table at the provider. Where several settings of a tenant "
        "name one webhook, of each limit (from `rate_per_second` to `max_submissions`) the strictest holds for all its "
        "calls, defaults too. Tenants share nothing, not even of one URL: each goes by its own settings and counts its "
        "own submissions, and a provider that limits the URL sees the sum of both. They are checked when saved; "
        "`leadstream workflow show WORKFLOW` has their JSON Schema.\n\n"
    )
    return "## A client's settings for an ASYNC workflow\n\n" + text + _table("setting", lines)
