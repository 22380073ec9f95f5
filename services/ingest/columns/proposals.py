"""Which workstream a file belongs to, judged by the headers that only some exports have. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.ingest.columns.mapping import HeaderMapping, map_headers
from services.ingest.vocabulary import Owner, header_key
from services.ingest.vocabulary.field import ranked
from services.ingest.workstreams import Workstream, workstreams

_PLAIN: Final = 0.3
_SURE: Final = 3
_CLOSE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A workstream that could take the file, how sure that is (0 to 1) and why."""

    workstream: str
    score: float
    reason: str


def proposals(headers: Sequence[str], sample: Sequence[Sequence[str]]) -> list[Proposal]:
    """Every workstream whose rows this file could hold, the best first; none when no columns make rows items."""
    mappings = [(known, map_headers(known, headers, sample)) for known in workstreams().values()]
    rows = _rows(mappings)
    found = [_judged(known, mapping, rows) for known, mapping in mappings if _fits(mapping)]
    return sorted(found, key=lambda proposal: (-proposal.score, proposal.workstream))


def ambiguity(found: Sequence[Proposal]) -> str | None:
    """What to say when the second proposal is about as good as the first."""
    if len(found) < 2:
        return None
    first, second = found[:2]
    apart = round(first.score - second.score, 2)
    if apart > _CLOSE or (apart == _CLOSE and _takes_what_is_plain(first, second)):
        return None
    return (
        f"This could be {first.workstream} ({first.reason}) or {second.workstream} ({second.reason}): "
        "say which with --workstream."
    )


def _takes_what_is_plain(first: Proposal, second: Proposal) -> bool:
    """One header of its own is clear against a plain list, if the list is of what the first workstream takes."""
    return workstreams()[second.workstream].plain in workstreams()[first.workstream].rows


def misplaced(named: Workstream, mapping: HeaderMapping) -> str | None:
    """What to say of a file that has what only files of another workstream have, and nothing that is `named`'s."""
    if named.plain == mapping.rows or _own(named, mapping.headers):
        return None
    others = [known for known in workstreams().values() if mapping.rows in known.rows]
    own, other = max(((_own(known, mapping.headers), known.slug) for known in others), key=lambda each: len(each[0]))
    return f"This is taken as {named.slug}, but only files of {other} have {_quoted(own)}." if own else None


def _rows(mappings: Iterable[tuple[Workstream, HeaderMapping]]) -> Owner:
    """What the rows are to whom the file's own columns speak for, of those that take people; else to who takes both."""
    readers = [(known, mapping) for known, mapping in mappings if "person" in known.rows]

    def spoken_for(reader: tuple[Workstream, HeaderMapping]) -> tuple[int, int]:
        known, mapping = reader
        return (len(_own(known, mapping.headers)) if _fits(mapping) else 0), len(known.rows)

    return max(readers, key=spoken_for)[1].rows


def _fits(mapping: HeaderMapping) -> bool:
    return any(mapping.targets.keys() >= set(fields) for fields in mapping.identified_by)


def _judged(known: Workstream, mapping: HeaderMapping, rows: Owner) -> Proposal:
    own = _own(known, mapping.headers)
    plain = _PLAIN if known.plain == rows else 0.0
    if own:
        reason = f"only its files have {_quoted(own)}"
    else:
        reason = f"a list of {'people' if rows == 'person' else 'companies'}" + (
            "" if plain else ", without a column that only its files have"
        )
    return Proposal(known.slug, round((1 - plain) * len(own) / (len(own) + 1) + plain, 2), reason)


def _own(known: Workstream, headers: Sequence[str]) -> list[str]:
    """The headers that only files of the workstream have."""
    keys = {header_key(header): header.strip() for header in headers}
    return [keys[key] for key in ranked(known.signature) if key in keys]


def _quoted(own: Sequence[str]) -> str:
    more = f" and {len(own) - _SURE} more" if len(own) > _SURE else ""
    return f"{', '.join(map(repr, own[:_SURE]))}{more}"
