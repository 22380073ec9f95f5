"""Tokens: what was signed comes back; what was changed, cut, forged or kept too long does not."""

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tokens import CallbackToken, InvalidToken, sign, verify

KEY, NEW_KEY, FOREIGN = "k" * 32, "n" * 32, "f" * 32
NOW = 1_770_000_000
TOKEN = CallbackToken("disp_1", "tenant_1", "client_1", "batch_1", "item_1", "company_1", "enrich", NOW)


def code(text: str, *keys: str, now: float = NOW) -> str:
    with pytest.raises(InvalidToken) as caught:
        verify(text, keys or (KEY,), now)
    assert str(caught.value)
    return caught.value.code


@given(st.tuples(*[st.text()] * 7), st.integers(NOW, 2**40))
def test_what_was_signed_comes_back(names: tuple[str, ...], expires_at: int) -> None:
    token = CallbackToken(*names, expires_at)
    try:
        astuple(token)[0].encode()
        text = sign(token, KEY)
    except UnicodeEncodeError:
        return
    assert verify(text, [KEY], NOW) == token
    assert text.isascii()
    assert not set(text) & set("/+=?#% ")


def test_any_of_several_keys_verifies_so_that_keys_can_rotate() -> None:
    assert verify(sign(TOKEN, KEY), [NEW_KEY, KEY], NOW) == TOKEN
    assert code(sign(TOKEN, KEY), NEW_KEY) == "forged"


def test_no_keys_verify_nothing() -> None:
    with pytest.raises(InvalidToken):
        verify(sign(TOKEN, KEY), [], NOW)


def test_a_token_expires_after_its_second() -> None:
    text = sign(TOKEN, KEY)
    assert verify(text, [KEY], NOW) == TOKEN
    assert code(text, now=NOW + 1) == "expired"
    assert code(text, FOREIGN, now=NOW + 1) == "forged"
    for keys, known in (([KEY], TOKEN), ([FOREIGN], None)):
        with pytest.raises(InvalidToken) as caught:
            verify(text, keys)
        assert caught.value.token == known, "whose it was is known of one that is ours"


def test_the_ids_of_one_token_with_the_signature_of_another() -> None:
    mine, other = sign(TOKEN, KEY), sign(replace(TOKEN, dispatch_id="disp_2"), KEY)
    assert code(f"{mine.partition('.')[0]}.{other.partition('.')[2]}") == "forged"


@pytest.mark.parametrize("text", ["", ".", "a", "a.b", "ä.ö", "....", "eyJ9.x", "%00.%00", "a" * 10_000])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert code(text) in {"malformed", "forged"}


@given(st.data())
def test_no_changed_character_names_anything_else(data: st.DataObject) -> None:
    text = sign(TOKEN, KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters()) + text[place + 1 :]
    try:
        assert verify(changed, [KEY], NOW) == TOKEN
    except InvalidToken:
        return


@given(st.text(), st.text())
def test_no_text_upsets_the_reader(body: str, signature: str) -> None:
    with pytest.raises(InvalidToken):
        verify(f"{body}.{signature}", [KEY], NOW)
