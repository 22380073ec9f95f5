"""What provisioning refuses to do to a server that others use, and to what a newer version has made."""

import pytest

from cli import examination
from cli import servers as cli_servers
from shared.runtime.provisioning import provision_database
from shared.runtime.refusals import Impossible
from tests.integration.log_harness import connected
from tests.running_servers import Servers


async def test_a_second_database_does_not_change_the_passwords_of_the_first(servers: Servers, database: str) -> None:
    others = dict.fromkeys(servers.passwords, "another")
    with pytest.raises(Impossible, match=r"role \w+ of this PostgreSQL server has another password, for the database"):
        provision_database(servers.admin_url(), others, "second")
    async with connected(servers.admin_url()) as server:
        made = await (await server.execute("SELECT 1 FROM pg_database WHERE datname = 'second'")).fetchall()
        assert made == []
    async with connected(servers.role_url("sequencer", database)):
        pass


async def test_an_older_version_takes_nothing_away(servers: Servers, database: str) -> None:
    url = servers.admin_url(database)
    async with connected(url) as admin:
        await admin.execute("INSERT INTO public.migration (name) VALUES ('9999_newer.sql')")
        await admin.execute("INSERT INTO log.writer VALUES ('ingest', 'SomethingNew')")
        with pytest.raises(Impossible, match=r"made by a newer version of the program \(9999_newer.sql\)"):
            provision_database(servers.admin_url(), servers.passwords, database)
        kept = await (await admin.execute("SELECT 1 FROM log.writer WHERE type = 'SomethingNew'")).fetchall()
        assert len(kept) == 1
    codes = {each.code async for each in examination.database(cli_servers.Servers(url, None, None))}
    assert "newer_database" in codes
    assert not codes & {"writers_differ", "migration_missing"}, "whose advice would be to provision"
