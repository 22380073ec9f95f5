"""One process of the dispatcher, which leads for as long as a test lets it."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import orjson
from pydantic import SecretStr

from services.dispatcher.app import DEFINITION
from services.dispatcher.sending import send_due
from services.dispatcher.webhooks import Webhooks
from shared.runtime.machine import Machine
from shared.runtime.outgoing import Outcomes
from tests.integration.folding import leading
from tests.integration.hook import Hook
from tests.integration.log_harness import connected, eventually, logged, settings_of
from tests.running_servers import Servers


class Replica:
    """One process of the dispatcher: it keeps what came of POSTs while it does not lead."""

    def __init__(self, servers: Servers, database: str, **told: Any) -> None:
        self.servers, self.database, self.outcomes = servers, database, Outcomes()
        self.told = {"signing_key": SecretStr("k" * 32)} | told

    def leads(self) -> AbstractAsyncContextManager[Machine[Any]]:
        settings = settings_of(self.servers, self.database, "dispatcher")
        settings = settings.model_copy(update=self.told)
        effect = partial(send_due, settings, webhooks=Webhooks(), outcomes=self.outcomes)
        return leading(self.servers, self.database, DEFINITION, effect)

    async def leads_until_the_database_goes(self, hook: Hook, requests: int) -> None:
        """It does not come to tell what the webhook says to the last of so many requests."""

        async def asked() -> int:
            return len(hook.requests)

        hook.answering.clear()
        async with connected(self.servers.admin_url(self.database)) as admin:
            try:
                async with self.leads():
                    await eventually(asked, lambda count: count == requests)
                    await admin.execute("ALTER ROLE dispatcher NOLOGIN")
                    await admin.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dispatcher'"
                    )
                    hook.answering.set()
                    await asyncio.sleep(1.5)
            finally:
                hook.answering.set()
                await admin.execute("ALTER ROLE dispatcher LOGIN")

    async def leads_until_told(self, types: Sequence[str]) -> None:
        """Until the log says so of the POST, and a moment longer for what should not follow."""

        async def told() -> list[str]:
            return await kinds(self.servers, self.database)

        async with self.leads():
            await eventually(told, lambda found: found == list(types))
            await asyncio.sleep(2.0)
            assert await told() == list(types)


async def kinds(servers: Servers, database: str) -> list[str]:
    found = await logged(servers, database, ["StepDispatched", "DispatchRefused"])
    return [orjson.loads(body)["type"] for _, body in found]
