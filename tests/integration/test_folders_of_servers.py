"""The data folder may be called anything: servers take its name as it is, keep nothing elsewhere, and are its own."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
from nats.js.api import StreamConfig

from shared.runtime import embedded
from shared.runtime.embedded import Nats, Postgres, ServerFailed
from shared.runtime.ports import free_ports
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


def test_a_password_that_the_database_does_not_take_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where `stack.json` was lost, and another was made."""
    monkeypatch.setattr(embedded, "SILENT_SECONDS", 0.2)
    with tempfile.TemporaryDirectory() as name:
        server = Postgres(Path(name) / "postgres", free_ports(1)[0], "password")
        with running(server) as process, pytest.raises(ServerFailed, match="PostgreSQL runs, and takes another"):
            Postgres(server.folder, server.port, "another").wait(process)


def test_a_copy_of_a_folder_does_not_take_the_first_one_s_server_for_its_own() -> None:
    """It has the same port and passwords, as a backup that is tried beside what it is of."""
    with tempfile.TemporaryDirectory() as name:
        for kind, secret in ((Postgres, "password"), (Nats, dict.fromkeys(NATS_USERS, "password"))):
            port = free_ports(1)[0]
            first, copy = (kind(Path(name) / folder / kind.__name__, port, secret) for folder in ("first", "copy"))
            with running(first):
                assert first.answers()
                assert not copy.answers()
                with pytest.raises(ServerFailed, match=r"did not start .* The end of .*copy"), running(copy):
                    pass


async def test_only_the_disk_limits_what_nats_stores(tmp_path: Path) -> None:
    server = Nats(tmp_path / "nats", free_ports(1)[0], dict.fromkeys(NATS_USERS, "password"))
    with running(server):
        (line,) = (line for line in server.log.read_text().splitlines() if "Max Storage" in line)
    assert line.split("Max Storage:")[1].split() == ["1.00", "PB"]
