"""A server of a test's own, beside those that all tests share: it can be stopped, hurt and started."""

import signal
import subprocess
from typing import Generic, TypeVar

from shared.runtime.embedded import Nats, Postgres

Server = TypeVar("Server", Postgres, Nats)


class Apart(Generic[Server]):
    """`how`: the signal that has it end in good order."""

    def __init__(self, server: Server, how: signal.Signals) -> None:
        self.server, self._how = server, how
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = self.server.start()
        self.server.wait(self._process)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(self._how)
        self._process.wait(60)
