"""Which leads a command is about: the same conditions as the API has, as options."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.errors import Misused
from cli.lookups import checked_id, filled, known_client_of
from cli.pairs import pairs
from shared.ids import optional

if TYPE_CHECKING:
    from cli.api import Api

OfBatch = Annotated[str | None, typer.Option("--batch", "-b", help="Only those of this batch.")]
OfClient = Annotated[str | None, typer.Option("--client", "-c", help="Only those of this client (id or exact name).")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="COLUMN=VALUE", help="Only those with this value; again for another column or value."
    ),
]
AtLeast = Annotated[list[str] | None, typer.Option("--min", metavar="COLUMN=VALUE", help="Only from this value on.")]
AtMost = Annotated[list[str] | None, typer.Option("--max", metavar="COLUMN=VALUE", help="Only up to this value.")]
Known = Annotated[list[str] | None, typer.Option("--known", metavar="COLUMN", help="Only those with a value.")]
Unknown = Annotated[list[str] | None, typer.Option("--unknown", metavar="COLUMN", help="Only those without one.")]
Words = Annotated[str | None, typer.Option("--search", "-s", metavar="WORDS", help="Only those with all these words.")]

# What a query has beside columns, and the option that is for it.
OPTIONS: Final = {
    "batch_id": "--batch", "client_id": "--client", "q": "--search", "known": "--known", "unknown": "--unknown",
    "sort": "--sort", "limit": "--limit", "columns": "--columns", "format": "--format", "at_position": "--at-position",
    "after": None,
}  # fmt: skip


@dataclass(frozen=True)
class Conditions:
    """What the options said."""

    batch: str | None = None
    client: str | None = None
    where: list[str] | None = None
    least: list[str] | None = None
    most: list[str] | None = None
    known: list[str] | None = None
    unknown: list[str] | None = None
    words: str | None = None

    def query(self, api: "Api") -> dict[str, Any]:
        """The query parameters. Raises Misused for what is empty, no column, no COLUMN=VALUE; Refused for no client."""
        asked: dict[str, Any] = {
            "batch_id": optional(checked_id, "batch", self.batch),
            "client_id": optional(known_client_of, api, self.client),
            "known": ",".join(filled("--known", name.strip(" ,")) for name in self.known or ()) or None,
            "unknown": ",".join(filled("--unknown", name.strip(" ,")) for name in self.unknown or ()) or None,
            "q": optional(filled, "--search", self.words),
        }
        for column, value in _of("--where", self.where):
            asked.setdefault(column, []).append(value)
        asked |= {f"{column}.min": value for column, value in _of("--min", self.least)}
        return asked | {f"{column}.max": value for column, value in _of("--max", self.most)}


def _of(option: str, told: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    """What the option says of each column that it names."""
    for column, value in pairs(option, told, "COLUMN=VALUE"):
        if column in OPTIONS:
            use = f": use {OPTIONS[column]}" if OPTIONS[column] else ""
            raise Misused(f"{column} is no column of a lead{use}")
        yield column, value
