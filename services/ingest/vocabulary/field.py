"""A field of an item: what it is called in files, and what its values look like."""

from dataclasses import dataclass
from typing import Final, Literal

from services.ingest.vocabulary.headers import header_key

Owner = Literal["person", "company"]
Holds = Literal[
    "address",
    "amount",
    "company_link",
    "count",
    "date",
    "link",
    "name",
    "person_link",
    "phone",
    "text",
    "title",
    "website",
]
PROVEN: Final = frozenset({"address", "company_link", "person_link", "website"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Headers stand one language a line (a line that ends in `|` goes on), the best first.

    `known` headers name it by themselves. `attribute` ones name it when they say whose it is (`Company City`) or,
    less surely, when the rows of the file are its owner's (`City`). `failing` ones name it failing those, `maybe`
    ones if the cells prove it, `ids` ones by its id at LinkedIn where no column of links does. `completes`: headers
    that are this field beside another one, as "Nom" is the last name beside "Prénom". `shares` is the one field
    that may come from the same column.
    """

    name: str
    owner: Owner
    holds: Holds = "text"
    known: str = ""
    attribute: str = ""
    failing: str = ""
    maybe: str = ""
    ids: str = ""
    completes: tuple[str, str] = ("", "")
    shares: str | None = None

    @property
    def column(self) -> str:
        """The header a person expects: the first one known."""
        return next(iter(ranked(self.known).values()))[1]


def ranked(headers: str) -> dict[str, tuple[int, str]]:
    """For the key of each header its place in its language, from 0, and the header as it is written here."""
    found: dict[str, tuple[int, str]] = {}
    for line in headers.strip().replace("|\n", "|").splitlines():
        for rank, header in enumerate(line.split("|")):
            found.setdefault(header_key(header), (rank, header.strip()))
    return found
