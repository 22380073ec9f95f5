"""The projector's HTTP application over tables folded from a log, without a process around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.projector import api
from services.projector.app import DEFINITION
from shared.runtime.appender import Appender
from shared.runtime.queries import Queries
from tests.integration.log_harness import settings_of
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

    async def post(self, path: str, body: Any = None, key: str | None = None, **query: Any) -> httpx.Response:
        """The answer to a POST."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(path, params=query, json=body, headers=headers)

    async def refusal(self, path: str, **query: Any) -> tuple[int, str]:
        """Status and code of a GET that is refused."""
        answer = await self.http.get(path, params=query)
        return answer.status_code, answer.json()["error"]["code"]

    async def file(self, **query: Any) -> bytes:
        """An export, whole."""
        answer = await self.http.get("/v1/leads/export", params=query)
        assert answer.status_code == 200, answer.text
        return answer.content


@asynccontextmanager
async def opened(servers: Servers, database: str, tenant: str = "agency") -> AsyncIterator[Projected]:
    """The application; of the tenant that facts are about, unless another is named."""
    settings = settings_of(servers, database, "projector").model_copy(update={"tenant": tenant})
    queries = Queries(settings, "projector", DEFINITION.consumes)
    appender = Appender(settings.database_url.get_secret_value(), "projector")
    transport = httpx.ASGITransport(api.build(settings, queries, appender))
    async with httpx.AsyncClient(transport=transport, base_url="http://projector") as http:
        yield Projected(http)
    await appender.close()
    await queries.close()
