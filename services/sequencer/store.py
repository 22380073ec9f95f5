"""The sequencer's tables, and which rows of them a list of events needs."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.sequencer.state import Batch, Item, State, Step
from shared.envelope import Event
from shared.events import BatchCancelled, BatchResumed, FailedItemsRetried, ItemAdded
from shared.runtime.database import Connection, Rows
from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_columns
from shared.runtime.telemetry import Measure

METADATA = MetaData()
checkpoint_table(METADATA)

BATCH = Table(
    "batch",
    METADATA,
    Column("batch_id", Id("batch"), primary_key=True),
    *tenant_columns(),
    Column("upload_id", Id("import"), nullable=False),
    Column("workstream", Text, nullable=False),
    Column("blueprint", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("items", "added", "completed", "failed", "cancelled")),
    Column("launched_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Column("ended_by", Id("evt")),
    Column("since", Id("evt"), nullable=False),
    Column("final", Boolean, nullable=False),
)
ITEM = Table(
    "item",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("moved_by", Id("evt"), nullable=False),
    Column("ended_at", TIME),
    Index("item_batch", "batch_id"),
)
STEP = Table(
    "step",
    METADATA,
    Column("item_id", Id("item"), primary_key=True),
    Column("step", SmallInteger, primary_key=True),
    *tenant_columns(),
    Column("batch_id", Id("batch"), nullable=False),
    Column("workflow", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("skipped", Text),
    Column("claimant_item_id", Id("item")),
    Column("code", Text),
    Column("reason", Text),
    Column("scheduled_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Index("step_batch", "batch_id"),
)
MEASURES = (
    Measure(
        "leadstream_batches",
        "Batches that have not ended.",
        "SELECT status, count(*) FROM batch WHERE status IN ('running', 'paused') GROUP BY status"
        " UNION ALL SELECT s, 0 FROM unnest(ARRAY['running', 'paused']) s"
        " WHERE NOT EXISTS (SELECT FROM batch WHERE status = s)",
        "status",
    ),
    Measure(
        "leadstream_oldest_batch_seconds",
        "How long ago the oldest batch was launched that still runs.",
        "SELECT extract(epoch FROM now() - min(launched_at)) FROM batch WHERE status = 'running'",
    ),
)
_batches, _items, _steps = Rows(BATCH, Batch), Rows(ITEM, Item), Rows(STEP, Step)


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """Bring in the batches, items and steps of these events; whole batches if resumed or cancelled."""
    whole = {e.batch_id for e in events if isinstance(e.payload, BatchResumed | BatchCancelled) and e.batch_id}
    await _batches.load(connection, state.batches, {e.batch_id for e in events if e.batch_id})
    new = {e.item_id for e in events if isinstance(e.payload, ItemAdded)}
    items = state.items.unknown({e.item_id for e in events if e.item_id} - new)
    if items:
        await _load_items(connection, state, "item_id", items)
    if whole:
        await _load_items(connection, state, "batch_id", whole)
    retried = {e.batch_id for e in events if isinstance(e.payload, FailedItemsRetried) and e.batch_id}
    failed = await _items.read(connection, "batch_id", retried, "status = 'failed'")
    steps = await _steps.read(connection, "item_id", [item.item_id for item in failed])
    _items.enter(state.items, failed)
    _steps.enter(state.steps, steps)


async def save(connection: Connection, state: State) -> None:
    """Write what changed."""
    await _batches.save(connection, state.batches)
    await _items.save(connection, state.items)
    await _steps.save(connection, state.steps)


async def _load_items(connection: Connection, state: State, column: str, values: set[str]) -> None:
    items = await _items.read(connection, column, values)
    steps = await _steps.read(connection, column, values)
    _items.enter(state.items, items, values if column == "item_id" else ())
    _steps.enter(state.steps, steps)
