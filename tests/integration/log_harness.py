"""Events to append, the log and the stream to look into, a relay in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import nats
from nats.aio.client import Client

from shared.envelope import Event
from shared.events import ClientRegistered
from shared.ids import named_id, new_id
from shared.runtime import log, relay
from shared.runtime.database import Connection, connect
from shared.runtime.settings import Settings
from tests.running_servers import Servers

TENANT = named_id("tenant", "acme")
OTHER_TENANT = named_id("tenant", "other")


def event(kind: str, payload: Any, tenant_id: str = TENANT) -> Event:
    """An event about a client of its own."""
    event_id = new_id("evt")
    return Event(
        id=event_id,
        type=kind,
        version=1,
        tenant_id=tenant_id,
        client_id=new_id("client"),
        occurred_at=datetime.now(UTC),
        actor=named_id("actor", "test"),
        correlation_id=event_id,
        payload=payload,
    )


def registered(name: str, tenant_id: str = TENANT) -> Event:
    """An event that `ingest` may write."""
    return event("ClientRegistered", ClientRegistered(name), tenant_id)


def registrations(count: int) -> list[Event]:
    return [registered(f"client {number}") for number in range(count)]


def settings_of(servers: Servers, database: str, role: str, nats_user: str = "service") -> Settings:
    """What a process of this role is told."""
    return Settings.model_validate(
        {
            "database_url": servers.role_url(role, database),
            "nats_url": servers.nats_url(nats_user),
            "private_webhooks": True,
            "lease_poll_seconds": 0.05,
            "retry_attempts": 2,
            "retry_base_seconds": 0.001,
        }
    )


@asynccontextmanager
async def connected(
    url: str, search_path: str = "", autocommit: bool = True, name: str = "test"
) -> AsyncIterator[Connection]:
    async with await connect(url, name=name, search_path=search_path, autocommit=autocommit) as connection:
        yield connection


@asynccontextmanager
async def on_nats(url: str, **options: Any) -> AsyncIterator[Client]:
    async def silent(_: Exception) -> None:
        return

    client = await nats.connect(url, **{"reconnect_time_wait": 0.1, "error_cb": silent, **options})
    try:
        yield client
    finally:
        await client.close()


async def append(servers: Servers, database: str, events: Sequence[Event], role: str = "ingest") -> int:
    """Append in one transaction."""
    async with connected(servers.role_url(role, database)) as connection:
        return await log.append(connection, events)


async def logged(servers: Servers, database: str, types: Sequence[str] | None = None) -> list[tuple[int, bytes]]:
    """Position and body of every event, or of those of some types."""
    async with connected(servers.admin_url(database)) as connection:
        head = await log.last_position(connection)
        chunks = log.bodies(connection, types, after=0, upto=head, chunk=1_000)
        return [message async for chunk in chunks for message in chunk]


@asynccontextmanager
async def relaying(servers: Servers, database: str) -> AsyncIterator["asyncio.Task[None]"]:
    """A relay that runs; killed, not asked to end."""
    task = asyncio.create_task(relay.run(settings_of(servers, database, "relay", "relay"), asyncio.Event()))
    try:
        yield task
    finally:
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=20)
        if not done:
            task.print_stack()
        assert done, "the relay did not let itself be cancelled"


async def eventually(ask: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    """What `ask` says as soon as it is `enough`."""
    async with asyncio.timeout(60):
        while not enough(answer := await ask()):  # noqa: ASYNC110 - a server is asked, nothing to wait on
            await asyncio.sleep(0.01)
        return answer
