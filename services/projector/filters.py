"""Which leads: conditions on their columns, words in them, their order, and a place to go on from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    collate,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.projector.lead import COLUMNS
from services.projector.tables import BATCH, FINAL_LEADS

OWN: Final = ("outcome", "source_workstream")
FILTERED: Final = (*OWN, *COLUMNS)
SEARCHED: Final = (
    "person_full_name", "person_first_name", "person_last_name", "person_email", "person_title", "person_headline",
    "person_location", "company_name", "company_domain", "company_industry", "company_city", "company_country",
)  # fmt: skip
_C: Final = FINAL_LEADS.c
RANGED: Final = tuple(name for name in COLUMNS if not isinstance(_C[name].type, Text | JSONB | Boolean))
SORTED: Final = tuple(name for name in FILTERED if not isinstance(_C[name].type, JSONB))
_TIE: Final = (_C.batch_id, _C.row)


@dataclass(frozen=True)
class LeadFilter:
    """Which leads. Every condition has to hold; of several values for one column any will do.

    `least`, `most`: bounds, both included. `known`, `unknown`: columns with and without a value. `words`: each has to
    be somewhere in the lead. `contradicted`: only leads with (or without) contradictions.
    """

    batch_id: str | None = None
    client_id: str | None = None
    equal: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    least: Mapping[str, int | date] = field(default_factory=dict)
    most: Mapping[str, int | date] = field(default_factory=dict)
    known: Sequence[str] = ()
    unknown: Sequence[str] = ()
    words: Sequence[str] = ()
    contradicted: bool | None = None

    @property
    def everything(self) -> bool:
        """Whether there is no condition at all."""
        return self == LeadFilter()


@dataclass(frozen=True)
class Order:
    """By one column, leads without a value last; by batch and row where that is the same, or None."""

    by: str | None = None
    descending: bool = False


@dataclass(frozen=True)
class Place:
    """Where a lead stands in an order."""

    value: Any
    batch_id: str
    row: int


def chosen(wanted: LeadFilter, *columns: Any) -> Select[Any]:
    """A SELECT of these columns (all, when none are named) of the leads that are wanted."""
    query = select(*(columns or (FINAL_LEADS,)))
    if wanted.batch_id:
        query = query.where(_C.batch_id == wanted.batch_id)
    if wanted.client_id:  # by its batches, which the leads' index knows
        query = query.where(_C.batch_id.in_(select(BATCH.c.batch_id).where(BATCH.c.client_id == wanted.client_id)))
    for name, values in wanted.equal.items():
        query = query.where(_is_one_of(name, values))
    for name, bound in wanted.least.items():
        query = query.where(_C[name] >= bound)
    for name, bound in wanted.most.items():
        query = query.where(_C[name] <= bound)
    query = query.where(
        *(_C[name].is_not(None) for name in wanted.known), *(_C[name].is_(None) for name in wanted.unknown)
    )
    if wanted.contradicted is not None:
        query = query.where(_C.contradictions.is_not(None) == wanted.contradicted)
    return query.where(*(_has(word) for word in wanted.words))


def page(wanted: LeadFilter, order: Order, after: Place | None, limit: int, *columns: Any) -> Select[Any]:
    """The first leads in this order, or those after a place."""
    query = chosen(wanted, *columns)
    if order.by is None:
        query = query.order_by(*_TIE)
        return (query.where(tuple_(*_TIE) > (after.batch_id, after.row)) if after else query).limit(limit)
    column = _C[order.by]
    query = query.order_by((column.desc() if order.descending else column.asc()).nulls_last(), *_TIE)
    return (query.where(_after(column, order, after)) if after else query).limit(limit)


def place(lead: Mapping[str, Any], order: Order) -> Place:
    """Where a lead stands."""
    return Place(lead[order.by] if order.by else None, lead["batch_id"], lead["row"])


def _after(column: Any, order: Order, place: Place) -> ColumnElement[bool]:
    tied: ColumnElement[bool] = tuple_(*_TIE) > (place.batch_id, place.row)
    if place.value is None:
        return and_(column.is_(None), tied)
    value = literal(place.value, column.type)
    beyond = column < value if order.descending else column > value
    return or_(beyond, and_(column == value, tied), column.is_(None))


def _is_one_of(name: str, values: Sequence[Any]) -> ColumnElement[bool]:
    column = _C[name]
    if isinstance(column.type, JSONB):
        entry = func.jsonb_array_elements_text(column).column_valued("entry")
        return select(entry).where(_in(entry, values)).correlate(FINAL_LEADS).exists()
    if isinstance(column.type, Text):
        return _in(column, values)
    return column.in_(values)


def _has(word: str) -> ColumnElement[bool]:
    """Whether a word is in any of the columns that are searched; case does not count."""
    said = func.concat_ws(literal(" "), *(_C[name] for name in SEARCHED))
    return func.strpos(_lower(said), _lower(literal(word))) > 0


def _in(said: ColumnElement[str], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether it is one of these texts; case does not count."""
    return _lower(said).in_([_lower(literal(str(value))) for value in values])


def _lower(said: ColumnElement[str]) -> ColumnElement[str]:
    # By Unicode, whatever the database's locale.
    return func.lower(collate(said, "pg_c_utf8"))
