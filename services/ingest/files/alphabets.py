"""Which legacy encoding makes the likeliest words of some bytes, by the alphabets of the languages written in it. Pure.

Detectors need prose; a list has names. So every word with a letter beyond ASCII is tried: its letters should belong
to one language, capitals stand at its start, and no sign stand between two letters. Where there are no such letters,
curly quotes around words tell.
"""

import re
from itertools import islice
from typing import Final

_WORD: Final = re.compile(rb"[A-Za-z'\x80-\xff]+")
_ASCII: Final = bytes(range(128))
_MOST_WORDS: Final = 500
_LONGEST_WORD: Final = 60
_WESTERN: Final = [
    "äöüß",
    "àâæçéèêëîïôœùûüÿ",
    "áéíñóúü",
    "àáâãçéêíóôõúü",
    "àèéìíîòóùú",
    "åäöé",
    "æøåéö",
    "éèëïöüá",
    "áðéíóúýþæö",
]
_CENTRAL: Final = ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "äöüß"]
_TURKISH: Final = ("çğıİöşüâîû",)
_CYRILLIC: Final = ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")
_GREEK: Final = ("αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",)
# The likeliest first; what all western languages have together counts for less than what one of them has.
_CANDIDATES: Final[tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...]] = tuple(
    (name, prior, tuple((letters, 1.0) for letters in languages) + tuple((letters, 0.9) for letters in together))
    for name, prior, languages, together in (
        ("windows-1252", 1.0, _WESTERN, ["".join(_WESTERN) + "šž"]),
        ("windows-1250", 0.97, _CENTRAL, []),
        ("windows-1251", 0.97, _CYRILLIC, []),
        ("windows-1253", 0.97, _GREEK, []),
        ("windows-1254", 0.97, _TURKISH, []),
        ("mac-roman", 0.96, _WESTERN, ["".join(_WESTERN)]),
        ("iso8859-15", 0.95, _WESTERN, ["".join(_WESTERN) + "šž"]),
        ("iso8859-2", 0.95, _CENTRAL, []),
        ("koi8-r", 0.95, _CYRILLIC, []),
        ("iso8859-5", 0.94, _CYRILLIC, []),
        ("iso8859-7", 0.94, _GREEK, []),
        ("cp850", 0.93, _WESTERN, ["".join(_WESTERN)]),
        ("cp852", 0.92, _CENTRAL, []),
        ("cp866", 0.92, _CYRILLIC, []),
    )
)
# What follows an apostrophe within a word: `Macy’s`, `Let’s`, `We’re`; in names a capital, `O’Brien`, `L’Oréal`.
_CONTRACTED: Final = re.compile(r"[A-Z].*|s|t|d|m|re|ve|ll", re.S)
# Curly quotes, dashes and dots of Windows, which in other encodings are letters; and a pair of quotes around words.
_PUNCTUATION: Final = frozenset(b"\x82\x84\x85\x91\x92\x93\x94\x96\x97")
_QUOTED: Final = re.compile(
    rb"(?<![A-Za-z])(?:\x93[^\x93\x94\r\n]+\x94|\x84[^\x84\x93\r\n]+\x93|\x91[^\x91\r\n]+\x92)(?![A-Za-z])|s\x92(?![A-Za-z])"
)
_AS_LETTERS: Final = re.compile(
    rb"[\x84\x93\x94]|(?<=[A-Za-z])(?:[\x85\x91\x96\x97](?=[A-Za-z])|\x92(?=[a-z])(?!(?:s|t|d|m|re|ve|ll)\b))"
)
_OPENING, _CLOSING, _SIGNS = "“„‘«‚", "”’»…", "–—€£•®™©°ºª\xa0"


def likeliest_encoding(sample: bytes) -> str:
    """One of the single-byte encodings above; windows-1252, what Excel writes, when nothing tells them apart."""
    if _PUNCTUATION.issuperset(sample.translate(None, _ASCII)) and _is_quoted(sample):
        return "windows-1252"
    words = (word for word in _WORD.findall(sample) if not word.isascii() and len(word) <= _LONGEST_WORD)
    distinct = list(islice(dict.fromkeys(words), _MOST_WORDS))
    return max(_CANDIDATES, key=lambda one: _fitness(distinct, *one))[0]


def _is_quoted(sample: bytes) -> bool:
    """Whether quotes stand in pairs around words or after an s, and do so more often than as letters would."""
    rest, quoted = _QUOTED.subn(b"", sample)
    return quoted > len(_AS_LETTERS.findall(rest))


def _fitness(words: list[bytes], name: str, prior: float, alphabets: tuple[tuple[str, float], ...]) -> float:
    texts = [word.decode(name, "replace") for word in words]
    best = max(weight * sum(_plausible(text, letters) for text in texts) for letters, weight in alphabets)
    return best * (prior if best > 0 else 2 - prior)


def _plausible(word: str, alphabet: str) -> float:
    letters = [letter for letter in word if letter.isalpha()]
    foreign = sum(not letter.isascii() for letter in letters)
    is_latin = alphabet[0] < "\u0370"
    mixed = 2 * foreign > len(letters) > 2 if is_latin else foreign < len(letters)
    return sum(_at(word, index, alphabet) for index in range(len(word))) - 2 * foreign * mixed


def _at(word: str, index: int, alphabet: str) -> float:
    """How well one character stands where it does."""
    sign, before, after = word[index], word[index - 1 : index], word[index + 1 : index + 2]
    if sign.isascii():
        return 0.0
    if sign.isalpha() and sign not in "ºª":
        if sign.isupper() and before.islower():
            return -1.0
        return 1.0 if len(word) > 1 and (sign in alphabet or sign.lower() in alphabet) else 0.0
    if sign in _OPENING:
        return -1.0 if before.isalpha() else 0.5
    if sign == "’" and before.isalpha() and _CONTRACTED.fullmatch(word, index + 1):
        return 1.0
    if sign in _CLOSING:
        return 0.5 if sign == "’" or not after.isalpha() else -1.0
    return 0.5 if sign in _SIGNS and not (before.isalpha() and after.isalpha()) else -2.0
