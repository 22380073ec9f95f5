"""What a spreadsheet makes of text that it opens: the one rule that keeps data from being calculated. Pure."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """The text as it is, behind an apostrophe where a spreadsheet would take it for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
