"""Which filters have data: how often each column is known among some leads, and the values worth a choice."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Text, cast, func, literal, select, union_all

from services.projector.filters import FILTERED, LeadFilter, chosen
from services.projector.flags import FLAGS
from services.projector.tables import FINAL_LEADS
from shared.runtime.queries import Queries

MOST_VALUES: Final = 25
CHOICES: Final = (
    "outcome", "source_workstream", "person_email_status", "company_industry", "company_size_bucket",
    "company_revenue_range", "company_funding_range", "company_business_stage", "company_type", "company_country",
    "company_state", "company_city", *FLAGS,
)  # fmt: skip
_C: Final = FINAL_LEADS.c


async def facets(queries: Queries, tenant_id: str, wanted: LeadFilter) -> dict[str, Any]:
    """`total`, `known` (column to number of leads) and `values` (column to its most frequent ones), of these leads.

    A column that no lead knows is in neither, and its filter need not be shown.
    """
    counts = await queries.rows(tenant_id, _counts(wanted))
    known = {name: counts[0][name] for name in FILTERED if counts[0][name]}
    values: dict[str, list[dict[str, Any]]] = {}
    if choices := [name for name in CHOICES if name in known]:
        for row in await queries.rows(tenant_id, _values(wanted, choices)):
            values.setdefault(row["name"], []).append({"value": row["value"], "leads": row["leads"]})
    return {
        "total": counts[0]["total"], "contradicted": counts[0]["contradicted"], "known": known, "values": values,
    }  # fmt: skip


def _counts(wanted: LeadFilter) -> Any:
    counts = [func.count(_C[name]).label(name) for name in FILTERED]
    extra = (func.count().label("total"), func.count(_C.contradictions).label("contradicted"))
    return chosen(wanted, *extra, *counts)


def _values(wanted: LeadFilter, choices: Sequence[str]) -> Any:
    found = chosen(wanted, *(_C[name] for name in choices)).cte("found").prefix_with("MATERIALIZED")
    parts = []
    for name in choices:
        value = cast(found.c[name], Text)
        counted = select(literal(name, Text).label("name"), value.label("value"), func.count().label("leads"))
        ranked = counted.where(found.c[name].is_not(None)).group_by(value).order_by(func.count().desc(), value)
        parts.append(select(ranked.limit(MOST_VALUES).subquery()))
    return union_all(*parts)
