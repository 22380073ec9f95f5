"""How far our keys of names and domains agree with what others made of the same companies.

    python -m benchmarks.company_names FOLDER

The folder has pairs as they were found: names beside Apollo's shortened ones and beside matches of another project,
websites beside the domains of e-mail addresses. None of them is the truth: what differs is listed to be looked at.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.canonical import company_name_key, registrable_domain

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of how many pairs we say the same as the file; `differs` holds the others, both sides and both keys."""

    file: str
    pairs: int
    differs: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 1 - len(self.differs) / self.pairs


def agreements(folder: Path) -> Iterator[Agreement]:
    """One for each file of the folder that is known here."""
    for name, differs in _FILES.items():
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        yield Agreement(name, len(rows), [found for row in rows if (found := differs(row))])


def main() -> None:
    """Print the agreement of each file, and what differs."""
    for found in agreements(Path(sys.argv[1])):
        print(f"{found.file}: {found.share:.1%} of {found.pairs} pairs agree")
        for one, other, ours, theirs in found.differs:
            print(f"  {one!r} and {other!r}: {ours!r} and {theirs!r}")


def _names(one: str, other: str) -> Callable[[Row], tuple[str, str, str, str] | None]:
    def differs(row: Row) -> tuple[str, str, str, str] | None:
        keys = company_name_key(row[one]), company_name_key(row[other])
        return None if keys[0] == keys[1] else (row[one], row[other], str(keys[0]), str(keys[1]))

    return differs


def _domains(row: Row) -> tuple[str, str, str, str] | None:
    site, mail = registrable_domain(row["website_raw"]), registrable_domain(row["email_domain"])
    verdict = "none" if mail is None else "same" if site == mail else "different"
    told = row["email_domain_vs_website"]
    return None if site and verdict == told else (row["website_raw"], row["email_domain"], verdict, told)


_FILES: Final = {
    "apollo_company_vs_cleaned.csv": _names("company_raw", "apollo_company_name_for_emails"),
    "suffix_stripped_matches.csv": _names("customer_name", "matched_core_name"),
    "website_and_email_domain.csv": _domains,
}

if __name__ == "__main__":
    main()
