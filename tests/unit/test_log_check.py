"""What of a tampered log is named: the events that were changed and no others, whichever they are."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import to_json
from shared.runtime.chain import START, Entry, Link
from shared.runtime.integrity import LogCheck
from shared.runtime.log_rows import COLUMNS, row_of
from tests.unit.facts import added

EVENTS = 9
BODY, CHAIN = COLUMNS.index("body"), COLUMNS.index("chain")


def whole() -> list[list[object]]:
    rows, before = [], START
    for position in range(1, EVENTS + 1):
        body = to_json(added(position))
        before = Link(position, sha256(before.chain + body).digest())
        rows.append(list(row_of(Entry(position, body, before.chain))))
    return rows


@given(bodies=st.sets(st.integers(1, EVENTS), max_size=3), hashes=st.sets(st.integers(1, EVENTS), max_size=3))
def test_exactly_what_was_changed_is_named(bodies: set[int], hashes: set[int]) -> None:
    rows = whole()
    for position in bodies:
        rows[position - 1][BODY] = str(rows[position - 1][BODY]).replace("ItemAdded", "ItemAddeD")
    for position in hashes - bodies:
        rows[position - 1][CHAIN] = b"\x00"
    check = LogCheck(0, START)
    check.take(rows)
    named = {position for damage in check.findings.damages for position in range(damage.first, damage.last + 1)}
    assert named == bodies | hashes
