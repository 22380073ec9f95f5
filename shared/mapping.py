"""The declarative mapping: a column, how it is normalised, and the paths it may be found under.

A new column is one line in a table. The first path with a value that survives the normaliser wins.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from shared.enrichment import at, enrichments, is_wrapped, path_of, respelled


class Column(NamedTuple):
    """A column of a lead. A path is a key, or keys and list positions: ("locations", 0, "address")."""

    name: str
    normalise: Callable[[object], Any]
    paths: tuple[str | tuple[str | int, ...], ...]


def column(name: str, normalise: Callable[[object], Any], *paths: str) -> Column:
    """A line of a table; paths are written with dots: "derived_datapoints.industry.0"."""
    return Column(name, normalise, tuple(map(_path, paths)))


def pick(
    table: tuple[Column, ...], source: Mapping[str, Any], known: Collection[str] = (), via: dict[str, str] | None = None
) -> dict[str, Any]:
    """The columns of `table` that `source` has a value for, those in `known` left out.

    `via` is told under which key of the source each was found.
    """
    found: dict[str, Any] = {}
    for name, normalise, paths in table:
        if name in known:
            continue
        for path in paths:
            value = source.get(path) if isinstance(path, str) else at(source, path)
            if value is not None and (value := normalise(value)) is not None:
                found[name] = value
                if via is not None:
                    via[name] = path if isinstance(path, str) else str(path[0])
                break
    return found


def answer_of(raw: object, mine: frozenset[str], others: frozenset[str], *, sure: bool = False) -> dict[str, Any]:
    """The enrichment in `raw` with fields of my kind rather than the others', in snake case; {} when there is none.

    `sure`: an answer of my kind was asked for, so that the only enrichment is it, if it has any field of my kind.
    """
    if isinstance(raw, dict) and len(mine & raw.keys()) >= 5 and not is_wrapped(raw):
        return respelled(raw)
    told = [respelled(each) for each in enrichments(raw)]
    for found in told:
        if len(mine & found.keys()) >= len(others & found.keys()):
            return found
    return told[0] if sure and len(told) == 1 and mine & told[0].keys() else {}


def written(path: str | tuple[str | int, ...]) -> str:
    """A path as it is written in a table."""
    return path if isinstance(path, str) else ".".join(map(str, path))


def fingerprint(tables: Iterable[tuple[Column, ...]]) -> str:
    """A digest of names, normalisers and paths: another mapping has another one."""
    lines = [f"{c.name} {c.normalise.__name__} {' '.join(map(written, c.paths))}" for t in tables for c in t]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _path(written: str) -> str | tuple[str | int, ...]:
    steps = path_of(written)
    return steps if len(steps) > 1 else written
