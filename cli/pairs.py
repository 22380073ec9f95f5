"""NAME=VALUE, as several options take it."""

from collections.abc import Iterable, Iterator

from cli.errors import Misused


def pairs(option: str, told: Iterable[str] | None, form: str, *, empty: bool = True) -> Iterator[tuple[str, str]]:
    """The name and the value of each text that an option was given; the value may have more of `=`.

    Raises Misused, which says the `form` to write, for one without a name or `=`, and unless `empty` without a value.
    """
    for text in told or ():
        name, sign, value = text.partition("=")
        if not (name.strip() and sign and (empty or value.strip(" ,"))):
            raise Misused(f"{option} {text!r}: write {form}")
        yield name.strip(), value


def between_commas(values: str) -> list[str]:
    """What stands between commas."""
    return [value.strip() for value in values.split(",") if value.strip()]
