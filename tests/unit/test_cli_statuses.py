"""What commands take one of is what the services and events know."""

from typing import Any, get_args

import pytest
import typer
from pydantic import TypeAdapter, ValidationError

from cli.commands import batches, dead_letters, history, outbound, workflows
from cli.commands import pushes as commands
from cli.options import slugs
from services.dispatcher import state as dispatching
from services.ingest import bodies, letters, listings
from services.projector import pushes
from services.sequencer import state
from shared import events


@pytest.mark.parametrize(
    ("offered", "there"),
    [
        (batches.ItemStatus, state.ItemStatus),
        (commands.PushStatus, pushes.Status),
        (outbound.DispatchStatus, dispatching.DispatchStatus),
        (workflows.Kind, events.Kind),
        (workflows.Scope, events.Scope),
    ],
)
def test_choices_are_those_of_the_services(offered: Any, there: Any) -> None:
    assert get_args(offered) == get_args(there)


def test_failure_codes_and_what_has_a_history_are_those_of_the_services() -> None:
    assert get_args(events.FailureCode) == batches.CODES
    assert set(history.KINDS) == listings.HISTORY.keys()


@pytest.mark.parametrize("text", ["ab", "a", "a" * 80, "a" * 81, "A1", "a-b", "1a", "", "a_1", "ab\n", "aé"])
def test_slugs_are_what_ingest_takes_for_one(text: str) -> None:
    try:
        taken = TypeAdapter(bodies.Slug).validate_python(text) == text
    except ValidationError:
        taken = False
    assert (slugs_pass(text), slugs_pass([text])) == (taken, taken)


def slugs_pass(told: Any) -> bool:
    try:
        return bool(slugs(told) == told)
    except typer.BadParameter:
        return False


def test_dead_letters_of_any_status_can_be_wanted() -> None:
    assert get_args(dead_letters.Status) == (*get_args(letters.Status), "any")
