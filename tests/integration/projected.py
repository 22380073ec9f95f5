"""The projector's HTTP application over tables folded from a log, without a process around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.projector import api
from services.projector.app import DEFINITION
from shared.envelope import Event
from shared.runtime import log
from shared.runtime.database import ddl
from shared.runtime.machine import Machine
from shared.runtime.queries import Queries
from tests.integration.log_harness import connected, logged, settings_of
from tests.running_servers import Servers


class Projected:
    """Asks the API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON that a GET answers."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, path: str, **query: Any) -> tuple[int, str]:
        """Status and code of a GET that is refused."""
        answer = await self.http.get(path, params=query)
        return answer.status_code, answer.json()["error"]["code"]

    async def file(self, **query: Any) -> bytes:
        """An export, whole."""
        answer = await self.http.get("/v1/leads/export", params=query)
        assert answer.status_code == 200, answer.text
        return answer.content


async def fold(servers: Servers, database: str, events: list[Event]) -> None:
    """Write the events into the log, and then whatever follows, and fold all of it live."""
    async with connected(servers.admin_url(database), autocommit=True) as admin:
        await admin.execute("INSERT INTO log.writer SELECT DISTINCT session_user, type FROM log.writer")
        await log.append(admin, events)
    async with connected(
        servers.role_url("projector", database), search_path="projector", autocommit=False
    ) as connection:
        for statement in ddl(DEFINITION.metadata, reader="projector_reader"):
            await connection.execute(statement.encode())
        await connection.commit()
        machine: Machine[Any] = Machine(DEFINITION)
        position = await machine.start(connection)
        while messages := [
            message for message in await logged(servers, database, list(DEFINITION.consumes)) if message[0] > position
        ]:
            await machine.apply(connection, messages)
            position = machine.position


@asynccontextmanager
async def opened(servers: Servers, database: str) -> AsyncIterator[Projected]:
    """The application, of the tenant that facts are about."""
    settings = settings_of(servers, database, "projector").model_copy(update={"tenant": "agency"})
    queries = Queries(settings, "projector", DEFINITION.consumes)
    transport = httpx.ASGITransport(api.build(settings, queries))
    async with httpx.AsyncClient(transport=transport, base_url="http://projector") as http:
        yield Projected(http)
    await queries.close()
