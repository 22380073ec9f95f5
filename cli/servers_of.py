"""The servers that a command works on directly: the database as its superuser, and NATS."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cli.errors import Refused, ServerAway


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
    if url := os.environ.get("LEADSTREAM_ADMIN_DATABASE_URL"):
        return Servers(url, os.environ.get("LEADSTREAM_NATS_URL"), os.environ.get("LEADSTREAM_PROVISION_NATS_URL"))
    if not (data / "stack.json").exists():
        raise Refused(
            f"there is no stack in {data}: start one with `leadstream up`, name its folder with --data, or set "
            "LEADSTREAM_ADMIN_DATABASE_URL (and LEADSTREAM_NATS_URL)"
        )
    from cli.stack import Stack

    stack = Stack(data)
    return Servers(stack.admin_url, stack.nats.url("service"), stack.nats.url("provision"))


@contextmanager
def reached() -> Iterator[None]:
    """Around work on the servers. Raises ServerAway where one of them cannot be reached, or goes away meanwhile."""
    import psycopg
    from nats.errors import Error as NatsError

    logging.getLogger("nats").setLevel(logging.CRITICAL)  # it would write a traceback for each try
    try:
        yield
    except psycopg.OperationalError as error:
        raise ServerAway("PostgreSQL", error) from None
    except NatsError as error:
        raise ServerAway("NATS", error) from None
