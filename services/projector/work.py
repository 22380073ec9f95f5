"""Who worked where, and who went from one company to another, with how to reach them now.

A company is asked for by its domain, its LinkedIn page or its name. Jobs that are told without a domain are found by
the page or the name that the company's other jobs are told with.
"""

from typing import Any, Final

from sqlalchemy import text

from services.projector.extractors.person import company_keys
from shared.ids import from_hex, to_hex
from shared.runtime.queries import Queries, Row

Mark = tuple[str, int]

# Everything a company is known by, given something of it.
_KEYS: Final = """
{name} AS (
    SELECT :{name} AS key UNION
    SELECT company_key FROM person_work_history
    WHERE company_linkedin_url = 'https://www.' || :{name} OR company_name_key = :{name} UNION
    SELECT unnest(ARRAY[substr(company_linkedin_url, 13), company_name_key]) FROM person_work_history
    WHERE company_key = :{name}
)"""
# The newest lead of a person: how to reach it. The log says whose steps were about it, before it was known by a surer
# key too.
_CONTACT: Final = """
LEFT JOIN LATERAL (
    SELECT l.lead_id, l.person_full_name, l.person_title, l.person_email, l.person_phone, l.person_linkedin_url
    FROM log.events e JOIN final_leads l ON l.lead_id = e.item_id
    WHERE e.entity_id = {job}.person_id AND e.client_id = {job}.client_id
        AND e.type IN ('ItemCompleted', 'StepFailed')
    ORDER BY l.projected_at DESC, l.lead_id LIMIT 1
) who ON true"""
_WHO: Final = (
    "who.lead_id, who.person_full_name, who.person_title, who.person_email, who.person_phone, who.person_linkedin_url"
)
_JOB: Final = (
    "h.person_id, h.ordinal, h.client_id, h.company_name, h.company_domain, h.company_linkedin_url, h.title, "
    "h.start_date, h.end_date, h.is_current"
)
_OF_CLIENT: Final = (
    "(:client::uuid IS NULL OR h.client_id = :client::uuid) AND (:current::bool IS NULL OR h.is_current = :current)"
    " AND (h.person_id, h.ordinal) > (:person::uuid, :ordinal) ORDER BY h.person_id, h.ordinal LIMIT :limit"
)
WORKED_AT: Final = f"""
WITH {_KEYS.format(name="company")}
SELECT {_WHO}, {_JOB} FROM person_work_history h {_CONTACT.format(job="h")}
WHERE h.company_key IN (SELECT key FROM company) AND {_OF_CLIENT}
"""
# As `customers.kind`, from 1 on.
_KIND: Final = (
    "CASE WHEN {key} ~ '/[0-9]+$' THEN 3 WHEN {key} LIKE '%/%' THEN 2 WHEN {key} LIKE '%.%' THEN 1 ELSE 4 END"
)
_NUMBERED: Final = "substring(h.company_linkedin_url from '.*/[0-9]+$')"
_BY_KIND: Final = f"ARRAY[h.company_domain, nullif(h.company_linkedin_url, {_NUMBERED}), {_NUMBERED}]"
# As `Customers.key_of`: a key counts where customer and job have not both one of a surer kind.
WORKED_AT_CUSTOMERS: Final = f"""
SELECT {_WHO}, c.name AS customer, {_JOB} FROM person_work_history h
JOIN LATERAL (
    SELECT name FROM customer k WHERE k.client_id = h.client_id
        AND k.key = ANY (ARRAY[h.company_key, substr(h.company_linkedin_url, 13), h.company_name_key])
        AND NOT EXISTS (
            SELECT FROM customer surer WHERE surer.client_id = k.client_id AND surer.customer = k.customer
            AND {_KIND.format(key="surer.key")} < {_KIND.format(key="k.key")}
            AND ({_BY_KIND})[{_KIND.format(key="surer.key")}] IS NOT NULL)
    ORDER BY key LIMIT 1
) c ON true {_CONTACT.format(job="h")}
WHERE {_OF_CLIENT}
"""
# `h` is the job at the company they went to; the one before is older by its place in the person's history.
MOVED: Final = f"""
WITH {_KEYS.format(name="origin")}, {_KEYS.format(name="company")}
SELECT {_WHO}, before.company_name AS from_company_name, before.title AS from_title,
    before.start_date AS from_start_date, before.end_date AS from_end_date, {_JOB}
FROM person_work_history h JOIN LATERAL (
    SELECT * FROM person_work_history b
    WHERE b.person_id = h.person_id AND b.client_id = h.client_id AND b.ordinal > h.ordinal
        AND b.company_key IN (SELECT key FROM origin)
        AND coalesce(b.start_date <= h.start_date, true)
    ORDER BY b.ordinal LIMIT 1
) before ON true {_CONTACT.format(job="h")}
WHERE h.company_key IN (SELECT key FROM company) AND {_OF_CLIENT}
"""
_PREFIXES: Final = {"lead_id": "lead", "person_id": "person", "client_id": "client"}


def key_of(company: str) -> str | None:
    """What a company is asked for by: the surest of what the text may be."""
    return next(iter(company_keys(company, company, company)), None)


async def worked_at(
    queries: Queries, tenant_id: str, key: str, client_id: str | None, current: bool | None, after: Mark, limit: int
) -> list[Row]:
    """Who works or worked at a company, by person and then job."""
    asked = _asked(client_id, current, after, limit) | {"company": key}
    return await _rows(queries, tenant_id, WORKED_AT, asked)


async def worked_at_customers(
    queries: Queries, tenant_id: str, client_id: str | None, current: bool | None, after: Mark, limit: int
) -> list[Row]:
    """Who works or worked at any of a client's own customers."""
    return await _rows(queries, tenant_id, WORKED_AT_CUSTOMERS, _asked(client_id, current, after, limit))


async def moved(
    queries: Queries, tenant_id: str, origin: str, target: str, client_id: str | None, after: Mark, limit: int
) -> list[Row]:
    """Who worked at one company and later at another."""
    asked = _asked(client_id, None, after, limit) | {"origin": origin, "company": target}
    return await _rows(queries, tenant_id, MOVED, asked)


def _asked(client_id: str | None, current: bool | None, after: Mark, limit: int) -> dict[str, Any]:
    person_id, ordinal = after
    return {
        "client": client_id and to_hex(client_id), "current": current, "person": to_hex(person_id),
        "ordinal": ordinal, "limit": limit,
    }  # fmt: skip


async def _rows(queries: Queries, tenant_id: str, statement: str, asked: dict[str, Any]) -> list[Row]:
    escaped = statement.replace("::", r"\:\:")
    found = await queries.rows(tenant_id, text(escaped), asked)
    for row in found:
        for name, prefix in _PREFIXES.items():
            row[name] = row[name] and from_hex(prefix, str(row[name]))
    return found
