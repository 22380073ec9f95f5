"""What a disk may do to the stream's own files while NATS is down: told, and mended from the log."""

import shutil
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from shared.runtime.embedded import Nats
from shared.runtime.ports import free_ports
from shared.runtime.provisioning import provision_streams
from shared.runtime.repair import repair
from shared.runtime.stream_comparison import compare
from shared.subjects import STREAM
from tests.integration.apart import Apart
from tests.integration.log_harness import append, eventually, registrations, relaying
from tests.running_servers import NATS_USERS, Servers

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
EVENTS = 2_000
PAGE = 4096
TAKES_NO_MORE = "the stream takes no more events; run `leadstream repair`"
Hurt = Callable[[Path], None]


class ApartNats(Apart[Nats]):
    """A NATS, and the newest block of its stream."""

    @property
    def block(self) -> Path:
        blocks = self.server.folder.glob(f"data/jetstream/$G/streams/{STREAM}/msgs/*.blk")
        return max(blocks, key=lambda path: int(path.stem))


@pytest.fixture
def apart(servers: Servers, database: str, tmp_path: Path) -> Iterator[tuple[Servers, ApartNats]]:
    users = {user: servers.passwords[user] for user in NATS_USERS}
    apart = ApartNats(Nats(tmp_path / "nats", free_ports(1)[0], users), signal.SIGTERM)
    apart.start()
    yield Servers(servers.postgres_at, f"127.0.0.1:{apart.server.port}", servers.passwords), apart
    apart.stop()


def a_page_lost(file: Path) -> None:
    """The server gives what stands before it, and takes nothing more: it knows where the stream ended."""
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + PAGE] = bytes(PAGE)
    file.write_bytes(content)


def the_end_lost(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def a_bit_flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def the_file_lost(file: Path) -> None:
    file.unlink()


def all_files_lost(file: Path) -> None:
    shutil.rmtree(file.parent.parent)


@pytest.mark.parametrize("hurt", [a_page_lost, the_end_lost, a_bit_flipped, the_file_lost, all_files_lost])
async def test_it_is_told_and_mended(apart: tuple[Servers, ApartNats], database: str, hurt: Hurt) -> None:
    servers, nats = apart
    urls = servers.admin_url(database), servers.nats_url("provision")
    await provision_streams(servers.nats_url("provision"))
    await append(servers, database, registrations(EVENTS))
    async with relaying(servers, database):
        await eventually(lambda: compare(*urls), lambda verdict: verdict.last == EVENTS and verdict.identical)
    nats.stop()
    hurt(nats.block)
    nats.start()

    verdict = await compare(*urls)
    assert not verdict.identical or verdict.last < EVENTS
    with capture_logs() as logged:
        async with relaying(servers, database):
            if hurt is a_page_lost:
                await eventually(partial(_said, logged), lambda said: TAKES_NO_MORE in said)
            assert (await repair(*urls)).lost == []
    verdict = await compare(*urls)
    assert (verdict.identical, verdict.last) == (True, EVENTS)


async def _said(logged: list[EventDict]) -> list[str]:
    return [line["event"] for line in logged]
