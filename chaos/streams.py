"""The stream is tampered with: consumers and the stream deleted, a bit of its store turned over."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, ClassVar, Final, TypeVar

import nats
import psycopg
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from chaos.faults import NotSeen, Scene, tail, works
from shared.runtime.reader import Interrupted
from shared.runtime.repair import repair
from shared.runtime.stream_comparison import compare
from shared.subjects import STREAM

T = TypeVar("T")
PATIENCE_SECONDS: Final = 30.0
CAUGHT_UP_SECONDS: Final = 120.0
# What copies or compares the whole log needs both servers for as long as that takes.
WITH_THE_LOG: Final = ("nats", "postgres", "relay")
AWAY: Final = (NatsError, OSError, TimeoutError, psycopg.OperationalError, Interrupted)


@contextlib.asynccontextmanager
async def on_nats(scene: Scene, user: str) -> AsyncIterator[Client]:
    """A connection to NATS around all links."""

    async def silent(_: Exception) -> None:
        return

    client = await nats.connect(scene.stack.nats.url(user), max_reconnect_attempts=2, error_cb=silent)
    try:
        yield client
    finally:
        await client.close()


def patiently(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the work gives, tried again while servers are away. Raises NotSeen. However long the work itself takes."""
    deadline = None
    while True:
        try:
            return asyncio.run(work())
        except AWAY as error:
            deadline = deadline or time.monotonic() + PATIENCE_SECONDS
            if time.monotonic() > deadline:
                raise NotSeen(f"servers were away for {PATIENCE_SECONDS:g} s: {error!r}") from error
            time.sleep(0.2)


async def last_sequence(scene: Scene) -> int:
    """The stream's last sequence. Raises what is in AWAY."""
    async with on_nats(scene, "provision") as client:
        return int((await client.jetstream().stream_info(STREAM)).state.last_seq)


def caught_up(scene: Scene) -> float:
    """Until the stream has everything the log has now; the seconds it took. Raises NotSeen."""
    head = scene.head()
    return scene.until(
        lambda: patiently(lambda: last_sequence(scene)) >= head, f"the stream at {head}", CAUGHT_UP_SECONDS
    )


async def mend(scene: Scene) -> None:
    """What the runbook says of a stream that is damaged: `leadstream repair`. Raises what is in AWAY."""
    await _elsewhere(_repair, scene.stack.admin_url, scene.stack.nats.url("provision"))


async def _elsewhere(work: Callable[[str, str], T], admin_url: str, nats_url: str) -> T:
    """Do what reads the whole log in a process of its own: this one has to pass on what all links carry."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work, admin_url, nats_url)


def _repair(admin_url: str, nats_url: str) -> None:
    asyncio.run(repair(admin_url, nats_url))


def _compare(admin_url: str, nats_url: str) -> str:
    verdict = asyncio.run(compare(admin_url, nats_url))
    wrong = [*map(str, verdict.findings.damages), f"{verdict.more} events more than the log"]
    return "" if verdict.identical else f"reported, {wrong[0]}"


@dataclass(frozen=True)
class ConsumersDeleted:
    """Every reader's consumer is deleted under its hands."""

    kind: ClassVar[str] = "consumers deleted"
    touches: ClassVar[tuple[str, ...]] = ("nats",)

    def strike(self, scene: Scene) -> str:
        deleted = patiently(lambda: self._delete(scene))
        read = sum(deleted.values())
        scene.until(
            lambda: len(patiently(lambda: self._found(scene)).keys() - deleted.keys()) >= read,
            f"consumers in the place of the {read} of {len(deleted)} that were read",
        )
        return f"{len(deleted)} consumers deleted, {read} of them just being read; as many made anew"

    async def _found(self, scene: Scene) -> dict[str, bool]:
        """Every consumer, and whether somebody waits for its messages; the others are left over from the killed."""
        async with on_nats(scene, "provision") as client:
            return {info.name: bool(info.num_waiting) for info in await client.jetstream().consumers_info(STREAM)}

    async def _delete(self, scene: Scene) -> dict[str, bool]:
        found = await self._found(scene)
        if not any(found.values()):
            raise OSError("nobody reads yet")
        async with on_nats(scene, "provision") as client:
            for name in found:
                with contextlib.suppress(NotFoundError):
                    await client.jetstream().delete_consumer(STREAM, name)
        return found


@dataclass(frozen=True)
class StreamDeleted:
    """The stream is deleted; later it is repaired, made anew from the log."""

    kind: ClassVar[str] = "stream deleted"
    touches: ClassVar[tuple[str, ...]] = WITH_THE_LOG
    seconds: float

    def strike(self, scene: Scene) -> str:
        had = patiently(lambda: self._delete(scene))
        time.sleep(self.seconds)
        patiently(lambda: mend(scene))
        seconds = caught_up(scene)
        return f"{had} messages gone, all there again {seconds:.1f} s after a repair"

    async def _delete(self, scene: Scene) -> int:
        async with on_nats(scene, "provision") as client:
            had = int((await client.jetstream().stream_info(STREAM)).state.messages)
            await client.jetstream().delete_stream(STREAM)
        return had


@dataclass(frozen=True)
class BitFlipped:
    """One bit of the stream's store on disk is turned over, and NATS is killed, so that it reads the store again."""

    kind: ClassVar[str] = "bit flipped"
    touches: ClassVar[tuple[str, ...]] = WITH_THE_LOG
    where: float
    bit: int

    def strike(self, scene: Scene) -> str:
        stack = scene.stack
        log = stack.folder / "logs" / "relay.log"
        before, size = patiently(lambda: last_sequence(scene)), log.stat().st_size
        place = self._flip(scene)
        pid = stack.pid("nats")
        stack.kill("nats")
        scene.until(lambda: works(scene, "nats", pid), "NATS works again")
        told = ""

        def reported() -> bool:
            nonlocal told
            told = _shortened(tail(log, size), before) or patiently(lambda: self._compared(scene))
            return bool(told)

        scene.until(reported, f"{place}: somebody who says so")
        if patiently(lambda: self._compared(scene)):
            patiently(lambda: mend(scene))
            told += "; mended from the log"
        caught_up(scene)
        if differs := patiently(lambda: self._compared(scene)):
            raise AssertionError(f"{place}: the stream was not healed: {differs}")
        return f"{place}: {told}"

    def _flip(self, scene: Scene) -> str:
        folder = scene.stack.folder / "nats" / "data"
        pattern = f"streams/{STREAM}/msgs/*.blk"
        scene.until(lambda: any(folder.rglob(pattern)), "a block")
        blocks = sorted(folder.rglob(pattern))
        block = blocks[int(self.where * len(blocks))]
        at = int(self.where * len(blocks) % 1 * block.stat().st_size)
        with block.open("r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << self.bit]))
            file.flush()
            os.fsync(file.fileno())
        return f"bit {self.bit} of byte {at} of {block.name}"

    async def _compared(self, scene: Scene) -> str:
        """What of the stream is not the log's; empty if nothing."""
        return await _elsewhere(_compare, scene.stack.admin_url, scene.stack.nats.url("service"))


def _shortened(relay_log: bytes, before: int) -> str:
    """Whether NATS dropped the end of the stream when it read the store, and the relay went on from there."""
    starts = [json.loads(line)["after"] for line in relay_log.splitlines() if b'"after"' in line]
    shortest = min(starts, default=before)
    return f"NATS cut the stream from {before} to {shortest}, the relay went on from there" if shortest < before else ""
