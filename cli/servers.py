"""The servers that a command works on directly: the database as its superuser, and NATS."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.errors import Refused, ServerAway

if TYPE_CHECKING:
    from cli.stack import Stack

ADMIN_URL: Final = "LEADSTREAM_ADMIN_DATABASE_URL"
# What a connection that cannot be made says, beside the classes of its own; no number: all of several addresses.
_NETWORK: Final = frozenset({None, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


class Servers(NamedTuple):
    """Connection URLs. `nats` reads the stream, `provision` may make it anew; None where nobody has said."""

    database: str
    nats: str | None
    provision: str | None

    def to_provision(self, what: str) -> str:
        """The URL of the user that may do this with a stream. Raises Refused."""
        if self.provision is None:
            raise Refused(f"set LEADSTREAM_PROVISION_NATS_URL: only the user `provision` may {what}")
        return self.provision


def servers_of(data: Path) -> Servers:
    """Those of the environment, else those of the stack in the data folder. Raises Refused."""
    if url := os.environ.get(ADMIN_URL):
        checked_admin_url(url)
        nats, provision = (os.environ.get(f"LEADSTREAM_{name}") or None for name in ("NATS_URL", "PROVISION_NATS_URL"))
        return Servers(url, nats, provision)
    if stack := stack_of(data):
        return Servers(stack.admin_url, stack.nats.url("service"), stack.nats.url("provision"))
    raise Refused(
        f"there is no stack in {data}: start one with `leadstream up`, name its folder with --data, or set "
        "LEADSTREAM_ADMIN_DATABASE_URL (and LEADSTREAM_NATS_URL)"
    )


def stack_of(data: Path) -> "Stack | None":
    """The stack in the data folder, if there is one and the environment does not name other servers."""
    if os.environ.get(ADMIN_URL) or not (data / "stack.json").exists():
        return None
    from cli.stack import Stack

    return Stack(data)


def checked_admin_url(url: str) -> None:
    """Raises Refused for what is no URL of a PostgreSQL server, without it: the password may be anywhere in it."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        told = conninfo_to_dict(url) if url.startswith(("postgresql://", "postgres://")) else {}
    except psycopg.Error:
        told = {}
    ports = str(told.get("port") or "0").split(",")
    names = (str(told.get(part)) for part in ("host", "dbname"))
    if not told or any("@" in name for name in names) or not all(port.isdigit() for port in ports):
        raise Refused(
            f"{ADMIN_URL} is no URL of a PostgreSQL server: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and "
            "in the password %40 for @, %2F for / and %25 for %"
        )


@contextmanager
def reached() -> Iterator[None]:
    """Around work on the servers. Raises ServerAway where one of them cannot be reached, or goes away meanwhile.

    Raises Refused for a database without a log, and for what is Impossible. What a file says passes.
    """
    import psycopg
    from nats.errors import Error as NatsError

    from shared.runtime.refusals import Impossible

    logging.getLogger("nats").setLevel(logging.CRITICAL)  # it would write a traceback for each try
    try:
        yield
    except Impossible as error:
        raise Refused(str(error)) from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        why = str(error).partition("\n")[0]
        raise Refused(f"the database has no leadstream log ({why}): does its URL end in /leadstream?") from None
    except psycopg.Error as error:
        raise ServerAway("PostgreSQL", error) from None
    except NatsError as error:
        raise ServerAway("NATS", error) from None
    except OSError as error:
        if not isinstance(error, ConnectionError | TimeoutError | socket.gaierror) and error.errno not in _NETWORK:
            raise
        raise ServerAway("a server", str(error) or type(error).__name__) from None
