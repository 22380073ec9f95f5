"""What commands take one of is what the services and events know."""

from typing import Any, get_args

import pytest

from cli.commands import batches, dead_letters, outbound, workflows
from cli.commands import pushes as commands
from services.dispatcher import state as dispatching
from services.ingest import letters
from services.projector import pushes
from services.sequencer import state
from shared import events


@pytest.mark.parametrize(
    ("offered", "there"),
    [
        (batches.ItemStatus, state.ItemStatus),
        (batches.FailureCode, events.FailureCode),
        (commands.PushStatus, pushes.Status),
        (outbound.DispatchStatus, dispatching.DispatchStatus),
        (workflows.Kind, events.Kind),
        (workflows.Scope, events.Scope),
    ],
)
def test_choices_are_those_of_the_services(offered: Any, there: Any) -> None:
    assert get_args(offered) == get_args(there)


def test_dead_letters_of_any_status_can_be_wanted() -> None:
    assert get_args(dead_letters.Status) == (*get_args(letters.Status), "any")
