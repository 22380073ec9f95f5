"""Tables of a log that came back older, and perhaps went on otherwise: told, not gone on with, and rebuilt."""

import asyncio

import pytest

from cli import examination
from cli import servers as cli_servers
from cli.checks import report_of, say_folds
from cli.findings import of_checkpoint
from shared.runtime import follower
from shared.runtime.database import Connection
from shared.runtime.follower import Ahead, Follower
from shared.runtime.log_rows import Ends, ends_of, is_another
from shared.runtime.projection import Impossible, old_schema, rebuild, rebuild_schema, undo, verify
from shared.runtime.shadow import opened
from tests.integration.counting import NAME, checkpoint, counting, counts
from tests.integration.damaging import copied, tamper
from tests.integration.log_harness import append, connected, eventually, on_nats, registered, settings_of
from tests.integration.test_rebuild_of_damage import counted
from tests.running_servers import Servers

OLDER = (
    "DELETE FROM log.events WHERE position > 3",
    "UPDATE log.head SET (position, chain) = (SELECT position, chain FROM log.events WHERE position = 3)",
)


@pytest.fixture
async def ahead(servers: Servers, database: str) -> str:
    """A service that has counted six clients, and a log that ends at the third; its database as the superuser."""
    await append(servers, database, [registered(name) for name in "abcdef"])
    await counted(servers, database)
    await tamper(servers, database, *OLDER)
    return servers.admin_url(database)


async def test_verify_tells_it(ahead: str, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = await verify(ahead, counting())
    assert (verdict.position, verdict.ahead, verdict.different_rows) == (3, 3, 3)
    report = report_of([verdict])
    assert report["identical"] is False
    say_folds(report)
    said = capsys.readouterr().out
    assert "3 positions beyond the log's end" in said
    assert f"`leadstream rebuild {NAME}`" in said


async def test_it_is_a_finding_though_no_row_differs(ahead: str, servers: Servers, database: str) -> None:
    async with connected(ahead) as connection:
        await connection.execute(f"DELETE FROM {NAME}.counter WHERE name > 'c'".encode())
    verdict = await verify(ahead, counting())
    assert (verdict.ahead, verdict.different_rows, report_of([verdict])["identical"]) == (3, 0, False)


async def test_a_rebuild_brings_the_tables_back_to_the_log_s_end(ahead: str, servers: Servers, database: str) -> None:
    verdict = await rebuild(ahead, counting())
    assert (verdict.position, verdict.ahead, verdict.undoable) == (3, 0, None)
    assert (await counts(servers, database), await checkpoint(servers, database)) == ({"a": 1, "b": 1, "c": 1}, 3)
    assert report_of([await verify(ahead, counting())])["identical"] is True
    await append(servers, database, [registered("a")])
    await counted(servers, database)
    assert (await counts(servers, database))["a"] == 2
    with pytest.raises(Impossible, match="there is no rebuild"):
        await undo(ahead, counting())


@pytest.mark.parametrize(("rebuilt_at", "since", "refused"), [(2, "", False), (6, "", True), (6, "xyz", True)])
async def test_an_undo_brings_nothing_back_that_the_log_has_no_more(
    servers: Servers, database: str, rebuilt_at: int, since: str, refused: bool
) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "abcdef"[:rebuilt_at]])
    await counted(servers, database)
    await rebuild(url, counting())
    if rebuilt_at < 6:
        await append(servers, database, [registered(name) for name in "abcdef"[rebuilt_at:]])
        await counted(servers, database)
    await tamper(servers, database, *OLDER)
    if since:
        await append(servers, database, [registered(name) for name in since])
    if refused:
        with pytest.raises(Impossible, match=f"{old_schema(NAME)} was made of events that the log has no more"):
            await undo(url, counting())
        assert (await rebuild(url, counting())).undoable is None
    else:
        assert (await undo(url, counting())).undoable is None
    assert await counts(servers, database) == dict.fromkeys("abc" + since, 1)
    with pytest.raises(Impossible, match="there is no rebuild"):
        await undo(url, counting())


