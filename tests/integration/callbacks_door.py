"""The callbacks service's HTTP application over real servers, without a process around it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import orjson

from services.callbacks import api, inbox
from services.callbacks.app import DEFINITION
from services.callbacks.handlers import Receiver
from services.callbacks.secrets import Secrets
from services.callbacks.state import Secret
from services.callbacks.store import SECRETS
from shared.envelope import Event, from_json
from shared.ids import new_id
from shared.runtime.appender import Appender
from shared.runtime.machine import Machine
from shared.runtime.queries import Queries
from shared.runtime.tables import ddl
from shared.subjects import INBOX_STREAM
from shared.tokens import CallbackToken
from tests.integration.log_harness import TENANT, connected, logged, on_nats, settings_of
from tests.running_servers import Servers

KEY, OLD_KEY, FOREIGN_KEY = "k" * 32, "o" * 32, "f" * 32
WORKFLOW = "enrich_person"
CLIENT, PERSON = new_id("client"), new_id("person")
PROFILE = {"first_name": "Ada", "last_name": "Example", "title": "Engineer", "headline": "h", "url": "u"}


def token(expires_in: float = 60) -> CallbackToken:
    ids = (new_id("disp"), TENANT, CLIENT, new_id("batch"), new_id("item"), PERSON)
    return CallbackToken(*ids, WORKFLOW, int(time.time() + expires_in))


class Door:
    """The service's HTTP application, and what it recorded."""

    def __init__(self, servers: Servers, database: str, receiver: Receiver, queries: Queries) -> None:
        self.servers = servers
        self.database = database
        self.receiver = receiver
        self.app = app = api.build(receiver, queries)
        app.state.settings = receiver.settings.model_copy(update={"tenant": "acme"})  # TENANT asks
        transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://callbacks")

    async def by_token(self, text: str, content: Any, **headers: str) -> httpx.Response:
        content = content if isinstance(content, bytes) else orjson.dumps(content)
        return await self.http.post(f"/v1/callbacks/{text}", content=content, headers=headers)

    async def by_secret(
        self, secret: str, content: Any, workflow: str = WORKFLOW, client: str = CLIENT
    ) -> httpx.Response:
        headers = {"X-Leadstream-Secret": secret}
        path = f"/v1/clients/{client}/callbacks/{workflow}"
        return await self.http.post(path, content=orjson.dumps(content), headers=headers)

    async def fold(self) -> None:
        """Bring the service's tables up to the end of the log."""
        url = self.servers.role_url("callbacks", self.database)
        async with connected(url, search_path="callbacks", autocommit=False) as connection:
            for statement in ddl(DEFINITION.metadata, reader="callbacks_reader"):
                await connection.execute(statement.encode())
            await connection.commit()
            machine: Machine[Any] = Machine(DEFINITION)
            after = await machine.start(connection)
            found = await logged(self.servers, self.database, list(DEFINITION.reads))
            if messages := [message for message in found if message[0] > after]:
                await machine.apply(connection, messages)

    async def know(self, secret: str) -> None:
        """Make the tables, and put a client's secret into them."""
        await self.fold()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        row = Secret(CLIENT, WORKFLOW, "apollo_scrape", "default", TENANT, digest, {}, None, None)
        url = self.servers.role_url("callbacks", self.database)
        async with connected(url, search_path="callbacks") as connection:
            await SECRETS.upsert(connection, [row])

    async def recorded(self) -> list[Event]:
        return [from_json(body, position) for position, body in await logged(self.servers, self.database)]

    async def refused(self, reply: httpx.Response, status: int, code: str) -> Event:
        """Check that a reply refuses with this code, and that it is all that was recorded."""
        assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
        (event,) = await self.recorded()
        assert (event.type, event.payload.code) == ("CallbackRejected", code)
        assert event.payload.reason == reply.json()["error"]["message"]
        return event


@asynccontextmanager
async def opened(servers: Servers, database: str) -> AsyncIterator[Door]:
    """The door of a service that has its database, its inbox, and one client's secret: `open sesame`."""
    settings = settings_of(servers, database, "callbacks", "callbacks")
    secrets = Secrets(settings)
    appender = Appender(settings.database_url.get_secret_value(), "callbacks", patience_seconds=10.0)
    async with on_nats(servers.nats_url("callbacks")) as client:
        queries = Queries(settings, "callbacks", DEFINITION.reads)
        door = Door(servers, database, Receiver(settings, [KEY, OLD_KEY], secrets, appender, client), queries)
        await door.know("open sesame")
        async with door.http, beside(secrets.refresh_for_ever()):
            yield door
    await door.receiver.appender.close()
    await queries.close()


@asynccontextmanager
async def draining(door: Door) -> AsyncIterator[None]:
    """The effect that empties the inbox, beside a database that is there."""
    settings = settings_of(door.servers, door.database, "callbacks", "callbacks")
    async with beside(inbox.drain(settings, Machine(DEFINITION))):
        yield


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on meanwhile."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def waiting(servers: Servers) -> int:
    async with on_nats(servers.nats_url("provision")) as client:
        return (await client.jetstream().stream_info(INBOX_STREAM)).state.messages
