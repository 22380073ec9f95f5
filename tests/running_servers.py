"""PostgreSQL and NATS for the tests: embedded by default, or in containers, of the versions that we ship."""

import gc
import secrets
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from shared.runtime.embedded import Nats, Postgres
from shared.runtime.ports import free_ports
from shared.runtime.settings import ROLES

POSTGRES_IMAGE: Final = "postgres:18"
NATS_IMAGE: Final = "nats:2.15.1-alpine"
NATS_USERS: Final = ("provision", "relay", "service", "callbacks")
STOP_SECONDS: Final = 15.0
NO_DOCKER: Final = "--containers: no Docker engine answers here ({reason}), so the tests use the embedded servers"


@dataclass(frozen=True)
class Servers:
    """Where both servers listen, and the password of every role and NATS user by its name."""

    postgres_at: str
    nats_at: str
    passwords: Mapping[str, str] = field(repr=False)
    restarts: Mapping[str, Callable[[], None]] = field(default_factory=dict, repr=False)

    def admin_url(self, database: str = "postgres") -> str:
        """A database as the superuser."""
        return self.role_url("postgres", database)

    def role_url(self, role: str, database: str) -> str:
        """A database as the role of one service or of the relay."""
        return f"postgresql://{role}:{self.passwords[role]}@{self.postgres_at}/{database}"

    def nats_url(self, user: str) -> str:
        """NATS as one of NATS_USERS."""
        return f"nats://{user}:{self.passwords[user]}@{self.nats_at}"

    def restart(self, name: str) -> None:
        """Stop `postgres` or `nats` and start it again on the same data; skips the test in containers."""
        if name not in self.restarts:
            pytest.skip("a container comes back on another port: only embedded servers are restarted")
        self.restarts[name]()


@contextmanager
def embedded() -> Iterator[Servers]:
    """Both servers as child processes, their data in a folder that goes when they do."""
    passwords = _passwords()
    with tempfile.TemporaryDirectory(prefix="leadstream-tests-") as name:
        folder = Path(name)
        ports = free_ports(2)
        postgres = Postgres(folder / "postgres", ports[0], passwords["postgres"])
        nats = Nats(folder / "nats", ports[1], {user: passwords[user] for user in NATS_USERS})
        with _running(postgres, signal.SIGINT) as restart_postgres, _running(nats) as restart_nats:
            yield Servers(
                f"127.0.0.1:{postgres.port}",
                f"127.0.0.1:{nats.port}",
                passwords,
                {"postgres": restart_postgres, "nats": restart_nats},
            )


def without_docker() -> str | None:
    """What to say where no Docker engine answers; None where one does."""
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    said = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its socket open where it fails
        try:
            DockerClient().client.close()
        except DockerException as error:
            said = NO_DOCKER.format(reason=error)
        gc.collect()
    return said


@contextmanager
def containers() -> Iterator[Servers]:
    """Both servers as containers on free ports."""
    passwords = _passwords()
    config = files("deploy") / "nats" / "nats.conf"
    postgres = _container(POSTGRES_IMAGE, 5432, {"POSTGRES_PASSWORD": passwords["postgres"]})
    settings = {f"NATS_{user.upper()}_PASSWORD": f'"{passwords[user]}"' for user in NATS_USERS}
    nats = _container(NATS_IMAGE, 4222, settings | {"NATS_STORE_DIR": "/data"})
    nats.with_volume_mapping(str(config), "/etc/nats/nats.conf", "ro").with_command("-c /etc/nats/nats.conf")
    with postgres, nats:
        servers = Servers(_address(postgres, 5432), _address(nats, 4222), passwords)
        _until_it_answers(servers.admin_url())
        yield servers


def _passwords() -> dict[str, str]:
    return {name: secrets.token_urlsafe(16) for name in {"postgres", *ROLES, *NATS_USERS}}


@contextmanager
def _running(server: Postgres | Nats, how: signal.Signals = signal.SIGTERM) -> Iterator[Callable[[], None]]:
    """Start a server and stop it in the end; gives the function that restarts it in between."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        processes.append(server.start())
        server.wait(processes[-1])

    def stop() -> None:
        process = processes.pop()
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart() -> None:
        stop()
        start()

    start()
    try:
        yield restart
    finally:
        stop()


def _container(image: str, port: int, environment: Mapping[str, str]) -> Any:
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # The containers end with the `with` block; the watchdog would be a third image to fetch.
    testcontainers_config.ryuk_disabled = True
    return DockerContainer(image, env=dict(environment), ports=[port])


def _address(container: Any, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"


def _until_it_answers(url: str, seconds: float = 60) -> None:
    """The image starts PostgreSQL twice, the first time without TCP: wait for the one that stays."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
