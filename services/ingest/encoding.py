"""Which encoding a text file is in.

UTF-8 is believed only when the whole file is UTF-8. What is left is guessed, and a guess comes with a warning
that a person sees before anything is imported.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from charset_normalizer import from_bytes

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 18
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Legacy encodings of other scripts are told by their letters. Latin ones are not: detectors read the "ã" of
# "São Paulo" as "ă", so those are Windows-1252, what Excel writes, unless Polish shows.
_OTHER_SCRIPTS: Final = frozenset(
    (
        "cp1251",
        "koi8_r",
        "cp1253",
        "cp932",
        "shift_jis",
        "euc_jp",
        "gb18030",
        "gb2312",
        "gbk",
        "big5",
        "cp949",
        "euc_kr",
    )
)
_FOREIGN_WORD: Final = re.compile(r"[^\x00-\x7f]{2,}")
_FOREIGN_IN_LATIN_WORD: Final = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_POLISH_IN_1252: Final = re.compile(r"[^\W\d_][¹³¿¼¾][^\W\d_]|\b[£¯][a-z]{2}")


class UnreadableFile(ValueError):
    """The file cannot be read as a table; the message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes become text; `errors` is "replace" where single bytes are known to be damaged."""

    name: str
    errors: str = "strict"
    warning: str | None = None
    nuls: bool = False


def encoding_of(path: Path) -> Encoding:
    """The encoding of the whole file. Raises UnreadableFile for what is not text."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
        marked = next((name for mark, name in _MARKS if start.startswith(mark)), None) or _unmarked_utf16(start)
        wrong_at = _first_wrong_byte(file, marked or "utf-8")
        if wrong_at is None:
            return Encoding(marked or "utf-8")
        if marked and marked != "utf-8-sig":
            raise UnreadableFile(f"The file is {marked.upper()} but byte {wrong_at} is not. Export it again.")
        file.seek(max(0, wrong_at - _SAMPLE // 2))
        return _guess(file.read(_SAMPLE), wrong_at, marked or "utf-8")


def _unmarked_utf16(start: bytes) -> str | None:
    pairs = len(start) // 2
    if pairs < 2:
        return None
    if start[1::2].count(0) > 0.4 * pairs:
        return "utf-16-le"
    return "utf-16-be" if start[0::2].count(0) > 0.4 * pairs else None


def _first_wrong_byte(file: BinaryIO, name: str) -> int | None:
    decoder, offset = codecs.getincrementaldecoder(name)(), 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return max(0, offset - pending + error.start)
        if "\0" in text:
            raise UnreadableFile(_with_nul(chunk, offset))
        offset += len(chunk)
    return None if not decoder.getstate()[0] else offset


def _with_nul(chunk: bytes, offset: int) -> str:
    where = offset + max(0, chunk.find(b"\0"))
    return f"This is not text: a NUL character is near byte {where}. Save the list as CSV where it was made."


def _guess(sample: bytes, wrong_at: int, utf8: str) -> Encoding:
    as_utf8 = sample.decode("utf-8", "replace")
    damaged = as_utf8.count("\ufffd")
    if sum(map(str.isalpha, re.sub(r"[\x00-\x7f]", "", as_utf8))) > 2 * damaged:
        note = f"Some characters are damaged, the first at byte {wrong_at}; they are shown as \ufffd."
        return Encoding(utf8, "replace", note)
    if b"\0" in sample:
        raise UnreadableFile(_with_nul(sample, max(0, wrong_at - _SAMPLE // 2)))
    name = _legacy(sample)
    return Encoding(name, "replace", f"The file is not UTF-8; it is read as {name}. Look at the accents.")


def _legacy(sample: bytes) -> str:
    best = from_bytes(sample).best()
    if best is not None and best.encoding in _OTHER_SCRIPTS and _is_another_script(str(best)):
        return best.encoding
    polish = _POLISH_IN_1252.search(sample.decode("windows-1252", "replace"))
    return "windows-1250" if polish else "windows-1252"


def _is_another_script(text: str) -> bool:
    """Whether letters that are not ASCII make words of their own, rather than stand singly in Latin words."""
    return len(_FOREIGN_WORD.findall(text)) > len(_FOREIGN_IN_LATIN_WORD.findall(text))
