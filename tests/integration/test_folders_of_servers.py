"""The data folder may be called anything: servers take its name as it is, and keep nothing elsewhere."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
from nats.js.api import StreamConfig

from shared.runtime.embedded import Nats, Postgres, free_ports
from tests.running_servers import NATS_USERS

NAMES = ["My Data #1, it's; x", 'a "quoted" \\ {folder} = [1]', "$HOME", "12ab"]


@contextmanager
def running(server: Nats | Postgres) -> Iterator[subprocess.Popen[bytes]]:
    process = server.start()
    try:
        server.wait(process)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", NAMES)
async def test_a_stream_is_in_the_folder_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    passwords = dict.fromkeys(NATS_USERS, 'p#"\\ 1')
    server = Nats(tmp_path / name / "nats", free_ports(1)[0], passwords)
    with running(server):
        client = await nats.connect(
            f"nats://127.0.0.1:{server.port}", user="provision", password=passwords["provision"]
        )
        await client.jetstream().add_stream(StreamConfig(name="EVENTS", subjects=["events.>"]))
        await client.close()
    assert (tmp_path / name / "nats" / "data" / "jetstream" / "$G" / "streams" / "EVENTS").is_dir()
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_database_is_in_the_folder_whatever_it_is_called() -> None:
    # Not in tmp_path: another run of pytest closes its parent to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory() as name:
        server = Postgres(Path(name) / NAMES[0] / "postgres", free_ports(1)[0], "password")
        with running(server):
            assert server.answers()
        assert (Path(name) / NAMES[0] / "postgres" / "data" / "PG_VERSION").is_file()
