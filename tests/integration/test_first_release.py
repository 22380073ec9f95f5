"""A log that the first release wrote, for ever: every event is still read, and the state is what it was then.

`first_release.state.json` has, for each table of then, the columns to compare and the SHA-256 of the rows as that
release folded them: `to_jsonb` of each, sorted, joined by newlines. A column may be added, which is not looked at; one
that is there must keep its meaning. Values of leads are left out: they are a projection, which may become better.
"""

import hashlib
import json
from pathlib import Path

import pytest

from cli.folding import definition
from shared.runtime.integrity import check_log
from shared.runtime.projection import as_of
from shared.runtime.transfer import restore
from tests.integration.log_harness import connected
from tests.running_servers import Servers

RECORDED = Path(__file__).parent.parent / "data" / "log"
STATE = json.loads((RECORDED / "first_release.state.json").read_text())


@pytest.mark.parametrize("service", STATE)
async def test_the_state_is_what_the_first_release_made_of_its_log(
    servers: Servers, database: str, service: str
) -> None:
    url = servers.admin_url(database)
    last = await restore(url, RECORDED / "first_release.jsonl.gz")
    verdict = await as_of(url, definition(service), last.position, f"first_{service}")
    assert verdict.failures == {}
    async with connected(url, search_path=f"first_{service}") as connection:
        assert (await check_log(connection)).damages == []
        for table, then in STATE[service].items():
            names = ", ".join(f'"{name}"' for name in then["columns"])
            cursor = await connection.execute(
                f'SELECT to_jsonb(t)::text FROM (SELECT {names} FROM "{table}") t'.encode()
            )
            rows = sorted(row[0] for row in await cursor.fetchall())
            assert (table, len(rows)) == (table, then["rows"])
            assert (table, hashlib.sha256("\n".join(rows).encode()).hexdigest()) == (table, then["sha256"])
