"""The kinds of input: one module each, with a `WORKSTREAM`. Adding a workstream is adding one file here.

A definition only declares: what its rows are, which fields they can have, the headers that only its own files use,
how its files are told from others, and the workflows that ship. How headers and rows are read is the same for all.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from types import MappingProxyType
from typing import Final

from services.ingest.vocabulary import DIALECTS, FIELDS, Dialect, Field, Owner, header_key
from services.ingest.vocabulary.field import ranked

Alternatives = tuple[tuple[str, ...], ...]
PERSON: Final[Alternatives] = (
    ("full_name",),
    ("first_name", "last_name"),
    ("person_linkedin_url",),
    ("email",),
)
COMPANY: Final[Alternatives] = (("company_name",), ("company_domain",), ("company_linkedin_url",))


class UnknownWorkstream(LookupError):
    """No workstream has this slug."""


@dataclass(frozen=True, slots=True)
class Workstream:
    """One kind of input.

    Headers stand as in the vocabulary, `|` between them. `rows`: what a row can be, the likelier first. `headers`: for
    a field, more headers it comes under in these files, before all others; `ids`: those it comes under by its id at
    LinkedIn. `decoys` look like a field and are none.
    `signature` holds headers that only its files have; `plain` is what a list without any signature holds when this is
    the place for it. `workflows`: the slugs of those that ship for it.
    Raises ValueError for headers of an unknown field, and for one that two fields or a field and a decoy claim.
    """

    slug: str
    title: str
    rows: tuple[Owner, ...]
    fields: tuple[Field, ...] = FIELDS
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    decoys: str = ""
    signature: str = ""
    plain: Owner | None = None
    workflows: str = ""

    def __post_init__(self) -> None:
        if unknown := (self.headers.keys() | self.ids.keys()) - {known.name for known in self.fields}:
            raise ValueError(f"{self.slug}: there is no field {sorted(unknown)[0]!r}")
        claimed = dict.fromkeys(ranked(self.decoys), "a decoy")
        for name, headers in self.headers.items():
            for key in ranked(headers):
                if claimed.setdefault(key, name) != name:
                    raise ValueError(f"{self.slug}: {name} and {claimed[key]} both claim {key!r}")

    def column_of(self, name: str) -> str:
        """The header a person expects for a field. KeyError for an unknown one."""
        field_ = {known.name: known for known in self.fields}[name]
        return field_.column if name not in self.headers else next(iter(ranked(self.headers[name]).values()))[1]

    def identified_by(self, rows: Owner) -> Alternatives:
        """Alternatives: a row is an item when it has every field of at least one of them."""
        return PERSON if rows == "person" else (*COMPANY, *PERSON) if "person" in self.rows else COMPANY

    def as_written_in(self, headers: Iterable[str]) -> "Workstream":
        """The workstream in the words of the tool that wrote a file with these headers, where it has its own."""
        keys = set(map(header_key, headers))
        return reduce(_in_dialect, (dialect for dialect in DIALECTS if dialect.is_spoken(keys)), self)


@cache
def workstreams() -> Mapping[str, Workstream]:
    """Every workstream by slug, in the order of their modules' names."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return MappingProxyType({module.WORKSTREAM.slug: module.WORKSTREAM for module in modules})


def workstream(slug: str) -> Workstream:
    """The workstream with this slug. Raises UnknownWorkstream, which names those there are."""
    try:
        return workstreams()[slug]
    except KeyError:
        known = ", ".join(workstreams())
        raise UnknownWorkstream(f"There is no workstream {slug!r}; there are: {known}") from None


@cache
def _in_dialect(known: Workstream, dialect: Dialect) -> Workstream:
    """The tool's words before the workstream's own."""
    tool_s = {key for text in (*dialect.headers.values(), dialect.decoys) for key in ranked(text)}

    def together(said: str, own: str) -> str:
        rest = " | ".join(header for key, (_, header) in ranked(own).items() if key not in tool_s)
        return "\n".join(filter(None, (said.strip(), rest)))

    headers = {
        name: together(dialect.headers.get(name, ""), known.headers.get(name, ""))
        for name in {**known.headers, **dialect.headers}
    }
    ids = {**known.ids, **dialect.ids}
    return replace(known, headers=headers, ids=ids, decoys=together(dialect.decoys, known.decoys))


@cache
def known_headers() -> frozenset[str]:
    """The keys of every header that some workstream knows: as a field, as a decoy, as its files' own."""
    shared = (text for entry in FIELDS for text in (entry.known, entry.attribute, entry.maybe))
    own = (text for w in workstreams().values() for text in (w.decoys, w.signature, *w.headers.values()))
    return frozenset(key for text in (*shared, *own) for key in ranked(text))
