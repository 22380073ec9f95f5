"""An acknowledgement means disk: between asking and the answer the server has synced its file, as strace sees it."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import nats
import psutil
import psycopg
import pytest

from cli.stack import Stack
from services.callbacks import inbox
from shared.envelope import Event
from shared.events import EnrichmentReceived
from shared.ids import named_id, new_id
from shared.tokens import CallbackToken, sign
from tests.integration.log_harness import event

TIMES = 20
# 1732158000.123456 fdatasync(7) = 0 <0.000131>, with the process before it where there are several
SYNCED = re.compile(r"(\d+\.\d+) (?:f(?:data)?sync\(|<\.\.\. f(?:data)?sync resumed).*= 0 <(\d+\.\d+)>")


def needs_strace() -> None:
    """Skip where system calls cannot be watched, and say what is missing."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (Debian: apt install strace)")
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"strace may not watch processes here: {tried.stderr.strip()[-200:]}")


@dataclass
class Watch:
    """The syncs of one server: from when to when each took, in seconds since 1970."""

    syncs: list[tuple[float, float]] = field(default_factory=list)

    def within(self, began: float, ended: float) -> bool:
        """Whether a sync began and ended in this time."""
        return any(began <= first and last <= ended for first, last in self.syncs)


@contextmanager
def watched(stack: Stack, server: str, file: Path) -> Iterator[Watch]:
    """Watch a server's processes; its syncs are known when the block has ended."""
    needs_strace()
    running = stack.processes[server].running
    assert running is not None
    first = psutil.Process(running.pid)
    processes = [f"-p{process.pid}" for process in (first, *first.children(recursive=True))]
    command = ["strace", "-f", "-ttt", "-T", "-e", "trace=fsync,fdatasync", "-o", str(file), *processes]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    watch = Watch()
    try:
        _until_attached(strace, len(processes))
        yield watch
        time.sleep(0.2)
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=30)
    watch.syncs += _syncs(file.read_text())


def _until_attached(strace: "subprocess.Popen[str]", count: int) -> None:
    """A line for each process; a backend of PostgreSQL may have ended meanwhile."""
    assert strace.stderr is not None
    for _ in range(count):
        line = strace.stderr.readline()
        assert "attached" in line or "No such process" in line, line


def _syncs(text: str) -> list[tuple[float, float]]:
    """Of a call that others interrupted in the listing the line of its end is taken, with the time it took."""
    ends = []
    for line in text.splitlines():
        if found := SYNCED.search(line):
            at, took = float(found[1]), float(found[2])
            ends.append((at - took, at) if "resumed" in line else (at, at + took))
    return ends


def acknowledgements(act: Callable[[], object]) -> list[tuple[float, float]]:
    """From when to when each of many acts took, one after the other."""
    times = []
    for _ in range(TIMES):
        began = time.time()
        act()
        times.append((began, time.time()))
    return times


def register(stack: Stack) -> None:
    answer = httpx.post(f"{stack.urls['ingest']}/v1/clients", json={"name": "on disk", "again": True}, timeout=30)
    assert answer.status_code == 201, answer.text


def answer(stack: Stack) -> None:
    token = CallbackToken(
        new_id("disp"), named_id("tenant", "default"), new_id("client"), new_id("batch"), new_id("item"),
        new_id("company"), "enrich", int(time.time()) + 60,
    )  # fmt: skip
    path = f"/v1/callbacks/{quote(sign(token, stack.identity.signing_key))}"
    taken = httpx.post(stack.urls["callbacks"] + path, json={"name": "Acme"}, timeout=30)
    assert taken.status_code == 202, taken.text


@pytest.mark.parametrize("act", [register, answer], ids=["a command", "a provider's answer"])
def test_what_is_acknowledged_over_http_is_on_postgresqls_disk(stack: Stack, tmp_path: Path, act) -> None:
    with watched(stack, "postgres", tmp_path / "strace") as watch:
        times = acknowledgements(lambda: act(stack))
    assert all(watch.within(*each) for each in times)


async def test_an_answer_in_the_inbox_is_on_nats_disk(stack: Stack, tmp_path: Path) -> None:
    client = await nats.connect(stack.nats.url("callbacks"))
    try:
        with watched(stack, "nats", tmp_path / "strace") as watch:
            times = []
            for _ in range(TIMES):
                began = time.time()
                await inbox.put(client, [_received()])
                times.append((began, time.time()))
    finally:
        await client.close()
    assert all(watch.within(*each) for each in times)


def _received() -> Event:
    return event("EnrichmentReceived", EnrichmentReceived("enrich", None, True, {"name": "Acme"}))


def test_a_commit_that_does_not_wait_for_the_disk_is_told_apart(stack: Stack, tmp_path: Path) -> None:
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS public.scratch (n int)")
        connection.execute("SET synchronous_commit = off")
        with watched(stack, "postgres", tmp_path / "strace") as watch:
            times = acknowledgements(lambda: connection.execute("INSERT INTO public.scratch VALUES (1)"))
        connection.execute("DROP TABLE public.scratch")
    assert sum(watch.within(*each) for each in times) < TIMES
