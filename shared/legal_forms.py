"""Legal forms of companies: `Inc.`, `GmbH & Co. KG`, `S.A. de C.V.`, `株式会社` ...

Taking them off never leaves nothing: "AG", "Limited" and "The Company" stay what they are, because there are
companies whose name *is* a legal term. Forms of several words come from cleanco. Its single words do not all:
"Nurses Unlimited", "Beyond EI" and "Hanro UK" would lose a part of the name.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from cleanco import prepare_default_terms

_WRITTEN_TOGETHER: Final = re.compile(
    r"株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|유한회사|[(（][株有주유][)）]|㈱|㈲"
)
_WITHIN_A_WORD: Final = re.compile(r"[.'’`´]")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_LETTERS: Final = {
    "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
}  # fmt: skip
_MORE_OF_SEVERAL_WORDS: Final = (
    "private limited|pvt ltd|co ltd|co inc|co llc|co kg|a s|i s|k s|p s|spol sro|s de rl de cv"
)
_WORDS: Final = """
    inc incorporated corp corporation llc llp lllp pllc plc ltd limited pbc sbc pvt pty pte gmbh mbh kg
    kgaa ohg gbr bv bvba nv vof sarl sasu eurl srl sprl ltda lda aps oy oyj ehf kft zrt nyrt sro doo ood
    eood uab ooo oao zao pao ооо оао зао пао bhd sdn tbk sagl
"""
_ONE_WORD: Final = frozenset(_WORDS.split())
_IN_ANY_CASE: Final = frozenset(("inc", "llc", "llp", "lllp", "pllc"))
_IN_SMALL_LETTERS: Final = _ONE_WORD - {"kg"}
# These are words, countries or states as well: what tells is how they are written.
_CAPITALS: Final = "ag ab as asa sa sas sl se hf og ug kk lp ev"
_IN_CAPITALS: Final = frozenset(_CAPITALS.split())
_WITH_DOTS: Final = frozenset(("pa", "pc", "ps", "spa", "co"))
_LOOSE: Final = _ONE_WORD | _IN_CAPITALS | _WITH_DOTS | {"company"}
_LONGEST: Final = 5
_LONGEST_NAME: Final = 1_000
_LONGEST_TEXT: Final = 10_000
_ARTICLES: Final = re.compile("^(?:the )+")
_NO_NAME: Final = frozenset(("", "the", "and"))


def plain_words(text: str) -> str:
    """`text` as lower-case words with one space between: no accents, no punctuation, no ™, `&` as "and", `ø` as "o".

    Of a text of more than 10,000 characters those are its words.
    """
    unsigned = text[:_LONGEST_TEXT].replace("™", " ").replace("℠", " ")  # else they become letters
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", unsigned).casefold())
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", letters))
    spaced = _WITHIN_A_WORD.sub("", plain).replace("&", " and ")
    return " ".join("".join(_LETTERS.get(c, c) if _is_of_a_word(c) else " " for c in spaced).split())


def is_legal_form(text: str) -> bool:
    """Whether this is a legal form and nothing else, as one is written: `Inc.`, `Ltd`, `LLC`, `GmbH`, `Co., Ltd.`.

    What is a word as well, or a technology in capitals (`PLC`, `KG`), only with its dots.
    """
    # The parts of a list come back from lead to lead.
    return (_is_legal_form if len(text) <= _LONGEST_NAME else _is_legal_form.__wrapped__)(text)


@lru_cache(maxsize=16_384)
def _is_legal_form(text: str) -> bool:
    plain = plain_words(text)
    if "." in text:
        one_word = plain in _ONE_WORD | _WITH_DOTS | _IN_CAPITALS
    else:
        one_word = plain in (_IN_ANY_CASE if text.isupper() else _IN_SMALL_LETTERS)
    return one_word or plain in _SEVERAL_WORDS


@lru_cache(maxsize=65_536)
def without_legal_form(name: str, *, loose: bool = False) -> str:
    """`name` without the legal forms at its end, or `name` when nothing would be left; casing stays.

    A text of more than 1,000 characters is no name and stays.
    `loose` is for match keys: case and dots of the form do not matter, and "Company" counts as one.
    """
    if len(name) > _LONGEST_NAME:
        return name
    bare = " ".join(_WRITTEN_TOGETHER.sub(" ", name).split()) or name
    while (shorter := _one_form_less(bare, loose)) != bare:
        bare = shorter
    return bare


def without_article(words: str) -> str:
    """`words`, plain ones, without "the" before them; "the company" stays, for nothing but a form would be left."""
    rest = _ARTICLES.sub("", words)
    return words if rest in _NO_NAME or _is_form(rest.split(), loose=True) else rest


def _one_form_less(name: str, loose: bool) -> str:
    words = name.split()
    for size in range(min(_LONGEST, len(words) - 1), 0, -1):
        if _is_form(words[-size:], loose):
            shorter = " ".join(words[:-size]).rstrip(" ,;&-–|")
            return name if plain_words(shorter) in _NO_NAME else shorter
    return name


def _is_form(tail: list[str], loose: bool) -> bool:
    plain = plain_words(" ".join(tail))
    if len(tail) > 1:
        return plain in _SEVERAL_WORDS and (loose or not plain.endswith(" company"))
    if loose or plain in _ONE_WORD or plain in _SEVERAL_WORDS:
        return plain in _LOOSE or plain in _SEVERAL_WORDS
    return _tells_by_its_writing(tail[0].rstrip(",;"), plain)


def _tells_by_its_writing(word: str, plain: str) -> bool:
    if "." in word:
        return plain in _WITH_DOTS or plain in _IN_CAPITALS
    return word == "SpA" or (word.isupper() and plain in _IN_CAPITALS)


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


_SEVERAL_WORDS: Final = frozenset(
    plain_words(" ".join(words)) for size, words in prepare_default_terms() if size > 1
) | frozenset(_MORE_OF_SEVERAL_WORDS.split("|"))
