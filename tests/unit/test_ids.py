"""Ids: one spelling, the same 128 bits everywhere, and derived ids that sort beside their causes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import CROCKFORD, InvalidId, derive_id, from_hex, named_id, new_id, parse_id, to_hex

BITS = st.integers(0, 2**128 - 1).map(lambda bits: f"{bits:032x}")


@given(st.sampled_from(("tenant", "item", "company", "disp", "evt", "wh")), BITS)
def test_text_and_bits_are_one_id(prefix: str, digits: str) -> None:
    text = from_hex(prefix, digits)
    assert to_hex(text) == digits
    assert parse_id(prefix, text) == parse_id(prefix, f" {text.lower()}\n") == text
    dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    assert from_hex(prefix, dashed) == text


@given(BITS, BITS)
def test_ids_sort_as_their_bits_do(one: str, other: str) -> None:
    assert (one < other) == (from_hex("item", one) < from_hex("item", other))


@pytest.mark.parametrize(
    "text",
    ["", "item", "item_", "batch_" + "0" * 26, "item_" + "0" * 25, "item_" + "0" * 27, "item_8" + "0" * 25,
     "item_" + "0" * 25 + "U", "item_" + "0" * 25 + "_", "item-" + "0" * 26, "item_" + "0" * 25 + "٣", "0" * 26],
)  # fmt: skip
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidId, match="item"):
        parse_id("item", text)


@given(st.text())
def test_no_text_upsets_the_reader(text: str) -> None:
    with pytest.raises(InvalidId):
        parse_id("item", text)


def test_a_new_id_is_fresh_and_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    ids = {new_id("evt") for _ in range(1_000)}
    after = time.time_ns() // 1_000_000
    assert len(ids) == 1_000
    assert all(before <= int(to_hex(name)[:12], 16) <= after for name in ids)
    assert all(set(name.removeprefix("evt_")) <= set(CROCKFORD) for name in ids)


@given(BITS, st.text(), st.text())
def test_the_same_cause_and_role_give_the_same_id_beside_the_cause(digits: str, role: str, other: str) -> None:
    cause = from_hex("evt", digits)
    derived = derive_id("item", cause, role)
    assert derived == derive_id("item", cause, role)
    assert to_hex(derived)[:12] == digits[:12]
    assert (derived == derive_id("item", cause, other)) == (role == other)


def test_names_are_kept_apart() -> None:
    assert named_id("item", "a", "bc") == named_id("item", "a", "bc")
    assert len({named_id("item", *names) for names in (["a", "bc"], ["ab", "c"], ["abc"], ["abc", ""])}) == 4
    assert to_hex(named_id("item", "a")) == to_hex(named_id("lead", "a"))
