"""TCP ports that nobody listens at."""

import contextlib
import os
import random
import socket
from typing import Final

PORTS: Final = (15_000, 32_000)
SLICE: Final = 500
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that were free a moment ago, none of which this process was given before.

    They are below those that the system gives to outgoing connections (32768 and up on Linux, 49152 on macOS): one of
    these could be taken again by any client before its server listens. For the same reason processes that ask at the
    same moment look in different places first: each in the slice of its process id.
    """
    slices = range(*PORTS, SLICE)
    own = slices[os.getpid() % len(slices)]
    with contextlib.ExitStack() as held:
        found: list[int] = []
        for port in (*_drawn(own, own + SLICE), *_drawn(*PORTS)):
            if len(found) == count:
                break
            if port in _given:
                continue
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
        _given.update(found)
        return found


def _drawn(first: int, end: int) -> list[int]:
    return random.sample(range(first, end), end - first)
