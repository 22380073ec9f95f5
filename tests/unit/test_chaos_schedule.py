"""The faults of a run under fire follow from its seed, and nothing is left out for long."""

from itertools import islice

import pytest

from chaos.schedule import KINDS, LANES, kinds_of, lane

LONG = 60


@pytest.mark.parametrize("name", LANES)
def test_the_same_seed_draws_the_same_faults(name: str) -> None:
    first, again, other = (list(islice(lane(seed, name, KINDS), LONG)) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("name", LANES)
def test_every_kind_of_a_lane_strikes_before_any_does_so_too_often(name: str) -> None:
    assert {strike.fault.kind for strike in islice(lane(1, name, KINDS), len(LANES[name][0]))} == kinds_of(name)


def test_to_choose_some_kinds_changes_nothing_about_the_others() -> None:
    chosen = frozenset({"SIGSTOP", "two relays"})
    whole = [strike for strike in islice(lane(3, "faults", KINDS), LONG) if strike.fault.kind in chosen]
    assert list(islice(lane(3, "faults", chosen), len(whole))) == whole
