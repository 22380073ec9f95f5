"""The kinds of input: one module each, with a `WORKSTREAM`. Adding a workstream is adding one file here.

A definition only declares: which fields an item can have, under which headers files give them, what makes a
row an item. How headers are compared and rows are read is the same for all.
"""

import importlib
import pkgutil
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType


class UnknownWorkstream(LookupError):
    """No workstream has this slug."""


@dataclass(frozen=True, slots=True)
class Target:
    """A field of an item and the headers it comes under, the best first."""

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workstream:
    """One kind of input.

    `identified_by` holds alternatives: a row is an item when it has every field of at least one of them.
    `decoys` are headers that look like a field and are none. Raises ValueError when two claim one header.
    """

    slug: str
    title: str
    targets: tuple[Target, ...]
    identified_by: tuple[tuple[str, ...], ...]
    decoys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        claimed = {header_key(decoy): "a decoy" for decoy in self.decoys}
        for target in self.targets:
            for key in {header_key(alias) for alias in target.aliases}:
                if key in claimed:
                    raise ValueError(f"{self.slug}: {target.name} and {claimed[key]} both claim {key!r}")
                claimed[key] = target.name

    def column_of(self, target: str) -> str:
        """The header a person expects for a target: its first alias. KeyError for an unknown target."""
        return {known.name: known.aliases[0] for known in self.targets}[target]


def header_key(header: str) -> str:
    """What is compared of a header: its letters and digits, whatever their case, width or Unicode form."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", header).casefold()))


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
def known_headers() -> frozenset[str]:
    """The keys of every header that some workstream knows, whether as a field or as a decoy."""
    return frozenset(
        header_key(header)
        for known in workstreams().values()
        for header in (*known.decoys, *(alias for target in known.targets for alias in target.aliases))
    )
