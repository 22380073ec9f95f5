"""The digests of clients' static secrets, in memory: a callback can be checked while the database is away."""

import asyncio
import hashlib
import hmac
from typing import Final

import psycopg
import structlog

from services.callbacks.domain import digests
from services.callbacks.state import Secret
from services.callbacks.store import SECRETS
from shared.runtime import clock
from shared.runtime.cancellation import within
from shared.runtime.database import connect
from shared.runtime.settings import Settings

EVERY_SECONDS: Final = 2.0
# However many secrets are wrong, the table is read no more often than this for them.
LEAST_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 4.0
PATIENCE_SECONDS: Final = 5.0
logger = structlog.get_logger()


class NotRead(Exception):
    """Nobody can read at present which secrets there are."""


class Secrets:
    """What was last read of the table."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url.get_secret_value()
        self._known: dict[tuple[str, str], list[Secret]] = {}
        self._begun = self._read = 0  # readings of the table, by number
        self._asked = asyncio.Event()
        self._news = asyncio.Condition()

    async def tenant_of(self, client_id: str, workflow: str, given: str) -> str | None:
        """The tenant whose client may answer for this workflow with this secret; None for a wrong one.

        None is wrong before the table was read anew. Raises NotRead.
        """
        tenant = self._tenant_of(client_id, workflow, given)
        if tenant is None:
            await self._read_anew()
            tenant = self._tenant_of(client_id, workflow, given)
        return tenant

    def _tenant_of(self, client_id: str, workflow: str, given: str) -> str | None:
        digest = hashlib.sha256(given.encode()).hexdigest().encode()
        tenant, now = None, clock.now()
        for secret in self._known.get((client_id, workflow), ()):
            for known in digests(secret, now):
                if hmac.compare_digest(known.encode(), digest):
                    tenant = secret.tenant_id
        return tenant

    async def _read_anew(self) -> None:
        """Wait for a reading that begins after this was asked; it serves all who asked before it. Raises NotRead."""
        wanted = self._begun + 1
        self._asked.set()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(lambda: self._read >= wanted)
        except TimeoutError:
            raise NotRead("which secrets there are is not known now; the database is away") from None

    async def refresh_for_ever(self) -> None:
        """Read the table now and then, and when it is asked for; while the database is away the last reading stands."""
        while True:
            try:
                await self._refresh()
            except psycopg.errors.UndefinedTable:
                logger.debug("no secrets yet: the table is not made")
            except (psycopg.Error, OSError) as error:
                logger.warning("cannot read secrets; the last ones stand", error=repr(error)[:300])
            await self._pause()

    async def _refresh(self) -> None:
        async with await connect(
            self._url, name="callbacks secrets", search_path="callbacks", autocommit=True
        ) as connection:
            while True:
                self._begun += 1
                async with asyncio.timeout(ANSWER_SECONDS):
                    rows = await SECRETS.select(connection, f"SELECT {SECRETS.names} FROM secret")
                known: dict[tuple[str, str], list[Secret]] = {}
                for row in rows:
                    known.setdefault((row.client_id, row.workflow), []).append(row)
                self._known = known
                async with self._news:
                    self._read = self._begun
                    self._news.notify_all()
                await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(LEAST_SECONDS)
        await within(EVERY_SECONDS - LEAST_SECONDS, self._asked)
        self._asked.clear()
