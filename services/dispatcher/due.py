"""The dispatches that are due, taken up fairly: each lane as far as its webhook has room.

A lane is what shares settings, and so a webhook: a client's workflow of one workstream, under one name or for one batch
that has settings of its own. However much waits in one lane, finding what another has due costs the same.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.dispatcher.state import Dispatch
from services.dispatcher.store import DISPATCHES
from services.dispatcher.tables import SETTINGS, SETTINGS_JOIN
from services.dispatcher.webhooks import Limits
from shared.envelope import outcome_id
from shared.events import DispatchRefused
from shared.ids import from_hex, to_hex
from shared.runtime.database import Connection, uuid_array

# From lane to lane by the index; of each, the earliest due that are not in this process's hands, nor of an item or
# batch that waits behind a dead letter (what came of them would wait too, and they would look due for ever). With the
# settings to send them by.
DUE: Final = f"""
WITH RECURSIVE lane AS (
    (SELECT client_id, workflow, workstream, settings FROM dispatch WHERE status = 'DUE'
     ORDER BY client_id, workflow, workstream, settings LIMIT 1)
    UNION ALL
    SELECT next.* FROM lane CROSS JOIN LATERAL (
        SELECT d.client_id, d.workflow, d.workstream, d.settings FROM dispatch d
        WHERE d.status = 'DUE' AND (d.client_id, d.workflow, d.workstream, d.settings)
            > (lane.client_id, lane.workflow, lane.workstream, lane.settings)
        ORDER BY d.client_id, d.workflow, d.workstream, d.settings LIMIT 1) next
)
SELECT {DISPATCHES.names}, sent_by, fields FROM (
    SELECT d.*, {SETTINGS} AS sent_by,
           e.body::jsonb #> '{{payload,fields}}' || i.output AS fields
    FROM lane
    LEFT JOIN unnest(
        %(clients)s::uuid[], %(workflows)s::text[], %(workstreams)s::text[], %(settings)s::text[], %(rooms)s::bigint[])
        AS known (client_id, workflow, workstream, settings, room) USING (client_id, workflow, workstream, settings)
    CROSS JOIN LATERAL (
        SELECT * FROM dispatch
        WHERE status = 'DUE' AND client_id = lane.client_id AND workflow = lane.workflow
          AND workstream = lane.workstream AND settings = lane.settings AND due_at <= now()
          AND NOT dispatch_id = ANY(%(held)s::uuid[])
          AND NOT item_id = ANY(%(items)s::uuid[]) AND NOT batch_id = ANY(%(batches)s::uuid[])
        ORDER BY due_at LIMIT coalesce(known.room, %(room)s)) d
    JOIN item i ON i.item_id = d.item_id
    JOIN log.events e ON e.item_id = d.item_id AND e.type = 'ItemAdded'
    {SETTINGS_JOIN}
) due
"""
NAMING: Final = """
SELECT tenant_id, config FROM config
JOIN unnest(%s::uuid[], %s::uuid[]) AS one (tenant_id, webhook_id) USING (tenant_id, webhook_id)
"""
TAKEN: Final = "SELECT taken, taken_at FROM webhook WHERE tenant_id = %s AND webhook_id = %s"
# Note that a POST begins; `times` above 1: it had begun before. Not of what the log knows the outcome of: it looks due
# where the fold has passed that over, because of an item that the call was made for and is not for any more. As many
# times as the column takes are as good as more.
NOTE: Final = """
INSERT INTO sending SELECT name, 1 FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS one (name, sent, refused)
WHERE NOT EXISTS (SELECT FROM log.events WHERE id IN (sent, refused))
ON CONFLICT (dispatch_id) DO UPDATE SET times = least(sending.times + 1, 32767) RETURNING dispatch_id, times
"""
WITHDRAW: Final = "UPDATE sending SET times = times - 1 WHERE dispatch_id = ANY(%s::uuid[])"
BEGUN: Final = """
SELECT dispatch_id, coalesce(times, 0) FROM dispatch LEFT JOIN sending USING (dispatch_id)
WHERE dispatch_id = ANY(%s::uuid[]) AND status = 'DUE'
"""
PAYERS: Final = "SELECT dispatch_id, batch_id FROM dispatch WHERE dispatch_id = ANY(%s::uuid[]) AND status = 'DUE'"
FORGET: Final = """
DELETE FROM sending s USING dispatch d WHERE d.dispatch_id = s.dispatch_id AND d.status NOT IN ('DUE', 'HELD')
"""


class Lane(NamedTuple):
    """Whose dispatches are sent by the same settings."""

    tenant_id: str
    client_id: str
    workflow: str
    workstream: str
    settings: str


@dataclass(frozen=True, slots=True)
class Due:
    """One dispatch that is due, with its claimant's fields and the settings to send it by."""

    dispatch: Dispatch
    config: Mapping[str, Any]
    fields: Mapping[str, Any]

    @property
    def lane(self) -> Lane:
        dispatch = self.dispatch
        return Lane(dispatch.tenant_id, dispatch.client_id, dispatch.workflow, dispatch.workstream, dispatch.settings)


