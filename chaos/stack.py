"""The stack under fire: all its connections go through links, its processes can be frozen, its clocks set off.

Where the machine permits it (root on Linux), each server's data is on a small volume of its own that can be filled.
"""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import psutil

from chaos.links import Links
from cli.stack import Stack
from shared.runtime.settings import ROLES

SERVERS: Final = ("postgres", "nats")
PARTS: Final = (*ROLES, *SERVERS)
VOLUME_BYTES: Final = {"postgres": 16 * 1024**3, "nats": 8 * 1024**3}


class StackUnderFire(Stack):
    """A stack whose services, relay and provider reach each other through `links`."""

    def __init__(self, folder: Path, links: Links, environment: Mapping[str, str]) -> None:
        super().__init__(folder, environment=dict(environment))
        self.links = links
        self.clocks: dict[str, int] = {}
        ports = self.identity.ports
        for part in ROLES:
            for server in SERVERS:
                links.add(f"{part} to {server}", ports[server])
        links.add("dispatcher to provider", ports["simulator"])
        links.add("provider to callbacks", ports["callbacks"])

    @property
    def webhooks(self) -> str:
        """Where the provider takes submissions, through its link."""
        return f"http://127.0.0.1:{self.links.by_name['dispatcher to provider'].port}/webhook"

    def pid(self, part: str) -> int:
        """The process that runs a part now."""
        running = self.processes[part].running
        assert running is not None
        return running.pid

    def signal(self, part: str, how: signal.Signals) -> list[psutil.Process]:
        """Send a signal to a part's process and all its children; those that got it."""
        first = psutil.Process(self.pid(part))
        reached = []
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(how)
                reached.append(process)
        return reached

    def set_clock(self, part: str, seconds: int) -> None:
        """Restart a part with its clock off by so many seconds; 0: right again."""
        self.clocks[part] = seconds
        running = self.processes[part].running
        assert running is not None
        running.terminate()
        running.wait(timeout=30)

    def is_ready(self, part: str) -> bool:
        """Whether a service answers and leads."""
        return self._is_ready(part)

    def _program(self, name: str) -> list[str]:
        if seconds := self.clocks.get(name):
            return [sys.executable, "-m", "chaos.clock", str(seconds)]
        return super()._program(name)

    def _addresses(self, name: str, nats_user: str | None) -> dict[str, str]:
        told = super()._addresses(name, nats_user)
        if nats_user is None:
            return told
        detours = {self.identity.ports[server]: self.links.by_name[f"{name} to {server}"].port for server in SERVERS}
        detours[self.identity.ports["callbacks"]] = self.links.by_name["provider to callbacks"].port
        return {variable: _redirected(value, detours) for variable, value in told.items()}


def _redirected(address: str, detours: Mapping[int, int]) -> str:
    for port, detour in detours.items():
        address = address.replace(f"127.0.0.1:{port}", f"127.0.0.1:{detour}")
    return address


@contextlib.contextmanager
def volumes(folder: Path) -> Iterator[bool]:
    """A small file system for each server's data below `folder`, gone afterwards; False where that is not permitted."""
    mounted = [server for server in SERVERS if _mount(folder, server)]
    try:
        yield len(mounted) == len(SERVERS)
    finally:
        for server in mounted:
            subprocess.run(["umount", "--lazy", str(folder / server)], check=False)


def _mount(folder: Path, server: str) -> bool:
    image, place = folder / f"{server}.image", folder / server
    place.mkdir(parents=True)
    if not (shutil.which("mkfs.ext4") and shutil.which("mount")):
        return False
    with image.open("wb") as file:
        file.truncate(VOLUME_BYTES[server])
    for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(place)]):
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return False
    return True
