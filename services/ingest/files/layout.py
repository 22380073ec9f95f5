"""Where in a file its table is: the header row among the first records, the footer among the last. Pure.

A header is told by its content (words that files use as headers, no values) and by its shape (the rows below fit).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from services.ingest.vocabulary import header_key, readings
from services.ingest.workstreams import known_headers

Cells = Sequence[str]

_CANDIDATES: Final = 40
_ENOUGH_KNOWN: Final = 4
_MOST_LOST: Final = 2.5
_LONGEST_OWNED: Final = 80
_OWNED_AMONG: Final = 30
# Values, and several labels in one cell, which another delimiter would part.
_NO_LABEL: Final = re.compile(
    r"""
    ^(?: [^\s@]+@[^\s@]+\.\w+ | https?://\S* | www\.\S+ | ['+(]*\d[\d\s.,:/()+%-]*(?:[ap]m|[tz][\d:.+-]*)?
        | true | false | null | n/a | [$€£]\s?\d[\d.,]* )$
    | \w"?[,;|\t]"?\w | ^[\s,;|]*$
    """,
    re.I | re.X,
)
_TOTAL: Final = re.compile(
    r"(?:(?:grand|sub|report|gesamt|eind)?[\s-]*(?:totals?|totale|totaal|summe|somme)|(?:ins)?gesamt)\b"
    r"(?:\s+(?:g[eé]n[eé]ral|geral|generale|complessivo|records?|rows?|contacts?|accounts?|leads?))?",
    re.I,
)
_CLOSING: Final = re.compile(
    r"""
    (?: © | \(c\)\s | copyright\b )
    | .*\b(?: all\ rights\ reserved | alle\ rechte\ vorbehalten | tous\ droits\ r[eé]serv[eé]s
        | todos\ los\ derechos\ reservados | tutti\ i\ diritti\ riservati | todos\ os\ direitos\ reservados
        | alle\ rechten\ voorbehouden )\b
    | (?: confidential | vertraulich | confidentiel | confidencial | riservato | vertrouwelijk )
        (?: \s+information\b | .*\b(?: distribu | proprietary | weiter[gz]e | diffus | diffond | difund | divulg
        | verspreid ) )
    | (?:[\w-]+\s+)? (?: generated | exported | created | printed | downloaded | prepared | erstellt | exportiert
        | généré | exporté | créé | generado | exportado | creado | generato | esportato | creato | gerado | criado
        | gegenereerd | geëxporteerd | gemaakt )
        \s+ (?: by | on | at | from | via | with | von | am | mit | par | le | por | el | em | da | il | op | door )\b
    | powered\ by\b | end\ of\ (?:report|file|list|export|data)\b
    | (?: page | seite | página | pagina ) \s+ \d+ \s* (?: of | von | de | di | van | / ) \s* \d+
    | (?: record | row | contact | lead )s?\ count\b | number\ of\ (?:records|rows|contacts|leads|accounts)\b
    | (?: filtered\ by | filters? | as\ of | date\ range | sorted\ by | run\ by | report\ (?:name|title|date|run) )\s*:
    | \W{3,}\s*end\s*\W{3,}$
    | [\s*=_~-]{3,}$ | \x1a$
    """,
    re.I | re.X,
)
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+\.\w+|https?://\S+|www\.\S+", re.I)
_COUNT: Final = re.compile(
    r"""
    [^\W\d][^:|\d]{0,39} : \s* \d[\d.,:/\ -]*$
    | (?: showing | zeige | affichage | mostrando ) \s+ \d.* \d
    | \(? \d[\d.,]* \s+ (?: record | row | contact | lead | account | result | item | entry | entrie
        | datens[äa]tze? | eintr[äa]ge? | zeilen? | kontakte? | ergebnisse? | enregistrement | ligne | r[ée]sultat
        | contacto | registro | resultado | fila | registri | righe | contatti | risultati | contato | linha
        | rij | rijen | contacten | resultaten )s?
        (?: \s+ (?: found | exported | selected | listed | affected | in\ total | total | gefunden | exportiert
        | trouv[ée]s | export[ée]s | encontrados | exportados | trovati | esportati | gevonden ) )? \W*$
    """,
    re.I | re.X,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: its index among the records, and how sure that is (about 0 to 7.5, more is surer)."""

    index: int
    score: float


def find_header(records: Sequence[Cells]) -> Header | None:
    """The most likely header among the first records; None when all of them are blank."""
    extents = [_extent(cells) for cells in records]
    filled = [index for index, extent in enumerate(extents) if extent][:_CANDIDATES]
    if not filled:
        return None
    scored = [(_score(records, extents, index), index) for index in filled]
    score, index = max(scored, key=lambda one: (one[0], -one[1]))
    return Header(index, score)


def footer_length(records: Sequence[Cells], width: int) -> int:
    """How many of a file's last records stand below its table, the blank ones between included; 0 without a footer."""
    filled = [sum(bool(cell.strip()) for cell in cells) for cells in records]
    start = end = len(records)
    while (above := _footer_start(records[:start], filled[:start], width)) < start:
        start = above
    while 0 < start < end and not filled[start - 1]:
        start -= 1
    return end - start


def least_cells(rows: Sequence[Cells], width: int) -> int:
    """How many cells a row has at least, where whoever wrote the rows writes empty cells at their end too; else 0."""
    whole = [cells for cells in rows if len(cells) == width]
    if 5 * len(whole) < 4 * len(rows) or all(cells[-1].strip() for cells in whole):
        return 0
    filled = (sum(bool(cells[column].strip()) for cells in whole) for column in range(width))
    return max((column + 1 for column, count in enumerate(filled) if 10 * count >= 9 * len(whole)), default=0)


def is_blank(cells: Cells) -> bool:
    """Whether nothing can be seen in these cells."""
    return not any(map(str.strip, cells))


def _extent(cells: Cells) -> int:
    """The number of cells up to the last one with something in it."""
    for index in range(len(cells), 0, -1):
        if cells[index - 1].strip():
            return index
    return 0


def _score(records: Sequence[Cells], extents: Sequence[int], index: int) -> float:
    cells = [cell.strip() for cell in records[index] if cell.strip()]
    labels = dict.fromkeys(cell for cell in cells if not _NO_LABEL.search(cell[:200]))
    known = _known(labels)
    known = known if known >= _ENOUGH_KNOWN or 4 * known >= len(cells) else 0
    shares = min(known, _ENOUGH_KNOWN) + len(labels) / len(cells) + 0.5 * len(cells) / extents[index]
    return shares + 2 * _fit(records, extents, index) - _lost(records, extents, index)


def _known(labels: Iterable[str]) -> int:
    """How many of these some workstream knows; where few, also those among the first that say whose they are."""
    found = {label for label in labels if header_key(label[:200]) in known_headers()}
    if len(found) < _ENOUGH_KNOWN:
        first = (label for label in islice(labels, _OWNED_AMONG) if len(label) <= _LONGEST_OWNED)
        found |= {label for label in first if any(reading.key in known_headers() for reading in readings(label))}
    return len(found)


def _fit(records: Sequence[Cells], extents: Sequence[int], index: int) -> float:
    """How well the rows below fit, 0 to 1; a single column, which fits anything, at most a half."""
    width = extents[index]
    below = [
        _fits(len(cells), extent, len(records[index]), width)
        for cells, extent in zip(records[index + 1 :], extents[index + 1 :], strict=True)
        if extent
    ]
    share = sum(below) / len(below) if below else 0.0
    return share if width > 1 else share / 2


def _fits(cells: int, extent: int, header_cells: int, width: int) -> float:
    if extent > width:
        return 0.0
    if width == 1 or cells == width or cells >= header_cells:
        return 1.0
    return 0.5 if extent > 1 else 0.0


def _lost(records: Sequence[Cells], extents: Sequence[int], index: int) -> float:
    """The rows above that would fit this header are rows lost: a header stands above its rows."""
    width = extents[index]
    if width == 1:
        return 0.05 * index
    above = zip(records[:index], extents[:index], strict=True)
    lost = sum(len(cells) == len(records[index]) and extent > width / 2 for cells, extent in above)
    return min(lost, _MOST_LOST)


def _is_closing(cells: Cells, width: int) -> bool:
    """Whether these words end a report: a total, who made it and when, that it is confidential."""
    first, *others = [cell.strip() for cell in cells if cell.strip()]
    if total := _TOTAL.match(first):
        rest = first[total.end() :].strip()
        if all(map(_is_number, others)) and (re.match(r"[:=(\d-]", rest) if rest else others):
            return True
    if len(others) < 2 and _COUNT.match(" ".join([first, *others])):
        return True
    return len(others) <= max(0, min(2, width - 2)) and _CLOSING.match(first) is not None


def _is_number(cell: str) -> bool:
    return re.search(r"\d", cell) is not None and not _ADDRESS.fullmatch(cell)


def _is_row(cells: Cells, filled: int, width: int) -> bool:
    """Whether these are a row whatever they say: each cell is filled, or the only one is an e-mail or a link."""
    if filled > 1:
        return filled >= width
    return filled == 1 and any(_ADDRESS.fullmatch(cell.strip()) for cell in cells)


def _footer_start(records: Sequence[Cells], filled: Sequence[int], width: int) -> int:
    """Where the last lines begin that belong together and are no rows; the number of records if there are none.

    Either the last line says that it ends a report; or single cells stand below a blank or such a line, while every
    row above has more cells filled.
    """
    lines = [index for index, count in enumerate(filled) if count]
    rows = {index for index in lines if _is_row(records[index], filled[index], width)}
    # Two cells of two may be a total as well as a row: there the words say which.
    closing = {index for index in lines if (width == 2 or index not in rows) and _is_closing(records[index], width)}
    if lines and lines[-1] in closing:
        return lines[-1]
    last_row = max(
        (index for index in lines if index in rows or (filled[index] > 1 and index not in closing)), default=-1
    )
    if width == 1 or last_row < 0 or lines[-1] == last_row or 1 in filled[:last_row]:
        return len(records)
    starts = (index for index in range(last_row + 1, len(records)) if not filled[index] or index in closing)
    return next((index for index in starts if index < lines[-1]), len(records))
