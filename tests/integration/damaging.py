"""Ways to hurt the log, below its own rules; and what a log of EVENTS events and its copy are afterwards."""

import asyncio

from shared.runtime.integrity import check_log
from shared.runtime.repair import Repair, repair
from shared.runtime.stream_comparison import compare
from tests.integration.log_harness import connected, eventually, relaying
from tests.running_servers import Servers

EVENTS = 12
# What a database of the first release did not have yet.
NO_CHECK = "ALTER TABLE log.events DROP CONSTRAINT events_position"


async def tamper(servers: Servers, database: str, *statements: str) -> None:
    """Run statements as someone who has switched the log's rules off."""
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        for statement in statements:
            await connection.execute(statement.encode())
        await connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")


async def copied(servers: Servers, database: str, upto: int = EVENTS) -> None:
    """Have the log copied to the stream."""
    urls = servers.admin_url(database), servers.nats_url("service")
    async with relaying(servers, database):
        await eventually(lambda: compare(*urls), lambda verdict: verdict.last == upto and verdict.identical)


async def repaired(servers: Servers, database: str, trust_log: bool = False) -> Repair:
    """What a repair has mended."""
    async with asyncio.timeout(60):
        return await repair(servers.admin_url(database), servers.nats_url("provision"), trust_log=trust_log)


async def is_whole(servers: Servers, database: str, upto: int = EVENTS) -> bool:
    """Whether nothing is wrong with the log, and the stream is its copy up to here."""
    async with connected(servers.admin_url(database)) as connection:
        found = await check_log(connection)
    verdict = await compare(servers.admin_url(database), servers.nats_url("service"))
    return not found.damages and verdict.identical and verdict.last == upto
