"""How results look: a table on a terminal, tab-separated lines in a pipe, JSON for programs.

Text that came out of files and answers is made printable first: it must not be able to move the cursor.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


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
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line beside the result: a warning, or what happens now."""
    sys.stderr.write(text + "\n")


def show_json(value: object) -> None:
    """A result for a program."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def console(stderr: bool = False) -> "Console":
    """The terminal, or what stands in for it."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], none: str) -> None:
    """Rows by column: field name, which heads it in a pipe, to heading. `none` is said when there are no rows."""
    lines = [[plain(row.get(name)) for name in columns] for row in rows]
    if not lines:
        note(none)
    elif sys.stdout.isatty():
        _drawn(list(columns.values()), lines)
    else:
        for line in [list(columns), *lines]:
            say("\t".join(line))


def _drawn(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        drawn.add_column(heading, no_wrap=_is_short(line[number] for line in lines), overflow="fold")
    for line in lines:
        drawn.add_row(*map(Text, line))
    console().print(drawn)


def _is_short(cells: Iterable[str]) -> bool:
    """Ids, counts and times stay on one line, to be copied whole; prose may wrap."""
    return all(len(cell) <= 34 and len(cell.split()) <= 2 for cell in cells)
