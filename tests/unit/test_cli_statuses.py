"""The statuses that commands take are those of the services."""

from typing import get_args

from cli.commands.batches import ItemStatus
from cli.commands.outbound import DispatchStatus
from cli.commands.pushes import PushStatus
from services.dispatcher import state as dispatching
from services.projector import pushes
from services.sequencer import state


def test_statuses_are_those_of_the_services() -> None:
    pairs = ((ItemStatus, state.ItemStatus), (PushStatus, pushes.Status), (DispatchStatus, dispatching.DispatchStatus))
    for offered, there in pairs:
        assert tuple(offered) == get_args(there)
