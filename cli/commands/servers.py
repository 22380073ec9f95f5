"""The commands that run things: `up`, one `service`, the `relay`, the `simulator`, `provision`."""

import gc
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cli.errors import Refused
from cli.options import DEFAULT_DATA, DataFolder


def up(
    data: Annotated[Path, typer.Option(envvar="LEADSTREAM_DATA", help="Folder of data and logs.")] = DEFAULT_DATA,
    simulator: Annotated[bool, typer.Option(help="Run the Clay simulator too.")] = True,
    replicas: Annotated[int, typer.Option(min=1, max=8, help="Replicas of every service.")] = 1,
    services: Annotated[
        bool, typer.Option(help="Without them: PostgreSQL and NATS only, to import a log or rebuild.")
    ] = True,
) -> None:
    """Run servers and services until Ctrl-C; data stays in the folder.

    Ports are free ones, chosen at the first start, or LEADSTREAM_PORT_INGEST and so on. Example: leadstream up
    """
    from cli.stack import Stack
    from shared.runtime.settings import SERVICES

    named = {
        name: os.environ.get(f"LEADSTREAM_PORT_{name.upper()}") for name in (*SERVICES, "postgres", "nats", "simulator")
    }
    ports = {name: _port(name, value) for name, value in named.items() if value}
    stack = Stack(
        data, ports=ports, simulator=simulator, replicas=replicas, services=services,
        say=lambda line: typer.echo(f"  {line}"),
    )  # fmt: skip
    stop = threading.Event()
    with stack.running():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        typer.echo("leadstream is up:" if services else "PostgreSQL and NATS are up, and no service")
        for name, urls in stack.replica_urls.items() if services else ():
            typer.echo(f"  {name:<11} {'  '.join(f'{url}/docs' for url in urls)}")
        if services and simulator:
            typer.echo(f"  {'simulator':<11} {stack.urls['simulator']}")
        if data.resolve() != DEFAULT_DATA.resolve():
            typer.echo(f"Other commands find it by: export LEADSTREAM_DATA={shlex.quote(str(data.resolve()))}")
        typer.echo(f"Data and logs are in {data}. Ctrl-C stops it; the same command starts it again.")
        stop.wait()
        typer.echo("stopping")


def service(
    name: Annotated[str, typer.Argument(help="ingest, sequencer, dispatcher, callbacks or projector")],
) -> None:
    """Run one service against configured servers (see .env.example).

    Example: leadstream service sequencer
    """
    from shared.runtime.settings import SERVICES

    if name not in SERVICES:
        raise typer.BadParameter(f"there is no service {name!r}; there are {', '.join(SERVICES)}")
    # Nothing of what is imported is garbage, and looking takes a tenth of the start; `serve` looks again.
    gc.disable()
    import_module(f"services.{name}.app").main()


def relay() -> None:
    """Copy the log to the stream, as one of any number of replicas.

    Example: leadstream relay
    """
    from shared.runtime.relay import main

    main()


def simulator() -> None:
    """Run the Clay simulator: it takes webhook POSTs and answers later (LEADSTREAM_SIMULATOR_* sets its knobs).

    Example: LEADSTREAM_SIMULATOR_LOSS=0.05 leadstream simulator
    """
    from shared.runtime.settings import configured
    from simulator.answers import UnusableAnswers
    from simulator.app import run
    from simulator.settings import SimulatorSettings

    try:
        run(configured(SimulatorSettings))
    except UnusableAnswers as error:
        raise Refused(f"LEADSTREAM_SIMULATOR_ANSWERS: {error}") from None


def provision(data: DataFolder = DEFAULT_DATA) -> None:
    """Make database, roles, the log, schemas and streams. Safe to run again.

    Reads LEADSTREAM_ADMIN_DATABASE_URL, LEADSTREAM_DATABASE_NAME, LEADSTREAM_ROLE_PASSWORDS (a JSON object) and
    LEADSTREAM_PROVISION_NATS_URL; without them it takes the stack in the data folder. Example: leadstream provision
    """
    import asyncio

    from cli.servers import ADMIN_URL, checked_admin_url, reached, stack_of
    from shared.runtime.process_logs import configure_logging
    from shared.runtime.provisioning import provision_database, provision_streams
    from shared.runtime.settings import ROLES, Settings, configured
    from shared.runtime.trial_secrets import warn_of_trial_secrets

    if stack := stack_of(data):
        with reached():
            stack.provision()
        return
    settings, passwords = configured(Settings), _passwords(ROLES)
    configure_logging(settings, "provision")
    url, nats = _needed(ADMIN_URL), _needed("LEADSTREAM_PROVISION_NATS_URL")
    checked_admin_url(url)
    warn_of_trial_secrets(passwords | {"postgres": urlsplit(url).password or ""})
    with reached():
        provision_database(url, passwords, os.environ.get("LEADSTREAM_DATABASE_NAME") or "leadstream")
        asyncio.run(provision_streams(nats, settings.stream_max_bytes))


def _needed(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        sys.exit(
            f"{variable} is not set; .env.example says what it is for. For a stack of `leadstream up`, name its folder "
            "with --data"
        )
    return value


def _passwords(roles: Sequence[str]) -> dict[str, str]:
    try:
        passwords = json.loads(_needed("LEADSTREAM_ROLE_PASSWORDS"))
    except ValueError:
        passwords = None
    if not isinstance(passwords, dict):
        sys.exit('LEADSTREAM_ROLE_PASSWORDS is no JSON object: write {"ingest": "...", ...}, as .env.example shows')
    if wrong := [role for role in roles if not _is_password(passwords.get(role))]:
        sys.exit(f"LEADSTREAM_ROLE_PASSWORDS has no password, a text that is not empty, for {', '.join(wrong)}")
    return passwords


def _is_password(value: object) -> bool:
    """Whether PostgreSQL takes it; what it does not take it would show."""
    return isinstance(value, str) and bool(value) and value.isprintable()


def _port(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 1 << 16:
        sys.exit(f"LEADSTREAM_PORT_{name.upper()} is {value!r}: write a port number, or leave it out for a free one")
    return int(value)
