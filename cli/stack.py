"""The whole product on one machine: embedded servers, the relay, the services, the simulator, each a real process.

Everything lives below one folder: data, logs, and `stack.json` with ports and secrets, so that a restart finds its
data again and two stacks never meet. Whatever dies is started again.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.errors import NotStarted
from cli.health import answers
from cli.options import naming
from cli.stack_identity import NATS_USERS, Identity
from cli.supervisor import Process, Supervisor
from shared.runtime.embedded import Nats, Postgres, ServerFailed, spawn
from shared.runtime.ports import free_ports
from shared.runtime.refusals import Impossible
from shared.runtime.settings import SERVICES

DATABASE: Final = "leadstream"
READY_SECONDS: Final = 60.0
# Of all services together: about 12 when idle, and what their APIs open under load.
CONNECTIONS_OF_A_REPLICA: Final = 50
# Its webhooks are the simulator's, on this machine; the environment may say otherwise.
OF_A_STACK: Final = {"LEADSTREAM_PRIVATE_WEBHOOKS": "true"}
# Folders that a service is told by the environment; it runs in the stack's folder, and they are meant from here.
FOLDERS: Final = ("LEADSTREAM_SECRETS_FOLDER", "LEADSTREAM_SIMULATOR_ANSWERS")
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stack:
    """Starts, watches and stops all parts. `environment` is added to that of every service."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    simulator: bool = True
    replicas: int = 1
    services: bool = True
    say: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.identity = Identity.of(self.folder, self.ports)
        identity = self.identity
        self.postgres = Postgres(
            self.folder / "postgres", identity.ports["postgres"], identity.postgres_password,
            max_connections=100 + CONNECTIONS_OF_A_REPLICA * (self.replicas - 1),
        )  # fmt: skip
        self.nats = Nats(self.folder / "nats", identity.ports["nats"], identity.nats_passwords)
        self._supervisor = Supervisor(self.folder, self.say)
        self._ports = {name: [identity.ports[name], *free_ports(self.replicas - 1)] for name in SERVICES}

    @property
    def processes(self) -> dict[str, Process]:
        """The parts by name. What is taken out is not watched and not stopped."""
        return self._supervisor.processes

    @property
    def urls(self) -> dict[str, str]:
        """Where each HTTP API listens."""
        return {name: f"http://127.0.0.1:{self.identity.ports[name]}" for name in (*SERVICES, "simulator")}

    @property
    def replica_urls(self) -> dict[str, list[str]]:
        """Where every replica of each service listens; the first one's is that of its API."""
        return {name: [f"http://127.0.0.1:{port}" for port in ports] for name, ports in self._ports.items()}

    @property
    def admin_url(self) -> str:
        """The database as its superuser."""
        return self.postgres.url(database=DATABASE)

    def database_url(self, role: str) -> str:
        """The database as one service's role."""
        return self.postgres.url(role, self.identity.role_passwords[role], DATABASE)

    @contextlib.contextmanager
    def running(self) -> Iterator["Stack"]:
        """Start everything, and stop it whatever happens, SIGTERM and SIGHUP included. Raises NotStarted."""
        # What is ignored stays so: SIGHUP is under nohup.
        heard = [each for each in _ENDING if signal.getsignal(each) is not signal.SIG_IGN] if _in_main_thread() else []
        before = {number: signal.signal(number, _leave) for number in heard}
        try:
            self.start()
            yield self
        except (ServerFailed, Impossible) as failure:
            raise NotStarted(str(failure)) from None
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self) -> None:
        """Start servers, provision, start services; returns when every one is ready. Raises ServerFailed."""
        self.say("starting PostgreSQL, NATS and the services" if self.services else "starting PostgreSQL and NATS")
        self._supervisor.begin()
        self._supervisor.add("nats", self.nats.start, rank=1)
        if self.services:  # before PostgreSQL is there: they wait for it, and what they import takes as long
            self._add_services()
        self._supervisor.add("postgres", self.postgres.start, rank=2, ending=signal.SIGINT)
        for name, server in (("postgres", self.postgres), ("nats", self.nats)):
            running = self.processes[name].running
            assert running is not None
            server.wait(running, self.say)
        self.say("provisioning roles, schemas, the log and the streams")
        self.provision()
        self._supervisor.watch()
        if self.services:
            self.until_ready()
            (self.folder / "runtime.json").write_text(json.dumps({"urls": self.urls, "token": None}))

    def _add_services(self) -> None:
        for number in range(self.replicas):
            ending = f".{number}" if number else ""
            for name in SERVICES:
                self._supervisor.add(f"{name}{ending}", lambda n=name, k=number: self._service(n, k))  # type: ignore[misc]
            self._supervisor.add(f"relay{ending}", lambda k=number: self._relay(k))  # type: ignore[misc]
        if self.simulator:
            self._supervisor.add("simulator", self._simulator)

    def stop(self) -> None:
        """Stop services first, then NATS, then PostgreSQL; kill what does not listen."""
        self._supervisor.stop()

    def kill(self, name: str) -> None:
        """SIGKILL one part; it is started again."""
        self._supervisor.kill(name)

    def provision(self) -> None:
        """Make what is missing of roles, schemas, the log and the streams. Both servers have to run."""
        import structlog

        from shared.runtime.provisioning import provision_database, provision_streams
        from shared.runtime.settings import Settings, configured

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        provision_database(self.postgres.url(), self.identity.role_passwords, DATABASE)
        asyncio.run(provision_streams(self.nats.url("provision"), configured(Settings).stream_max_bytes))

    def until_ready(self) -> None:
        """Until every service answers and one of its replicas leads. Raises ServerFailed."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = {*SERVICES, *(("simulator",) if self.simulator else ())}
        looked = False
        while waiting:
            waiting = {name for name in waiting if not self._is_ready(name)}
            if waiting and not looked and any(process.pause for process in self.processes.values()):  # one has ended
                looked = self._insist_on_shapes()
            if waiting and time.monotonic() > deadline:
                name = min(waiting)
                tail = (self.folder / "logs" / f"{name}.log").read_text(errors="replace")[-1500:]
                raise ServerFailed(f"{', '.join(sorted(waiting))} did not get ready. The end of {name}.log:\n{tail}")
            time.sleep(0.05)

    def _insist_on_shapes(self) -> bool:
        """Whether the tables could be looked at. Raises ServerFailed where their services will not start with them."""
        import psycopg

        from cli.folding import of_other_shape

        try:
            services = asyncio.run(of_other_shape(self.admin_url))
        except psycopg.OperationalError:
            return False
        if services:
            folder = naming(self.folder)
            which = services if len(services) < len(SERVICES) else ["all"]
            rebuilds = ", ".join(f"`leadstream rebuild {each}{folder}`" for each in which)
            raise ServerFailed(
                f"the tables of {', '.join(services)} were made by another version: run `leadstream up --no-services"
                f"{folder}`, and in a second terminal {rebuilds}, then `leadstream up{folder}`"
            )
        return True

    def _is_ready(self, name: str) -> bool:
        """Every replica answers on its own port and reaches NATS, and one of them leads."""
        if name == "simulator":
            return answers([f"{self.urls[name]}/health"]) != [None]
        states = answers(f"{url}/health/ready" for url in self.replica_urls[name])
        answering = [state for state in states if state and state.get("service") == name and state.get("nats")]
        return len(answering) == len(states) and any(state["leading"] for state in answering)

    def _service(self, name: str, number: int) -> "subprocess.Popen[bytes]":
        variables = {
            "LEADSTREAM_PORT": str(self._ports[name][number]),
            "LEADSTREAM_REPLICA": str(number) if number else "",
        }
        user = name if name in NATS_USERS else "service"
        return self._python(name, number, ["service", name], user, variables)

    def _relay(self, number: int) -> "subprocess.Popen[bytes]":
        return self._python("relay", number, ["relay"], "relay", {})

    def _simulator(self) -> "subprocess.Popen[bytes]":
        variables = {"LEADSTREAM_SIMULATOR_PORT": str(self.identity.ports["simulator"])}
        return self._python("simulator", 0, ["simulator"], None, variables)

    def _python(
        self, name: str, number: int, arguments: list[str], nats_user: str | None, variables: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        told = seen_from_here(os.environ | self.environment)
        environment = OF_A_STACK | told | variables | self._addresses(name, nats_user)
        log = logs / f"{name}{f'.{number}' if number else ''}.log"
        return spawn([*self._program(name), *arguments], log, env=environment, cwd=self.folder)

    def _program(self, _: str) -> list[str]:
        return [sys.executable, "-m", "cli.main"]

    def _addresses(self, name: str, nats_user: str | None) -> dict[str, str]:
        if nats_user is None:
            return {}
        return {
            "LEADSTREAM_DATABASE_URL": self.database_url(name),
            "LEADSTREAM_NATS_URL": self.nats.url(nats_user),
            "LEADSTREAM_SIGNING_KEY": self.identity.signing_key,
            "LEADSTREAM_CALLBACK_BASE_URL": self.urls["callbacks"],
            "LEADSTREAM_ARTIFACTS": str(self.folder / "artifacts"),
        }


def seen_from_here(environment: Mapping[str, str]) -> dict[str, str]:
    """The same variables with the folders among them absolute."""
    return {
        name: str(Path(value).absolute()) if value and name.upper() in FOLDERS else value
        for name, value in environment.items()
    }


def _leave(number: int, _: Any) -> None:
    sys.exit(128 + number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
