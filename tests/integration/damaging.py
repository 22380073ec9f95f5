"""Ways to hurt the log, below its own rules."""

from tests.integration.log_harness import connected
from tests.running_servers import Servers


async def tamper(servers: Servers, database: str, *statements: str) -> None:
    """Run statements as someone who has switched the log's rules off."""
    async with connected(servers.admin_url(database)) as connection:
        await connection.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
        for statement in statements:
            await connection.execute(statement.encode())
        await connection.execute("ALTER TABLE log.events ENABLE TRIGGER append_only")
