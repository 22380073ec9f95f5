"""A refusal says the same wherever it comes from: folds of long logs run in processes of their own."""

import pickle

import pytest

from shared.runtime.definition import OtherShape
from shared.runtime.log_rows import HeadGone
from shared.runtime.refusals import Impossible


@pytest.mark.parametrize("refusal", [
    Impossible("there is no event 7"),
    HeadGone(),
    OtherShape("ingest"),
    OtherShape("ingest", "leadstream rebuild ingest"),
], ids=str)  # fmt: skip
def test_a_refusal_of_another_process_is_said_as_it_was(refusal: Impossible) -> None:
    again = pickle.loads(pickle.dumps(refusal))
    assert (type(again), str(again), vars(again)) == (type(refusal), str(refusal), vars(refusal))
