"""The page about backups, done: its commands run as they stand there, and what was there is there again."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from cli.campaign import Campaign
from cli.stack import Stack
from shared.runtime.settings import SERVICES
from tests.e2e.ledgers import leads_of

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "backup.md"
PATIENCE_SECONDS = 120.0
PEOPLE = 12


def commands(section: str) -> list[str]:
    """The page's shell blocks below a heading."""
    text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)


class Shell:
    """A shell that stays, so that `&` and `%1` mean what they mean on the page."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.output = folder / "output.txt"
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                ["bash", "-m"], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, cwd=folder,
                env=environment, start_new_session=True,
            )  # fmt: skip

    def run(self, block: str) -> None:
        """Run a block to its end, but for what it puts into the background."""
        done = f"done-{time.monotonic_ns()}"
        assert self._process.stdin is not None
        self._process.stdin.write(f"set -e\n{block}\necho {done}\n".encode())
        self._process.stdin.flush()
        self.until(f"\n{done}\n")

    def until(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in "\n" + self.output.read_text():
            assert self._process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)

    def close(self) -> None:
        """End what is in the background, and the shell."""
        self._process.communicate(b"kill %% 2>/dev/null; wait\n", timeout=PATIENCE_SECONDS)


@pytest.fixture
def shell(tmp_path: Path):
    shell = Shell(tmp_path)
    yield shell
    shell.close()


@pytest.mark.parametrize(("lost", "since"), [(".leadstream", 0), (".leadstream/up/postgres", 1)], ids=["all", "log"])
@pytest.mark.timeout(600)
def test_what_the_page_says_brings_everything_back(tmp_path: Path, shell: Shell, people, lost: str, since: int) -> None:
    """`since`: how many batches there were after the backup, of which only the stream knows."""
    file = people([(f"P{number}", f"Firm{number % 3}") for number in range(PEOPLE)])
    with Stack(tmp_path / ".leadstream" / "up").running() as stack, closing(Campaign(stack.urls)) as campaign:
        campaign.set_up()
        upload_id = campaign.upload(file)["upload_id"]
        batches = [done(campaign, upload_id)]
        (back_up,) = commands("Back up")
        shell.run(back_up)
        batches += [done(campaign, upload_id) for _ in range(since)]
        before = [leads(campaign, batch_id) for batch_id in batches]
        artifacts, head = contents(stack.folder / "artifacts"), head_of(stack)
    shutil.rmtree(tmp_path / lost)

    servers, import_it, verify = commands("Restore")
    shell.run(servers)
    shell.until("PostgreSQL and NATS are up")
    shell.run(import_it)
    shell.until("leadstream is up")
    with closing(Campaign(stack.urls)) as restored:
        assert [leads(restored, batch_id) for batch_id in batches] == before
    assert contents(tmp_path / ".leadstream" / "up" / "artifacts") == artifacts
    shell.run(verify)
    said = shell.output.read_text()
    assert all(re.search(rf"{service} .*identical", said) for service in SERVICES), said
    exported = re.search(r"positions 1 to (\d+)", said)
    assert exported is not None
    assert (int(exported[1]) < head) is bool(since)
    assert f"{head:,} of {head:,} events copied  identical" in said, "an event was said again, or is missing"


def done(campaign: Campaign, upload_id: str) -> str:
    batch_id: str = campaign.launch(upload_id)["batch_id"]
    campaign.wait(batch_id, 60)
    return batch_id


def head_of(stack: Stack) -> int:
    with psycopg.connect(stack.admin_url) as connection:
        row = connection.execute("SELECT position FROM log.head").fetchone()
    assert row is not None
    return int(row[0])


def leads(campaign: Campaign, batch_id: str) -> list[dict]:
    return sorted(leads_of(campaign, batch_id, PEOPLE), key=lambda lead: lead["row"])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
