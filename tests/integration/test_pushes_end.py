"""A leader that is told to leave while it pushes leads."""

import asyncio
from typing import Any

import orjson
import pytest

from services.projector import parcels
from services.projector.parcels import Parcel
from tests.integration.hook import Hook
from tests.integration.log_harness import logged
from tests.integration.projected import Projected
from tests.integration.test_pushes import begun, hook, leading, projected, stands
from tests.running_servers import Servers

__all__ = ["hook", "projected"]


async def test_a_leader_that_is_told_to_leave_begins_no_parcel_and_leaves_none_in_doubt(
    servers: Servers, database: str, projected: Projected, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking, take = asyncio.Event(), parcels.take

    async def slow(*asked: Any) -> Parcel:
        parcel = await take(*asked)
        taking.set()
        await asyncio.sleep(0.2)
        return parcel

    monkeypatch.setattr(parcels, "take", slow)
    push_id = await begun(projected, hook, outcome="completed")
    async with leading(servers, database):
        await asyncio.wait_for(taking.wait(), 20)
    assert hook.requests == []
    monkeypatch.undo()
    async with leading(servers, database):
        await stands(projected, push_id, "completed")
    said = [orjson.loads(body)["payload"] for _, body in await logged(servers, database, ["ParcelPushed"])]
    assert [each["in_doubt"] for each in said] == [False, False, False]
