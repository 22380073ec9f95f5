"""Calls whose item or batch waits behind a dead letter: what came of the POST waits too, and it is not made again."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from services.dispatcher import claims, domain, due
from services.dispatcher.app import DEFINITION
from shared.dead_letters import settling
from shared.envelope import Event, from_json
from shared.events import BatchCancelled, BatchResumed, DeadLetterResolved, DeadLetterRetried, ItemCompleted
from shared.runtime import log
from shared.runtime.database import Connection
from shared.runtime.machine import Machine
from tests.integration.folding import fold
from tests.integration.hook import Hook, listening
from tests.integration.log_harness import connected, eventually, logged
from tests.integration.replica import Replica, kinds
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, BETA, at_company, next_batch, scheduled
from tests.unit.facts import NEXT_BATCH, added, fact

CALLS: Final = 3
ACTOR: Final = "actor_00000000000000000000000001"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with listening() as found:
        found.answering.clear()
        yield found


class Stage:
    """A log, and how far its dispatcher has come."""

    def __init__(self, servers: Servers, database: str) -> None:
        self.servers, self.database = servers, database

    async def say(self, machine: Machine[Any], *events: Event) -> None:
        """Append, and have it folded."""
        async with connected(self.servers.admin_url(self.database), autocommit=True) as admin:
            await self.folds(machine, await log.append(admin, events))

    async def folds(self, machine: Machine[Any], position: int) -> None:
        async def there() -> bool:
            return machine.position >= position

        await eventually(there, bool)

    async def fails(self, machine: Machine[Any], event: Event) -> None:
        await self.say(machine, event)
        assert len(machine.letters.open) == 1

    async def settled(self, machine: Machine[Any], kind: type[DeadLetterRetried | DeadLetterResolved]) -> None:
        ((position, body),) = await logged(self.servers, self.database, ["EventDeadLettered"])
        letter = from_json(body, position)
        payload = kind("dispatcher", letter.payload.position, letter.payload.event_id, "seen to")
        await self.say(machine, settling(letter, payload, datetime.now(UTC), ACTOR))
        assert not machine.letters.open

    async def answers(self, machine: Machine[Any], hook: Hook, calls: int) -> None:
        """The webhook takes what it was sent; the fold passes over what is said of it."""
        hook.answering.set()
        told = await eventually(lambda: kinds(self.servers, self.database), lambda found: len(found) == calls)
        assert set(told) == {"StepDispatched"}
        await self.folds(machine, (await logged(self.servers, self.database))[-1][0])

    async def passes_on(
        self, machine: Machine[Any], hook: Hook, looks: "Looks", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The one call that is out is answered once it has passed on from an item that waits behind a dead letter."""
        await eventually(asked(hook), lambda count: count == 1)
        with monkeypatch.context() as broken:
            broken.setattr(domain, "_set_output", None)
            await self.fails(machine, fact(ItemCompleted(0, "tidy", output={"a": "b"}), item=0))
        await self.say(machine, fact(BatchCancelled()))
        await self.answers(machine, hook, 1)
        await looks.some()

    async def statuses(self) -> list[str]:
        async with connected(self.servers.admin_url(self.database), search_path="dispatcher") as connection:
            found = await connection.execute("SELECT status FROM dispatch")
            return [status for (status,) in await found.fetchall()]


@pytest.fixture
def stage(servers: Servers, database: str) -> Stage:
    return Stage(servers, database)


def asked(hook: Hook) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(hook.requests)

    return count


class Looks:
    """How often the sender has looked for what is due."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done, find = 0, due.find

        async def counted(*about: Any) -> Any:
            found = await find(*about)
            self.done += 1
            return found

        monkeypatch.setattr(due, "find", counted)

    async def some(self) -> None:
        """One may be under way, the next finds, and by the one after that a POST is out."""

        async def enough(upto: int = self.done + 3) -> bool:
            return self.done >= upto

        await eventually(enough, bool)


@pytest.mark.parametrize("kind", [DeadLetterRetried, DeadLetterResolved])
async def test_what_a_settlement_releases_is_not_made_again_before_it_is_committed(
    servers: Servers, database: str, hook: Hook, stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    firms = [f"firm{n}.com" for n in range(CALLS)]
    settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "rate_per_second": 0}
    await fold(servers, database, DEFINITION, [*at_company(*firms, **settings), *(scheduled(n) for n in range(CALLS))])
    looks, move = Looks(monkeypatch), Machine.move

    async def slowly(machine: Machine[Any], connection: Connection, position: int) -> None:
        await looks.some()
        await move(machine, connection, position)

    async with Replica(servers, database).leads() as machine:
        await eventually(asked(hook), lambda count: count == CALLS)
        with monkeypatch.context() as broken:
            broken.setattr(claims, "resume", None)
            await stage.fails(machine, fact(BatchResumed()))
            await stage.answers(machine, hook, CALLS)
        monkeypatch.setattr(Machine, "move", slowly)
        await stage.settled(machine, kind)
        assert await stage.statuses() == ["SENT"] * CALLS
    assert len(hook.requests) == CALLS


@pytest.mark.parametrize("restarted", [False, True])
async def test_nor_is_what_passes_to_another_batch_whose_item_waits_for_nothing(
    servers: Servers, database: str, hook: Hook, stage: Stage, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    """What comes of the POST is said of the item that it was made for, and only that one is held."""
    settings = {"webhook_url": hook.url, "timeout_seconds": 3600, "in_flight": 1, "burst": 1}
    due_ones = [*at_company(ACME, **settings), scheduled(0), *next_batch(1, hours=0)]
    await fold(servers, database, DEFINITION, due_ones)
    looks, replica = Looks(monkeypatch), Replica(servers, database)
    async with replica.leads() as machine:
        await stage.passes_on(machine, hook, looks, monkeypatch)
        if not restarted:
            # Nor does it keep the place of another that its webhook has room for.
            more = [added(2, 0, NEXT_BATCH, company_domain=BETA), scheduled(2, batch_id=NEXT_BATCH)]
            await stage.say(machine, *more)
            await eventually(lambda: kinds(servers, database), lambda found: len(found) == 2)
    async with replica.leads() as machine:
        await looks.some()
        await stage.settled(machine, DeadLetterRetried)
        assert set(await stage.statuses()) == {"SENT"}
    assert len(hook.requests) == len(set(hook.keys)) == 1 + (not restarted)
