"""The page about backups, done: its commands run as they stand there, and what was there is there again."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

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


@pytest.mark.timeout(600)
def test_what_the_page_says_brings_everything_back(tmp_path: Path, shell: Shell, people) -> None:
    file = people([(f"P{number}", f"Firm{number % 3}") for number in range(PEOPLE)])
    with Stack(tmp_path / ".leadstream" / "up").running() as stack, closing(Campaign(stack.urls)) as campaign:
        campaign.set_up()
        batch_id = campaign.launch(campaign.upload(file)["upload_id"])["batch_id"]
        campaign.wait(batch_id, 60)
        before = leads(campaign, batch_id)
        (back_up,) = commands("Back up")
        shell.run(back_up)
        artifacts = contents(stack.folder / "artifacts")
    shutil.rmtree(tmp_path / ".leadstream")

    servers, import_it, verify = commands("Restore")
    shell.run(servers)
    shell.until("PostgreSQL and NATS are up")
    shell.run(import_it)
    shell.until("leadstream is up")
    with closing(Campaign(stack.urls)) as restored:
        assert leads(restored, batch_id) == before
    assert contents(tmp_path / ".leadstream" / "up" / "artifacts") == artifacts
    shell.run(verify)
    said = shell.output.read_text()
    assert all(re.search(rf"{service} .*identical", said) for service in SERVICES), said
    exported = re.search(r"positions 1 to (\d+)", said)
    assert exported is not None
    assert f"{exported[1]} of {exported[1]} events copied  identical" in said, "an event was said again, or is missing"


def leads(campaign: Campaign, batch_id: str) -> list[dict]:
    return sorted(leads_of(campaign, batch_id, PEOPLE), key=lambda lead: lead["row"])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
