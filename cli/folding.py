"""Folds of all services side by side, one process each where the log is long, with how far they are."""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from shared.runtime.refusals import Impossible
from shared.runtime.settings import SERVICES

if TYPE_CHECKING:
    from shared.runtime.projection import Verdict

# A shorter log is folded before another process has started.
LONG_FROM: Final = 20_000
EVERY_SECONDS: Final = 0.5
# Those that change what is live, which may come of a whole log only: that is looked at once for all, before they begin.
CHANGING: Final = ("rebuild", "undo")
# The longest folds first, so that no process is left alone with one at the end.
LONGEST_FIRST: Final = ("dispatcher", "projector", "sequencer", "ingest", "callbacks")


@dataclass
class Folds:
    """What came of the folds so far, by service: what they say, or why one could not be made."""

    verdicts: dict[str, "Verdict"] = field(default_factory=dict)
    refused: dict[str, Impossible] = field(default_factory=dict)


def definition(service: str) -> Any:
    """A service's definition."""
    return import_module(f"services.{service}.app").DEFINITION


async def of_other_shape(admin_url: str) -> list[str]:
    """The services whose tables another version of the program made, with which they do not start."""
    from shared.runtime.database import connect
    from shared.runtime.shadow import shape

    async with await connect(admin_url, name="shapes", autocommit=True) as connection:
        found = {service: await shape(connection, service) for service in SERVICES}
    return [service for service, made in found.items() if made not in (None, definition(service).shape)]


async def fold_all(
    admin_url: str,
    action: str,
    schemas: dict[str, str],
    *,
    show: bool,
    arguments: Mapping[str, Sequence[Any]] | None = None,
    upto: int | None = None,
    folds: Folds | None = None,
) -> list["Verdict"]:
    """What `action` of shared.runtime.projection says of each service. `schemas`: service to where it folds.

    `arguments`: what the action is told of each. `upto`: the position where they end, the log's last if None. `show`:
    say on a terminal how far the folds are. `folds`: where each is noted once it has ended, for who is interested in
    some without the others. Raises what the actions raise, when all have ended.
    """
    from shared.runtime import log
    from shared.runtime.database import connect
    from shared.runtime.projection import whole_log

    arguments, folds = arguments or {}, folds or Folds()
    async with await connect(admin_url, name="progress", autocommit=True) as connection:
        upto = await log.last_position(connection) if upto is None else upto
        if action in CHANGING:
            proved = await whole_log(admin_url, upto)
            arguments = dict.fromkeys(schemas, (proved,))
        told = asyncio.create_task(_tell(connection, schemas, folds, upto)) if show else None
        try:
            await _side_by_side(admin_url, action, {name: arguments.get(name, ()) for name in schemas}, folds, upto)
        finally:
            if told is not None:
                told.cancel()
                with suppress(asyncio.CancelledError):
                    await told
    if folds.refused:
        raise Impossible(". ".join(dict.fromkeys(_refusal(action, *refused) for refused in folds.refused.items())))
    return [folds.verdicts[service] for service in schemas]


def _refusal(action: str, service: str, error: Impossible) -> str:
    return f"{error}; of {service} nothing was changed" if action in CHANGING else str(error)


async def _side_by_side(
    admin_url: str, action: str, arguments: Mapping[str, Sequence[Any]], folds: Folds, upto: int
) -> None:
    """Fold until all have ended, however they do; cancelled, too. Raises the first error that is no refusal."""
    from cli.own_process import Processes

    short, processes = upto < LONG_FROM, Processes()
    slots = asyncio.Semaphore(1 if short else os.cpu_count() or 1)

    async def fold(service: str) -> None:
        asked = admin_url, action, service, arguments[service]
        async with slots:
            try:
                folds.verdicts[service] = await (_act(*asked) if short else processes.run(_alone, *asked))
            except Impossible as error:
                folds.refused[service] = error

    try:
        ends = await asyncio.gather(*map(fold, sorted(arguments, key=_length)), return_exceptions=True)
    finally:
        processes.end()
    for error in filter(None, ends):
        raise error


def _length(service: str) -> int:
    return LONGEST_FIRST.index(service) if service in LONGEST_FIRST else len(LONGEST_FIRST)


async def _alone(admin_url: str, action: str, service: str, arguments: Sequence[Any]) -> "Verdict":
    # A fold makes millions of objects and no cycles: they are looked for only where objects pile up.
    gc.freeze()
    gc.set_threshold(5_000_000, 50, 1_000)
    return await _act(admin_url, action, service, arguments)


async def _act(admin_url: str, action: str, service: str, arguments: Sequence[Any]) -> "Verdict":
    import structlog

    from shared.runtime import projection

    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))  # standard output is the report's
    verdict: Verdict = await getattr(projection, action)(admin_url, definition(service), *arguments)
    return verdict


async def _tell(connection: Any, schemas: Mapping[str, str], folds: Folds, upto: int) -> None:
    """Say on a terminal how far the folds are: one line, written over and over."""
    from shared.runtime.shadow import checkpoint

    if not sys.stderr.isatty() or not upto:
        return
    progress, began = Progress(upto), time.monotonic()
    while True:
        for service, schema in schemas.items():
            ended = service in folds.verdicts or service in folds.refused
            progress.note(service, upto if ended else await checkpoint(connection, schema))
        _write(progress.line(time.monotonic() - began))
        await asyncio.sleep(EVERY_SECONDS)


class Progress:
    """How far some folds are that end at a position, and begin where an earlier one has stopped."""

    def __init__(self, upto: int) -> None:
        self._upto = upto
        self._began: dict[str, int] = {}
        self._now: dict[str, int] = {}

    def note(self, service: str, position: int | None) -> None:
        """That it is here; None where there are no tables: not yet, or where they were no more."""
        now = self._now.get(service, 0) if position is None else min(position, self._upto)
        self._now[service] = now
        # What another program has left is begun anew.
        self._began[service] = min(self._began.get(service, now), now)

    def line(self, seconds: float) -> str:
        """Events folded in all, their rate, and how long the rest takes at it. `seconds`: since the first note."""
        done, upto = sum(self._now.values()), self._upto * len(self._now)
        rate = (done - sum(self._began.values())) / (seconds + 0.001)
        left = f"{(upto - done) / rate:,.0f} s left" if rate else ""
        return f"{done / upto:4.0%} folded  {rate / len(self._now):,.0f} events/s  {left}"


def line(what: str, show: bool, quiet: Callable[[], bool] = lambda: False) -> Callable[[int, int], None]:
    """A function that says on a terminal how far something is, once in a while, in one line; nothing while `quiet`."""
    began = last = time.monotonic()

    def tell(position: int, upto: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < EVERY_SECONDS or quiet():
            return
        last, rate = now, position / (now - began)
        left = f"{(upto - position) / rate:,.0f} s left" if rate else ""
        _write(f"{what}: {position:,} of {upto:,}  {rate:,.0f} events/s  {left}")

    return tell if show and sys.stderr.isatty() else lambda *_: None


def _write(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K  {text}\r")
    sys.stderr.flush()
