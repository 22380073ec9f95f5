"""The servers that a command works on directly: the database as its superuser, and NATS."""

import os
from pathlib import Path
from typing import NamedTuple

from cli.errors import Refused


class Servers(NamedTuple):
    """Connection URLs. `nats` reads the stream, `provision` may make it anew; None where nobody has said."""

    database: str
    nats: str | None
    provision: str | None


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