@pytest.mark.parametrize("since", ["", "xyz"], ids=["as it came back", "gone on otherwise"])
async def test_a_rebuild_that_was_begun_on_the_longer_log_is_begun_anew(
    servers: Servers, database: str, since: str
) -> None:
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "abcdef"])
    await counted(servers, database)
    async with opened(url, counting(), rebuild_schema(NAME), lock=NAME) as shadow:
        await shadow.begin()
        await shadow.fold(5)
    await tamper(servers, database, *OLDER)
    if since:
        await append(servers, database, [registered(name) for name in since])
    assert (await rebuild(url, counting())).events == 3 + len(since)
    assert await counts(servers, database) == dict.fromkeys("abc" + since, 1)


async def test_rows_that_are_gone_from_the_end_are_repaired_first(servers: Servers, database: str) -> None:
    """The head still knows of them: nothing is ahead, and nothing is made of what is left."""
    url = servers.admin_url(database)
    await append(servers, database, [registered(name) for name in "abcdef"])
    await counted(servers, database)
    await tamper(servers, database, "DELETE FROM log.events WHERE position > 3")
    with pytest.raises(Impossible, match="the log is damaged at 4: run `leadstream repair` first"):
        await rebuild(url, counting())


# A connection that is cut while it is being made, as a relay's is here, is left to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("", f"the log ends at 3 and {NAME} has folded 6"),
        ("xyz", f"{NAME} has folded another event 6 than the log holds"),
        ("wxyz", f"{NAME} has folded another event 6 than the log holds"),
    ],
)
async def test_a_service_does_not_go_on_until_it_is_rebuilt(
    ahead: str, since: str, said: str, servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "AHEAD_SECONDS", 0.1)
    if since:
        await append(servers, database, [registered(name) for name in since])
    await copied(servers, database, 3 + len(since))
    waiting = Follower(counting(), settings_of(servers, database, NAME))

    async def deliver(_: object) -> None:
        return

    async with on_nats(servers.nats_url("service")) as client:
        with pytest.raises(Ahead, match=f"{said}: run `leadstream rebuild {NAME}`"):
            await waiting._term(client, deliver)
        running = asyncio.create_task(waiting.run(client, deliver))
        await asyncio.sleep(0.5)
        assert not waiting.leading
        await rebuild(ahead, counting())
        await eventually(lambda: _leads(waiting), lambda leads: leads)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _leads(of: Follower) -> bool:
    return of.leading


async def test_the_doctor_finds_nothing_of_what_is_folded_while_it_looks(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(servers, database, [registered("a")])
    await counted(servers, database)
    looked = []

    async def ends(connection: Connection) -> Ends:
        looked.append(await ends_of(connection))
        await append(servers, database, [registered("b")])
        await counted(servers, database)
        return looked[-1]

    monkeypatch.setattr(examination, "ends_of", ends)
    found = [each async for each in examination.database(cli_servers.Servers(servers.admin_url(database), None, None))]
    assert looked
    assert "ahead_of_the_log" not in {each.code for each in found}


@pytest.mark.parametrize(
    ("position", "another", "codes"),
    [(3, False, []), (0, False, []), (4, False, ["ahead_of_the_log"]), (3, True, ["of_another_log"])],
)
def test_the_doctor_finds_it(position: int, another: bool, codes: list[str]) -> None:
    assert [finding.code for finding in of_checkpoint(NAME, position, 3, another)] == codes


async def test_of_which_log_tables_are_is_known_of_those_that_noted_it(
    ahead: str, servers: Servers, database: str
) -> None:
    async def another() -> bool:
        async with connected(ahead) as connection:
            return await is_another(connection, NAME)

    assert not await another(), "the log has no event there"
    await append(servers, database, [registered(name) for name in "xyz"])
    assert await another()
    await tamper(servers, database, f"UPDATE {NAME}.checkpoint SET chain = ''")
    assert not await another(), "it was not known"
    await tamper(servers, database, f"ALTER TABLE {NAME}.checkpoint DROP COLUMN chain")
    assert not await another(), "nor does another version's table say so"
