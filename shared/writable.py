"""What of a request no event and no table can hold: told before anything is written. Pure."""

from typing import Any, Final

_DEEPEST: Final = 50
_LARGEST: Final = 2**63


def unwritable(value: Any) -> str | None:
    """What is wrong with a JSON value, or anything in it; None when it can be kept."""
    waiting = [(value, 0)]
    while waiting:
        inner, depth = waiting.pop()
        if wrong := f"it is nested more than {_DEEPEST} deep" if depth > _DEEPEST else _wrong(inner):
            return wrong
        if isinstance(inner, dict):
            waiting += ((part, depth + 1) for pair in inner.items() for part in pair)
        elif isinstance(inner, list):
            waiting += ((part, depth + 1) for part in inner)
    return None


def _wrong(value: Any) -> str | None:
    if isinstance(value, str):
        if "\0" in value:
            return "a text in it has a NUL character"
        return "a text in it has half a character (a lone surrogate)" if _is_broken(value) else None
    if isinstance(value, float):
        return None if abs(value) < float("inf") else "NaN and Infinity are no numbers"
    return "a whole number in it has more than 64 bits" if isinstance(value, int) and abs(value) >= _LARGEST else None


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
