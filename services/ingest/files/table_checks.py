"""What reads as CSV and is no table: web pages, JSON, prose, a header alone, rows that do not fit it."""

import re
from typing import Final

from services.ingest.files.encoding import UnreadableFile
from services.ingest.vocabulary import header_key
from services.ingest.workstreams import known_headers

_MARKUP: Final = re.compile(r"\s*<(?:!doctype|\?xml|html|head|body|table|meta|style|div|svg|!--)", re.I)
_JSON: Final = re.compile(r"\s*(?:\[\s*[\"\[{]|\{\s*\"|[\[{]\s*$)")
_ADDRESS: Final = re.compile(
    r"[^\s@]+@[^\s@]+\.\w+|https?://\S+|www\.\S+|[\w-]+\.(?:com|net|org|io|ai|co|de|fr|es|it|nl|eu|ch|at|co\.uk)", re.I
)
_HEADER_CHARACTERS: Final = 200_000
_SENTENCE_WORDS: Final = 12
_ENOUGH_ROWS: Final = 5
_DELIMITERS: Final = frozenset(",;\t|")


def refuse_what_is_no_table(headers: list[str], below: list[list[str]], most_columns: int) -> None:
    """Raises UnreadableFile unless `headers` and the first rows `below`, none blank, can be a table."""
    if _MARKUP.match(headers[0]):
        raise UnreadableFile("This is a web page or XML, not a CSV file. Export the list as CSV.")
    if _JSON.match(headers[0]):
        raise UnreadableFile("This is JSON, not a CSV file. Export the list as CSV.")
    if not any(header_key(header[:200]) for header in headers):
        raise UnreadableFile("There is no header: no cell of the first line has a letter or digit in it.")
    if len(headers) > most_columns:
        raise UnreadableFile(
            f"The header has {len(headers):,} columns and the limit is {most_columns:,} "
            "(LEADSTREAM_INGEST_MAX_COLUMNS). Remove the columns that are not needed, or raise the limit."
        )
    if (size := sum(map(len, headers))) > _HEADER_CHARACTERS:
        longest = max(headers, key=len)
        raise UnreadableFile(
            f"The header has {size:,} characters and the limit is {_HEADER_CHARACTERS:,}; the longest name of a "
            f"column, {longest[:40]!r}..., has {len(longest):,}. Shorten it."
        )
    if not any(header_key(header[:200]) in known_headers() for header in headers):
        _refuse_what_is_no_header(headers)
    _refuse_misfits(headers, below)


def _refuse_what_is_no_header(headers: list[str]) -> None:
    if _is_prose(headers):
        raise UnreadableFile(
            f"The first line reads like a sentence, not like a header: {_shown(headers)}. If there is a list below, "
            "put a line with the names of its columns above it."
        )
    if value := next((header.strip() for header in headers if _ADDRESS.fullmatch(header.strip())), None):
        raise UnreadableFile(
            f"There is no header: the first line has values, such as {value[:60]!r}. Put a line with the names of the "
            "columns above it."
        )


def _is_prose(headers: list[str]) -> bool:
    words = max(len(header.split()) for header in headers)
    is_sentence = headers[-1].rstrip().endswith((".", "!", "?")) and words > 3
    return is_sentence or words > _SENTENCE_WORDS or (len(headers) == 1 and words > 6)


def _refuse_misfits(headers: list[str], below: list[list[str]]) -> None:
    """A single cell is what is left of a row whose empty cells were not written; or all of one, parted otherwise."""
    width = len(headers)
    first_is_known = header_key(headers[0][:200]) in known_headers()
    misfits = sum(
        any(map(str.strip, row[width:]))
        or (len(row) == 1 < width and not (first_is_known and _DELIMITERS.isdisjoint(row[0])))
        for row in below
    )
    if len(below) >= _ENOUGH_ROWS and 2 * misfits > len(below):
        raise UnreadableFile(
            f"The first line has {width} columns ({_shown(headers)}) and most rows below it do not fit. "
            "Remove the lines above the header, or save the list as CSV again."
        )


def _shown(headers: list[str]) -> str:
    return ", ".join(header.strip()[:40] for header in headers[:4]) + (", ..." if len(headers) > 4 else "")
