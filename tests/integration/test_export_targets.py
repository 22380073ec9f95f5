"""Where an export goes: into a file, a pipe, what is open for writing, or where a link leads."""

import asyncio
import io
import os
from pathlib import Path

import pytest

from shared.runtime.transfer import LogRefused, export
from tests.integration.log_harness import append, registrations
from tests.running_servers import Servers


@pytest.fixture
async def file(servers: Servers, database: str, tmp_path: Path) -> Path:
    """The export of a log of a few events."""
    await append(servers, database, registrations(7))
    path = tmp_path / "log.jsonl.gz"
    await export(servers.admin_url(database), path)
    return path


@pytest.mark.timeout(30)
async def test_into_a_pipe_goes_the_same_as_into_a_file(
    servers: Servers, database: str, file: Path, tmp_path: Path
) -> None:
    pipe, url = tmp_path / "pipe", servers.admin_url(database)
    os.mkfifo(pipe)
    reading = asyncio.create_task(asyncio.to_thread(pipe.read_bytes))
    await asyncio.to_thread(asyncio.run, export(url, pipe))
    assert (await reading, pipe.is_fifo()) == (file.read_bytes(), True)
    await export(url, out := io.BytesIO())
    assert out.getvalue() == file.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {file.name, pipe.name}


@pytest.mark.timeout(30)
async def test_a_pipe_that_nobody_reads_any_more_is_told(servers: Servers, database: str, tmp_path: Path) -> None:
    await append(servers, database, registrations(3))
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(LogRefused, match="reads no more of it"):
        await export(servers.admin_url(database), tmp_path / "pipe", progress=lambda *_: os.close(reader))


async def test_a_link_leads_to_the_file(servers: Servers, database: str, file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(file.name)
    whole = file.read_bytes()
    file.write_bytes(b"old")
    await export(servers.admin_url(database), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert file.read_bytes() == whole
