"""Rows as people write them: `1,2,5-9`."""

import re
from typing import Final

from cli.errors import Misused

MOST: Final = 100_000
_PART: Final = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")


def parse_rows(text: str) -> list[int]:
    """The row numbers, in order and once each. Raises Misused and names the part that is wrong."""
    rows: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        rows.update(_range(part))
        if len(rows) > MOST:
            raise Misused(f"--rows names more than {MOST:,} rows: leave it out for all rows, or launch in parts")
    if not rows:
        raise Misused(f"--rows {text!r} names no row: write for example 1,2,5-9, or leave it out for all rows")
    return sorted(rows)


def _range(part: str) -> range:
    match = _PART.fullmatch(part)
    if match is None:
        raise Misused(f"--rows has {part!r}: write for example 1,2,5-9")
    first, last = int(match[1]), int(match[2] or match[1])
    if first < 1 or last < first:
        raise Misused(f"--rows has {part!r}: rows count from 1, and a range from its smaller end")
    return range(first, min(last, first + MOST) + 1)
