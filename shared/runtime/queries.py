"""Reading state for an API: one tenant's rows, at or after a given position of the log.

Every query runs as the service's reader role with the tenant set, so the database itself keeps tenants apart.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Select, bindparam, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.ids import to_hex
from shared.runtime.database import NOTICING
from shared.runtime.settings import Settings

Row = dict[str, Any]
WAIT_SECONDS = 5.0
STRETCH: Final = 250_000
# The next stretch on the way to a position, or to the log's end if that is before it.
UNREAD: Final = text("""
WITH way AS (
    SELECT (SELECT greatest(coalesce(min(position), 0), :read) FROM checkpoint) AS after,
           (SELECT least(position, :upto) FROM log.head) AS goal),
stretch AS (SELECT after, goal, least(after + :stretch, goal) AS upto FROM way)
SELECT goal, upto, EXISTS (
    SELECT FROM log.events e WHERE e.position > after AND e.position <= upto AND e.type = ANY(:types)) AS unread
FROM stretch
""").bindparams(bindparam("upto", type_=BigInteger), bindparam("read", type_=BigInteger))


class NotThereYet(Exception):
    """The state has not reached the position the caller asked for in time."""


class UnknownPlace(ValueError):
    """A list is to go on after a row that there is none of."""


class Queries:
    """A pool of connections for one service's API. `reads`: the types of event that its state waits for."""

    def __init__(self, settings: Settings, service: str, reads: Sequence[str]) -> None:
        url = settings.database_url.get_secret_value().replace("postgresql://", "postgresql+psycopg://", 1)
        self.service = service
        self._types = list(reads)
        self._read = 0
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=4,
            max_overflow=4,
            pool_pre_ping=True,
            connect_args={
                "application_name": f"leadstream {service} api",
                "options": f"-c search_path={service}",
                **NOTICING,
            },
        )

    @asynccontextmanager
    async def as_tenant(self, tenant_id: str) -> AsyncIterator[AsyncConnection]:
        """A read-only transaction that sees the rows of one tenant."""
        async with self._engine.begin() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await connection.execute(text(f"SET LOCAL ROLE {self.service}_reader"))
            await connection.execute(
                text("SELECT set_config('leadstream.tenant_id', :tenant, true)"),
                {"tenant": to_hex(tenant_id)},
            )
            yield connection

    async def rows(self, tenant_id: str, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of a SELECT as dictionaries."""
        async with self.as_tenant(tenant_id) as connection:
            result = await connection.execute(statement, dict(parameters or {}))
            # Plain strings: SQLAlchemy's names are a subclass, of which JSON is made at many times the cost.
            names = [str(name) for name in result.keys()]  # noqa: SIM118 - a result iterates over rows
            return [dict(zip(names, row, strict=True)) for row in result]

    async def newest(
        self, tenant_id: str, query: Select[Any], when: Column[Any], key: Column[Any], after: str | None, limit: int
    ) -> list[Row]:
        """A page of rows, the newest by `when` first: those after the one of this key. Raises UnknownPlace."""
        place = (when, key)
        if after:
            query = query.where(tuple_(*place) < select(*place).where(key == after).limit(1).scalar_subquery())
        found = await self.rows(tenant_id, query.order_by(when.desc(), key.desc()).limit(limit))
        if after and not found and not await self.rows(tenant_id, select(key).where(key == after)):
            raise UnknownPlace(f"`after` is the {key.name} of the last one of the page before; there is no {after}")
        return found

    async def wait_for(self, position: int, seconds: float = WAIT_SECONDS) -> None:
        """Until the state holds everything that there is up to `position`. Raises NotThereYet."""
        deadline = time.monotonic() + seconds
        while self._read < position and not await self._read_on(position):
            if time.monotonic() > deadline:
                raise NotThereYet(f"{self.service} has not reached position {position} within {seconds:g} s")

    async def _read_on(self, position: int) -> bool:
        """Look at the next stretch on the way to `position`; whether nothing up to there is unread.

        Where something is, it waits a moment.
        A service's checkpoint stands still while events pass that it does not read: nobody looks at those twice.
        """
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    UNREAD, {"read": self._read, "upto": position, "types": self._types, "stretch": STRETCH}
                )
            ).one()
        if row.unread:
            await asyncio.sleep(0.01)
            return False
        self._read = max(self._read, row.upto)
        return bool(row.upto >= row.goal)

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()
