"""What a process writes to its log."""

import logging
import math
import sys
import time
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

from shared.runtime.settings import Settings

AGAIN_SECONDS: Final = 60.0
KNOWN: Final = 1_000


class Repeats:
    """Leaves out a warning that was said within the last minute, unless it was said since that something goes on.

    What waits for a server tries again and again, and would say the same each time. The next one that is said has in
    `repeated` how many were left out.
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, int]] = {}

    def __call__(self, logger: Any, method: str, line: EventDict) -> EventDict:
        if method == "info":
            self._said.clear()
        if method not in ("warning", "error"):
            return line
        what, now = repr(line), time.monotonic()
        at, left_out = self._said.pop(what, (-math.inf, 0))
        if now - at < AGAIN_SECONDS:
            self._said[what] = at, left_out + 1
            raise structlog.DropEvent
        while len(self._said) >= KNOWN:
            self._said.pop(next(iter(self._said)), None)
        self._said[what] = now, 0
        return {**line, "repeated": left_out} if left_out else line


def configure_logging(settings: Settings, service: str) -> None:
    """Structured logs on standard output, the libraries' own too: JSON lines, or readable ones on a terminal."""
    level = logging.getLevelName(settings.log_level.upper())
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.processors.JSONRenderer() if settings.log_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, Repeats(), *chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(
        service=service, **({"replica": settings.replica} if settings.replica else {})
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.processors.format_exc_info, *chain],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
