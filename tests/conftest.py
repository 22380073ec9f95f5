"""What all tests share: real servers, started once; a database and streams for each test that asks.

Tests under `unit` get no network at all. One that uses `servers` is marked so (`-m 'not servers'`).
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import nats
import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from nats.js.errors import NotFoundError

from shared.runtime.provisioning import STREAMS, provision_database, provision_streams
from tests.documented import checked
from tests.running_servers import Servers, containers, embedded, without_docker

TEMPLATE = "leadstream_template"
UNIT = Path(__file__).parent / "unit"
# How long an example takes says more of the machine than of what is tested.
settings.register_profile("leadstream", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadstream")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--containers", action="store_true", help="PostgreSQL and NATS from Docker images, if Docker is there"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "servers" in getattr(item, "fixturenames", ()):
            item.add_marker("servers")
        if UNIT in item.path.parents:
            item.add_marker("disable_socket")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    # An event loop wakes itself up through a pair of Unix sockets.
    config.option.allow_unix_socket = True


def pytest_report_header(config: pytest.Config) -> str | None:
    return without_docker() if config.getoption("--containers") else None


@pytest.fixture(scope="session", autouse=True)
def _documented() -> Iterator[None]:
    with checked():
        yield


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """What a test has set of the logs is not the next one's."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """PostgreSQL, with a provisioned database as template for others, and NATS."""
    in_containers = request.config.getoption("--containers") and without_docker() is None
    with containers() if in_containers else embedded() as running:
        provision_database(running.admin_url(), running.passwords, TEMPLATE)
        yield running


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    """The name of a freshly provisioned database, dropped afterwards whoever is still connected."""
    yield from _fresh_database(servers)


@pytest.fixture(scope="module")
def shared_database(servers: Servers) -> Iterator[str]:
    """As `database`, for all tests of a module: they only read what its first fixture has put there."""
    yield from _fresh_database(servers)


@pytest.fixture
async def streams(servers: Servers) -> AsyncIterator[None]:
    """EVENTS and INBOX, made anew, and gone afterwards."""
    await _delete_streams(servers)
    await provision_streams(servers.nats_url("provision"))
    yield
    await _delete_streams(servers)


def _fresh_database(servers: Servers) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    _on_server(servers, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield name
    _on_server(servers, f"DROP DATABASE {name} WITH (FORCE)")


def _on_server(servers: Servers, statement: str) -> None:
    with psycopg.connect(servers.admin_url(), autocommit=True) as connection:
        connection.execute(statement.encode())


async def _delete_streams(servers: Servers) -> None:
    client = await nats.connect(servers.nats_url("provision"))
    try:
        for stream in STREAMS:
            try:
                await client.jetstream().delete_stream(str(stream.name))
            except NotFoundError:
                continue
    finally:
        await client.close()
