"""Rows that do not fit their table, each with what is wrong and what to do. Pure."""

from collections.abc import Sequence

from shared.events import BadRow


def too_much(number: int, cells: Sequence[str], limit: int) -> BadRow:
    """A row of more characters than an event can carry."""
    longest = max(cells, key=len)
    reason = (
        f"The row has {sum(map(len, cells)):,} characters and the limit is {limit:,}; its longest cell has "
        f"{len(longest):,}. Shorten it."
    )
    return BadRow(number, "", longest[:200], reason)


def too_short(number: int, cells: Sequence[str], headers: Sequence[str], least: int) -> BadRow:
    """A row that ends before the last cell that other rows have."""
    missing = headers[least - 1].strip()
    reason = (
        f"The row ends after {len(cells)} of {len(headers)} cells; other rows have a value in {missing!r}. "
        "Look for a line break inside a cell that does not stand in quotation marks."
    )
    return BadRow(number, missing, "", reason)


def too_long(number: int, cells: Sequence[str], width: int, delimiter: str) -> BadRow:
    """A row with something in a cell beyond the header's `width`."""
    extra = next(cell for cell in cells[width:] if cell.strip())
    reason = (
        f"The row has {len(cells)} cells and the header {width} columns; the first cell too many is {extra[:40]!r}."
    )
    if delimiter:
        reason += f" A cell with {delimiter!r} in it must stand in quotation marks."
    return BadRow(number, "", extra[:200], reason)


def torn(number: int, line: int, cells: Sequence[str]) -> BadRow:
    """A row of several lines with a quotation mark that is wrong: it may be several rows."""
    longest = max(cells, key=len)
    reason = (
        f"The row begins in line {line} and goes on in others, and a quotation mark in it is wrong: several rows may "
        f"be read as one, {longest[:40]!r}. Look for a quotation mark that is not doubled, or never closed, there."
    )
    return BadRow(number, "", longest[:200], reason)
