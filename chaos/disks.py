"""A disk is full: the volume of one server's data has no block left for a while."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from chaos.faults import NotSeen, Scene, tail
from chaos.streams import last_sequence, patiently
from cli.inbox import refusal


@dataclass(frozen=True)
class DiskFull:
    """The volume of one server's data has no room left for a while."""

    kind: ClassVar[str] = "disk full"
    server: str
    seconds: float

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.server,)

    def strike(self, scene: Scene) -> str:
        if not scene.own_volumes:
            raise NotSeen("no volumes of their own here: that takes root, mount and mkfs.ext4")
        folder = scene.stack.folder / self.server
        log = folder / f"{self.server}.log"
        ballast, size = folder / "ballast", log.stat().st_size
        relay = scene.stack.folder / "logs" / "relay.log"
        pid, copied = scene.stack.pid(self.server), relay.stat().st_size
        try:
            filled = self._fill(ballast)
            scene.until(
                lambda: b"no space left" in tail(log, size).lower() or tail(relay, copied).count(b"Refused") > 1,
                f"{self.server} that cannot write",
            )
            time.sleep(self.seconds)
        finally:
            ballast.unlink()
        restarted = self._recovered(scene, pid)
        return f"{filled >> 20} MB of ballast, nothing could be written; {restarted}"

    def _fill(self, ballast: Path) -> int:
        """Leave no block free; in ever smaller pieces, since the file system needs some for itself."""
        filled, piece = 0, 1 << 30
        with ballast.open("wb") as file:
            while piece >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), filled, piece)
                    filled += piece
                except OSError:
                    piece //= 2
        return filled

    def _recovered(self, scene: Scene, pid: int) -> str:
        """By itself, or by the restart that a server needs which gave up, wholly or one stream of it."""
        head = scene.head() if self.server == "nats" else 0
        try:
            scene.until(lambda: self._goes_on(scene, head), f"{self.server} goes on", 10)
        except NotSeen:
            scene.stack.kill(self.server)
            scene.until(lambda: self._goes_on(scene, head), f"{self.server} goes on after a restart", 120)
            return "restarted, it went on"
        return "it went on by itself" if scene.stack.pid(self.server) == pid else "it ended and came back"

    def _goes_on(self, scene: Scene, head: int) -> bool:
        if self.server == "nats":
            inbox = patiently(lambda: refusal(scene.stack.nats.url("provision")))
            return inbox is None and patiently(lambda: last_sequence(scene)) >= head
        before = scene.head()
        time.sleep(0.5)
        return scene.head() > before
