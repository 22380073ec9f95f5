"""The callbacks service's tables."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.callbacks.state import Rejected, Secret, State
from shared.envelope import Event
from shared.events import ConfigurationRemoved, WorkflowConfigured
from shared.runtime.database import Connection, Rows
from shared.runtime.tables import TIME, Id, checkpoint_table, tenant_column

METADATA = MetaData()
checkpoint_table(METADATA)

SECRET = Table(
    "secret",
    METADATA,
    Column("client_id", Id("client"), primary_key=True),
    Column("workflow", Text, primary_key=True),
    Column("workstream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    tenant_column(),
    Column("sha256", Text),
    Column("answer_mapping", JSONB, nullable=False),
    Column("previous_sha256", Text),
    Column("replaced_at", TIME),
)
REJECTED = Table(
    "rejected",
    METADATA,
    Column("event_id", Id("evt"), primary_key=True),
    tenant_column(),
    Column("client_id", Id("client"), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("workflow", "code", "reason")),
    Column("bytes", BigInteger, nullable=False),
    Column("rejected_at", TIME, nullable=False),
)
SECRETS, _rejected = Rows(SECRET, Secret), Rows(REJECTED, Rejected)


async def load(connection: Connection, state: State, events: Sequence[Event]) -> None:
    """The secrets that settings may take the place of; any other event carries all of its row."""
    setting = WorkflowConfigured | ConfigurationRemoved
    clients = {event.client_id for event in events if event.client_id and isinstance(event.payload, setting)}
    SECRETS.enter(state.secrets, await SECRETS.read(connection, "client_id", clients))


async def save(connection: Connection, state: State) -> None:
    """Write what changed."""
    await SECRETS.save(connection, state.secrets)
    await _rejected.save(connection, state.rejected)
    state.rejected.clear()
