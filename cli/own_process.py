"""Coroutine functions in processes of their own, which live no longer than who waits for them."""

import asyncio
import os
import signal
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Final, TypeVar

from shared.runtime.cancellation import to_the_end, within
from shared.runtime.refusals import Impossible

SPAWN: Final = get_context("spawn")
# How long a process that is told to end may put away what it has begun.
LEAVING_SECONDS: Final = 5.0
Function = Callable[..., Coroutine[Any, Any, Any]]
T = TypeVar("T")


class Processes:
    """As many processes as there are functions run at once; to be made, used and ended in the main thread."""

    def __init__(self) -> None:
        self._idle: list[_Process] = []

    async def run(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """What the function gives, or raises, in another process; all of it has to be of kinds that can be pickled.

        Cancelled, it ends that process first: the function is cancelled there, and what it has come to all the same is
        given back. Raises Impossible where somebody else has ended the process.
        """
        process = self._idle.pop() if self._idle else _Process()
        try:
            value: T = await process.run(function, arguments)
            return value
        finally:
            if process.is_whole:
                self._idle.append(process)
            else:
                process.end()

    def end(self) -> None:
        """End those in which nothing runs."""
        while self._idle:
            self._idle.pop().end()


class _Process:
    """One process. `is_whole`: it can be given more to do."""

    def __init__(self) -> None:
        self._pipe, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self.is_whole = True
        with _interrupts_ignored():
            self._process.start()
        theirs.close()

    async def run(self, function: Function, arguments: tuple[Any, ...]) -> Any:
        spoken, loop = asyncio.Event(), asyncio.get_running_loop()
        with suppress(BrokenPipeError):  # it was ended meanwhile, which is heard below
            self._pipe.send((function, arguments))
        loop.add_reader(self._pipe.fileno(), spoken.set)
        try:
            await spoken.wait()
        except asyncio.CancelledError:
            self.is_whole = False
            with suppress(asyncio.CancelledError):
                await to_the_end(self._told_to_end(spoken))
        finally:
            loop.remove_reader(self._pipe.fileno())
        return self._heard()

    async def _told_to_end(self, spoken: asyncio.Event) -> None:
        self._process.terminate()
        if not await within(LEAVING_SECONDS, spoken):
            self._process.kill()

    def _heard(self) -> Any:
        try:
            value, error = self._pipe.recv()
        except (EOFError, OSError):
            if not self.is_whole:
                raise asyncio.CancelledError from None
            self.is_whole = False
            self._process.join()
            how = f"exit code {self._process.exitcode}"
            raise Impossible(f"the process that worked on it was ended ({how})") from None
        if error is not None:
            raise error
        return value

    def end(self) -> None:
        """At once: there is nothing that it would have to put away."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ctrl-C reaches all processes of a terminal, but one that is started here: who has started it is to end it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(pipe: Connection) -> None:
    """The whole life of a process."""
    Thread(target=_end_with_the_parent, daemon=True).start()
    with suppress(EOFError, asyncio.CancelledError):
        while True:
            function, arguments = pipe.recv()
            pipe.send(_outcome(function, arguments))
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_with_the_parent() -> None:
    """A parent that was killed tells nobody to end."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _outcome(function: Function, arguments: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return asyncio.run(_until_told(function(*arguments))), None
    except Exception as error:  # noqa: BLE001 - handed to who waits for it
        error.add_note(traceback.format_exc())
        return None, error


async def _until_told(work: Coroutine[Any, Any, T]) -> T:
    """Do the work; SIGTERM cancels it. Once that is done it is too late: what came of it is told to the end."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        return await work
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
