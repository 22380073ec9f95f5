"""Which encoding a text file is in.

UTF-8 is believed only when the whole file is UTF-8. What is left is guessed, and a guess comes with a warning
that a person sees before anything is imported.
"""

import codecs
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from services.ingest.files.alphabets import likeliest_encoding

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 18
_GUESSED_FROM: Final = 1 << 15
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of these scripts letters take two bytes; where only single bytes go beyond ASCII, alphabets tell more.
_TWO_BYTES: Final = re.compile(r"cp932|shift_jis.*|euc_.*|gb.*|big5.*|cp949|johab")
_FOREIGN_WORD: Final = re.compile(r"[^\x00-\x7f]{2,}")
_FOREIGN_IN_LATIN_WORD: Final = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


class UnreadableFile(ValueError):
    """The file cannot be read as a table; the message says what is wrong, where, and what to do."""


class Busy(UnreadableFile):
    """It cannot be read at the moment."""


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
        if marked is None:
            _refuse_binary(start)
        wrong_at, first_nul = _scanned(file, marked or "utf-8")
        if wrong_at is None:
            found = Encoding(marked or "utf-8")
        elif marked and marked != "utf-8-sig":
            raise UnreadableFile(f"The file is {marked.upper()} but byte {wrong_at} is not. Export it again.")
        else:
            file.seek(max(0, wrong_at - _SAMPLE // 2))
            found = _guess(file.read(_SAMPLE), wrong_at, marked or "utf-8")
    return found if first_nul is None else _without_nuls(found, first_nul)


def _unmarked_utf16(start: bytes) -> str | None:
    """ASCII characters, at least those between cells and lines, have a NUL on the same side each time."""
    pairs, even, odd = len(start) // 2, start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) < max(2, pairs // 20) or 4 * min(even, odd) > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _refuse_binary(start: bytes) -> None:
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if 50 * controls > len(start):
        nul = start.find(b"\0")
        where = f": a NUL character is at byte {nul}" if nul >= 0 else f": {controls:,} of its first bytes are none"
        raise UnreadableFile(f"This is not text{where}. Save the list as CSV where it was made.")


def _scanned(file: BinaryIO, name: str) -> tuple[int | None, int | None]:
    """Near which byte the file stops to be in this encoding, and near which the first NUL before it is."""
    decoder, offset, nul = codecs.getincrementaldecoder(name)(), 0, None
    file.seek(0)
    while chunk := file.read(_CHUNK):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return max(0, offset - pending + error.start), nul
        if nul is None and "\0" in text:
            nul = offset + max(0, chunk.find(b"\0"))
        offset += len(chunk)
    return None if not decoder.getstate()[0] else offset, nul


def _guess(sample: bytes, wrong_at: int, utf8: str) -> Encoding:
    """NULs are left out in any case: the file was scanned to its first byte that is not UTF-8 only."""
    as_utf8 = sample.decode("utf-8", "replace")
    damaged = as_utf8.count("\ufffd")
    if sum(map(_proof, re.sub(r"[\x00-\x7f\ufffd]", "", as_utf8))) > 2 * damaged:
        note = f"Some characters are damaged, the first at byte {wrong_at}; they are shown as \ufffd."
        return Encoding(utf8, "replace", note, nuls=True)
    telling = [line for line in sample.splitlines() if not line.isascii()]
    name = _legacy(b"\n".join(telling)[:_GUESSED_FROM])
    note = f"The file is not UTF-8; it is read as {name}. Look at the accents."
    return Encoding(name, "replace", note, nuls=True)


def _proof(character: str) -> int:
    """How much it says for UTF-8: three bytes that make a character, `’` or `–`, hardly ever do so by chance."""
    return 3 if character >= "\u0800" else character.isalpha()


def _legacy(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best is not None and _TWO_BYTES.fullmatch(best.encoding) and _is_another_script(str(best)):
        return best.encoding
    return likeliest_encoding(sample)


def _is_another_script(text: str) -> bool:
    """Whether letters that are not ASCII make words of their own, rather than stand singly in Latin words."""
    return len(_FOREIGN_WORD.findall(text)) > len(_FOREIGN_IN_LATIN_WORD.findall(text))


def _without_nuls(found: Encoding, first: int) -> Encoding:
    note = f"The file has NUL characters, the first near byte {first}; they are left out."
    return replace(found, nuls=True, warning=f"{found.warning} {note}" if found.warning else note)
