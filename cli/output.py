"""How results look: a table on a terminal, tab-separated lines in a pipe, JSON for programs.

Text that came out of files and answers is made printable first: it must not be able to move the cursor.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cli.errors import writing

if TYPE_CHECKING:
    from rich.console import Console

Rows = Iterable[Mapping[str, Any]]
GAP: Final = 2
NARROWEST: Final = 12
_ID: Final = re.compile(r"[a-z]+_[0-9A-Z]{26}")


def plain(value: object) -> str:
    """A value as one printable line."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def moment(value: str | None) -> str:
    """An ISO time of an API, to the second and without its letters; empty for none."""
    return value[:19].replace("T", " ") if value else ""


def say(text: str) -> None:
    """One line of a result."""
    with writing():
        sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line beside the result: a warning, or what happens now."""
    sys.stderr.write(text + "\n")


def show_json(value: object) -> None:
    """A result for a program."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def show_line(answer: object, line: str, as_json: bool) -> None:
    """What came of a command, as a line; for a program, the whole answer."""
    show_json(answer) if as_json else say(line)


def show_rows(found: Any, columns: Mapping[str, str], none: str, as_json: bool, rows: Rows | None = None) -> None:
    """A table of what was found, or of `rows` where a person reads it otherwise; for a program, all that was found."""
    show_json(found) if as_json else table(columns, found if rows is None else rows, none)


def console(stderr: bool = False) -> "Console":
    """The terminal, or what stands in for it."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def table(columns: Mapping[str, str], rows: Rows, none: str) -> None:
    """Rows; `columns` are field names, which head a pipe, to headings. `none` is said of no rows."""
    lines = [[plain(row.get(name)) for name in columns] for row in rows]
    if not lines:
        note(none)
    elif sys.stdout.isatty():
        _drawn(list(columns.values()), lines)
    else:
        for line in [list(columns), *lines]:
            say("\t".join(line))


def _drawn(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Nothing is ever cut off: a table that cannot be made narrow enough is wider than the terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    needed = 0
    for heading, cells in zip(headings, zip(*lines, strict=True), strict=True):
        whole = all(map(_stays_whole, cells))
        drawn.add_column(heading, no_wrap=whole, overflow="fold")
        widest = max(map(len, (heading, *cells)))
        needed += GAP + (widest if whole else min(widest, NARROWEST))
    for line in lines:
        drawn.add_row(*map(Text, line))
    screen = console()
    screen.width = max(screen.width, needed)
    screen.print(drawn)


def _stays_whole(cell: str) -> bool:
    """Ids, which people copy, and what is short stay on one line; the rest may wrap."""
    return len(cell) <= NARROWEST or _ID.fullmatch(cell) is not None
