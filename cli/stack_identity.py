"""What one stack of `leadstream up` is known by: its ports and secrets, kept in `stack.json` of its folder.

The file is there whole or not at all, and is read by its owner only. What is in it stays; parts that a later version of
the program has get theirs beside it.
"""

import contextlib
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from cli.errors import Refused
from shared.runtime.ports import free_ports
from shared.runtime.settings import ROLES, SERVICES

NATS_USERS: Final = ("provision", "relay", "service", "callbacks")
LISTENING: Final = ("postgres", "nats", *SERVICES, "simulator")


@dataclass
class Identity:
    """Ports and secrets of one stack."""

    ports: dict[str, int]
    postgres_password: str
    role_passwords: dict[str, str]
    nats_passwords: dict[str, str]
    signing_key: str

    @classmethod
    def of(cls, folder: Path, ports: dict[str, int]) -> "Identity":
        """The identity found in the folder, or a new one with the given ports and free ones for the rest.

        Parts that it has nothing for get theirs, for good. Of two that begin at once the later takes that of the
        earlier. Raises Refused for a folder that cannot be made, and for a file that cannot be read or written.
        """
        file = folder / "stack.json"
        with keeping_in(folder):
            if not file.exists():
                folder.mkdir(parents=True, exist_ok=True)
                _keep(cls._new(ports), file, _unless_there)
        found, kept = cls._read(file, ports)
        if not kept:
            with keeping_in(folder), file.open("ab") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                found, kept = cls._read(file, ports)
                if not kept:
                    _keep(found, file, os.replace)
        return found

    @classmethod
    def _new(cls, ports: Mapping[str, int]) -> "Identity":
        return cls({}, secrets.token_urlsafe(24), {}, {}, secrets.token_hex(32))._with_all_parts(ports)

    @classmethod
    def _read(cls, file: Path, ports: Mapping[str, int]) -> tuple["Identity", bool]:
        """The identity with all parts, and whether all are in the file."""
        try:
            found = cls(**json.loads(file.read_text("utf-8")))
            whole = found._with_all_parts(ports)
        except OSError as error:
            raise Refused(f"cannot read {file}: {error.strerror or error}") from None
        except (ValueError, TypeError, AttributeError):
            raise Refused(
                f"{file} is damaged: it has the ports and secrets of this stack. Put a copy of it back, or start in a "
                f"new folder; if nothing was made in {file.parent} yet, delete the file"
            ) from None
        return whole, whole == found

    def _with_all_parts(self, ports: Mapping[str, int]) -> "Identity":
        """The same, with a port and passwords for what has none: the ports given, else free ones."""
        missing = [name for name in LISTENING if name not in self.ports]
        taken = {*self.ports.values(), *ports.values()}
        found = free_ports(len(taken) + len(missing)) if missing else []
        free = (port for port in found if port not in taken)
        return replace(
            self,
            ports=self.ports | {name: ports.get(name) or next(free) for name in missing},
            role_passwords=_one_for_each(ROLES) | self.role_passwords,
            nats_passwords=_one_for_each(NATS_USERS) | self.nats_passwords,
        )


def _one_for_each(users: Iterable[str]) -> dict[str, str]:
    return {user: secrets.token_urlsafe(24) for user in users}


@contextlib.contextmanager
def keeping_in(folder: Path) -> Iterator[None]:
    """Around what makes a folder and writes into it. Raises Refused where that cannot be."""
    try:
        yield
    except OSError as error:
        raise Refused(f"cannot keep data in {folder}: {error.strerror or error}") from None


def _keep(identity: Identity, file: Path, put: Callable[[str, Path], None]) -> None:
    """Write the file, on disk before `put` gives it its name."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with open(descriptor, "w", encoding="utf-8") as part:
            json.dump(asdict(identity), part)
            part.flush()
            os.fsync(part.fileno())
        put(name, file)
    finally:
        Path(name).unlink(missing_ok=True)


def _unless_there(name: str, file: Path) -> None:
    """Where another has written it meanwhile, that one stays."""
    with contextlib.suppress(FileExistsError):
        os.link(name, file)
