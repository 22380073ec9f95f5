"""What tests of the machine share."""

from collections.abc import AsyncIterator

import pytest

from shared.runtime.database import Connection
from tests.integration.counting import in_its_schema
from tests.running_servers import Servers


@pytest.fixture
async def connection(servers: Servers, database: str) -> AsyncIterator[Connection]:
    """The connection of the service that counts, its tables made."""
    async with in_its_schema(servers, database) as connection:
        yield connection
