"""Pushes that wait behind a dead letter: what came of a parcel waits too, and the parcel is not sent again."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from services.projector import pushes, pushing
from shared.dead_letters import settling
from shared.envelope import from_json
from shared.events import DeadLetterResolved, DeadLetterRetried
from shared.runtime import log
from shared.runtime.machine import Machine
from tests.integration.hook import Hook
from tests.integration.log_harness import connected, eventually, logged
from tests.integration.projected import Projected
from tests.integration.test_pushes import LEADS, begun, hook, leading, projected, stands
from tests.running_servers import Servers

__all__ = ["hook", "projected"]
ACTOR: Final = "actor_00000000000000000000000001"


async def settle(servers: Servers, database: str, kind: type[DeadLetterRetried | DeadLetterResolved]) -> None:
    ((position, body),) = await logged(servers, database, ["EventDeadLettered"])
    letter = from_json(body, position)
    payload = kind("projector", letter.payload.position, letter.payload.event_id, "seen to")
    async with connected(servers.admin_url(database)) as admin:
        await log.append(admin, [settling(letter, payload, datetime.now(UTC), ACTOR)])


@pytest.mark.parametrize(("fails", "cancelled", "kind", "status", "leads", "parcels"), [
    ("_ended", True, DeadLetterRetried, "cancelled", 10, 1),
    ("_ended", True, DeadLetterResolved, "completed", LEADS, 3),
    ("_taken", False, DeadLetterRetried, "completed", LEADS, 3),
])  # fmt: skip
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_parcel_that_was_taken_is_not_sent_again_while_the_push_is_held(
    servers: Servers, database: str, projected: Projected, hook: Hook, monkeypatch: pytest.MonkeyPatch,
    restarted: bool, fails: str, cancelled: bool, kind: Any, status: str, leads: int, parcels: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(pushing, "EVERY_SECONDS", 0.01)
    hook.answering.clear()
    push_id = await begun(projected, hook, outcome="completed")

    async def asked() -> int:
        return len(hook.requests)

    async def held(machine: Machine[Any]) -> bool:
        said = await logged(servers, database, machine.definition.reads)
        return bool(machine.letters.open) and machine.position == said[-1][0]

    async with leading(servers, database) as machine:
        await eventually(asked, lambda count: count == 1)
        with monkeypatch.context() as broken:
            broken.setattr(pushes, fails, None)
            if cancelled:
                assert (await projected.post(f"/v1/pushes/{push_id}/cancel")).status_code == 202
                await eventually(lambda: held(machine), bool)
            hook.answering.set()
            await eventually(lambda: logged(servers, database, ["ParcelPushed"]), bool)
            await eventually(lambda: held(machine), bool)
        await asyncio.sleep(0.2)
        assert hook.keys == [f"{push_id}/1"]
        if not restarted:
            await settle(servers, database, kind)
            assert (await stands(projected, push_id, status))["leads"] == leads
    if restarted:
        async with leading(servers, database):
            await asyncio.sleep(0.2)
            await settle(servers, database, kind)
            assert (await stands(projected, push_id, status))["leads"] == leads
    assert hook.keys == [f"{push_id}/{n}" for n in range(1, parcels + 1)]
