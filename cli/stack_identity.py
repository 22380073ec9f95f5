"""What one stack of `leadstream up` is known by: its ports and secrets, kept in `stack.json` of its folder.

The file is there whole or not at all, is never written again, and is read by its owner only.
"""

import contextlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cli.errors import Refused
from shared.runtime.embedded import free_ports
from shared.runtime.settings import ROLES, SERVICES

NATS_USERS: Final = ("provision", "relay", "service", "callbacks")


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

        Of two that begin at once the later takes that of the earlier. Raises Refused for a folder that cannot be made,
        and for a file that cannot be read or written.
        """
        file = folder / "stack.json"
        with keeping_in(folder):
            if not file.exists():
                folder.mkdir(parents=True, exist_ok=True)
                _keep(cls._new(ports), file)
        return cls._read(file)

    @classmethod
    def _new(cls, ports: dict[str, int]) -> "Identity":
        names = ("postgres", "nats", *SERVICES, "simulator")
        free = dict(zip(names, free_ports(len(names)), strict=True))
        return cls(
            ports={name: ports.get(name) or free[name] for name in names},
            postgres_password=secrets.token_urlsafe(24),
            role_passwords={role: secrets.token_urlsafe(24) for role in ROLES},
            nats_passwords={user: secrets.token_urlsafe(24) for user in NATS_USERS},
            signing_key=secrets.token_hex(32),
        )

    @classmethod
    def _read(cls, file: Path) -> "Identity":
        try:
            found = cls(**json.loads(file.read_text("utf-8")))
            return found._with_all_users()
        except OSError as error:
            raise Refused(f"cannot read {file}: {error.strerror or error}") from None
        except (ValueError, TypeError, AttributeError):
            raise Refused(
                f"{file} is damaged: it has the ports and secrets of this stack. Put a copy of it back, or start in a "
                f"new folder; if nothing was made in {file.parent} yet, delete the file"
            ) from None

    def _with_all_users(self) -> "Identity":
        """The same, with a password for each user that NATS had not when the file was made: the same at each start."""
        for user in NATS_USERS:
            made = hmac.digest(self.signing_key.encode(), f"NATS {user}".encode(), "sha256")
            self.nats_passwords.setdefault(user, made.hex())
        return self


@contextlib.contextmanager
def keeping_in(folder: Path) -> Iterator[None]:
    """Around what makes a folder and writes into it. Raises Refused where that cannot be."""
    try:
        yield
    except OSError as error:
        raise Refused(f"cannot keep data in {folder}: {error.strerror or error}") from None


def _keep(identity: Identity, file: Path) -> None:
    """Write the file, on disk before it has its name; where another has written it meanwhile, that one stays."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with open(descriptor, "w", encoding="utf-8") as part:
            json.dump(asdict(identity), part)
            part.flush()
            os.fsync(part.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        os.unlink(name)
