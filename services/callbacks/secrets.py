"""The digests of clients' static secrets, in memory: a callback can be checked while the database is away."""

import asyncio
import hashlib
import hmac
from typing import Final

import psycopg
import structlog

from services.callbacks.state import Secret
from services.callbacks.store import SECRETS
from shared.runtime.database import connect
from shared.runtime.settings import Settings

EVERY_SECONDS: Final = 2.0
logger = structlog.get_logger()


class NotRead(Exception):
    """Since this process began nobody could read which secrets there are."""


class Secrets:
    """What was last read of the table."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url.get_secret_value()
        self._known: dict[tuple[str, str], list[Secret]] | None = None

    def tenant_of(self, client_id: str, workflow: str, given: str) -> str | None:
        """The tenant whose client may answer for this workflow with this secret; None for a wrong one.

        Raises NotRead.
        """
        if self._known is None:
            raise NotRead("which secrets there are is not known yet; the database is away")
        digest = hashlib.sha256(given.encode()).hexdigest()
        tenant = None
        for secret in self._known.get((client_id, workflow), ()):
            if secret.sha256 and hmac.compare_digest(secret.sha256.encode(), digest.encode()):
                tenant = secret.tenant_id
        return tenant

    async def refresh_for_ever(self) -> None:
        """Read the table now and then; while the database is away the last reading stands."""
        while True:
            try:
                await self._refresh()
            except psycopg.errors.UndefinedTable:
                logger.debug("no secrets yet: the table is not made")
            except (psycopg.Error, OSError) as error:
                logger.warning("cannot read secrets; the last ones stand", error=repr(error)[:300])
            await asyncio.sleep(EVERY_SECONDS)

    async def _refresh(self) -> None:
        async with await connect(
            self._url, name="callbacks secrets", search_path="callbacks", autocommit=True
        ) as connection:
            while True:
                rows = await SECRETS.select(connection, f"SELECT {SECRETS.names} FROM secret")
                known: dict[tuple[str, str], list[Secret]] = {}
                for row in rows:
                    known.setdefault((row.client_id, row.workflow), []).append(row)
                self._known = known
                await asyncio.sleep(EVERY_SECONDS)
