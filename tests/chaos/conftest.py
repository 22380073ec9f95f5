"""One running stack for each file of tests that break its parts one at a time; in the end its tables are what its log
says. It ends with the file: where costs are counted, nothing may run beside.
"""

import asyncio
from collections.abc import Iterator

import pytest

from cli.checks import check
from cli.stack import Stack

ENVIRONMENT = {
    "LEADSTREAM_SIMULATOR_DELAY_MS": "400",
    "LEADSTREAM_SIMULATOR_JITTER_MS": "200",
    "LEADSTREAM_SIMULATOR_CALLBACK_RETRIES": "8",
}


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("chaos"), environment=ENVIRONMENT).running() as running:
        yield running
        report = asyncio.run(check(running.admin_url, running.nats.url("service")))
        assert report["identical"], report


@pytest.fixture
def stack(shared_stack: Stack) -> Stack:
    """The stack, once everything works again that was broken before."""
    shared_stack.until_ready()
    return shared_stack