async def find(
    connection: Connection, held: Iterable[str], stuck: tuple[list[str], list[str]], rooms: Mapping[Lane, int]
) -> list[Due]:
    """What is due and not `held`: of each lane what it has room for, of one that is not in `rooms` a first few.

    `stuck`: the items and the batches, as hexadecimal digits, that wait behind a dead letter.
    """
    lanes = list(rooms)
    wanted = {
        "clients": uuid_array(lane.client_id for lane in lanes),
        "workflows": [lane.workflow for lane in lanes],
        "workstreams": [lane.workstream for lane in lanes],
        "settings": [lane.settings for lane in lanes],
        "rooms": list(rooms.values()),
        "room": Limits().in_hand,
        "held": uuid_array(held),
        "items": stuck[0],
        "batches": stuck[1],
    }
    cursor = await connection.execute(DUE, wanted)
    return [Due(DISPATCHES.row(values[:-2]), *values[-2:]) for values in await cursor.fetchall()]


async def naming(connection: Connection, webhooks: Iterable[tuple[str, str]]) -> list[tuple[str, dict[str, Any]]]:
    """The clients' settings that name these webhooks, given as tenants and ids, with their tenants."""
    named = list(webhooks)
    tenants, names = uuid_array(tenant for tenant, _ in named), uuid_array(name for _, name in named)
    cursor = await connection.execute(NAMING, (tenants, names))
    return [(from_hex("tenant", tenant), config) for tenant, config in await cursor.fetchall()]


async def begun(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """How often a POST began of each of the dispatches that is still due."""
    cursor = await connection.execute(BEGUN, (uuid_array(names),))
    return {from_hex("disp", name): times for name, times in await cursor.fetchall()}


async def payers(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """The batch that each of the dispatches is made for, of those that are still due."""
    cursor = await connection.execute(PAYERS, (uuid_array(names),))
    return {from_hex("disp", name): from_hex("batch", batch) for name, batch in await cursor.fetchall()}


async def note(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Note that these are about to be sent; how often each was about to. One that has an outcome is left out."""
    sent, refused = map(outcome_id, names), (outcome_id(name, DispatchRefused) for name in names)
    cursor = await connection.execute(NOTE, (uuid_array(names), uuid_array(sent), uuid_array(refused)))
    return {from_hex("disp", name): times for name, times in await cursor.fetchall()}


async def withdraw(connection: Connection, names: Collection[str]) -> None:
    """Take the note back of what was not sent after all."""
    await connection.execute(WITHDRAW, (uuid_array(names),))


async def forget(connection: Connection) -> None:
    """Drop the notes of what is not to be sent any more."""
    await connection.execute(FORGET)


async def submissions(connection: Connection, tenant_id: str, webhook_id: str) -> tuple[int, datetime | None]:
    """How much a webhook has taken of a tenant in its life, and when the last."""
    cursor = await connection.execute(TAKEN, (to_hex(tenant_id), to_hex(webhook_id)))
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, None)
