"""The relay's look for the next events reads those alone, however often it was asked and however long the log is."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.runtime import relay
from tests.integration.log_harness import append, connected, registrations
from tests.running_servers import Servers

EVENTS, TIMES = 3_000, 12
PREPARED = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%row_number()%'"


def read(plan: dict[str, Any]) -> Iterator[int]:
    """How many rows each node of a plan has read."""
    yield int(plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    for part in plan.get("Plans", ()):
        yield from read(part)


@pytest.mark.usefixtures("streams")
async def test_no_plan_of_a_short_log_is_kept_that_would_read_all_of_a_long_one(
    servers: Servers, database: str
) -> None:
    first, *rest = registrations(EVENTS)
    await append(servers, database, [first])
    async with connected(servers.admin_url(database)) as connection:
        for _ in range(TIMES):
            assert len(await relay._after(connection, 0)) == 1
        last = await append(servers, database, rest)
        ((name,),) = await (await connection.execute(PREPARED)).fetchall()
        asked = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {name}({last - 2}, {relay.BATCH}, {relay.BATCH_BYTES})"
        ((plan,),) = await (await connection.execute(asked.encode())).fetchall()
    assert max(read(plan[0]["Plan"])) == 2
