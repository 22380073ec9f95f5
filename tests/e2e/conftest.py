"""One running stack for all end-to-end tests: every part a real process, on free ports, gone afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cli.campaign import Campaign
from cli.stack import Stack

CALM = {"loss": 0, "duplicate": 0, "malformed": 0, "status_429": 0, "status_5xx": 0, "delay_ms": 0, "reorder": 0}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack")).running() as running:
        yield running


@pytest.fixture
def campaign(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    """A client of the test's own."""
    campaign = Campaign(stack.urls, name=request.node.name)
    campaign.set_up()
    yield campaign
    campaign.close()


@pytest.fixture
def provider(stack: Stack) -> Iterator[Callable[..., None]]:
    """Turns the simulator's knobs for one test."""

    def turn(**knobs: float) -> None:
        answer = httpx.patch(stack.urls["simulator"] + "/settings", json=knobs, timeout=30)
        assert answer.status_code == 200, answer.text

    yield turn
    turn(**CALM)


@pytest.fixture
def people(tmp_path: Path):
    """Writes an Apollo list: one row for each (person, company) pair."""

    def write(rows: list[tuple[str, str]], name: str = "people.csv") -> Path:
        lines = ["First Name,Last Name,Company,Website,Person Linkedin Url"]
        lines += [
            f"{person},Example,{company} Inc.,http://www.{company.lower()}.example,"
            f"http://www.linkedin.com/in/{person.lower()}-{company.lower()}"
            for person, company in rows
        ]
        file = tmp_path / name
        file.write_text("\n".join(lines) + "\n")
        return file

    return write
